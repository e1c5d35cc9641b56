"""No timer is lost or doubled: warnings and breaches fire once, at their true moment, whoever sweeps and whenever."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, insert, select, text

from services.kit import clock, testing
from services.kit.database import make_engine
from services.tickets import commands, timers
from services.tickets.models import clocks, firings, outbox
from services.tickets.settings import TicketsSettings
from tests.waiting import until

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"  # An emergency of essential supply: 10 minutes, 1 hour, 8 hours.
ACKNOWLEDGE, ATTEND, RESOLVE = timedelta(minutes=10), timedelta(hours=1), timedelta(hours=8)
# Nobody has taken it: after so long the dispatcher hears, and then the manager.
DISPATCHER, MANAGER = timedelta(minutes=2), timedelta(minutes=5)
LEVELS = 8  # A warning and a breach of each of the three, and these two.


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    """Let what earlier tests left fire first, so that counts here are this test's own."""
    sweep(worker_engine)


def sweep(engine: Engine) -> int:
    """Sweep once, as the worker does."""
    return timers.fire_due(engine, lambda: None)


def filed(estate: "Estate", ago: timedelta, description: str = BURST) -> dict[str, Any]:
    """File a request that came in a while ago."""
    with testing.at(clock.now() - ago):
        return estate.file(description)


def fired(engine: Engine, ticket_id: str) -> list[tuple[str, int, int]]:
    """Return what fired for a ticket, in order of the true moments."""
    with engine.connect() as db:
        rows = db.execute(select(firings).where(firings.c.ticket_id == ticket_id).order_by(firings.c.true_at)).all()
    return [(row.kind, row.generation, row.level) for row in rows]


def events(engine: Engine, ticket_id: str, kind: str) -> list[Any]:
    """Return the events of a type about a ticket, in order of when they happened."""
    with engine.connect() as db:
        rows = select(outbox).where(outbox.c.subject == ticket_id, outbox.c.type == kind)
        return list(db.execute(rows.order_by(outbox.c.occurred_at)).all())


def clock_row(engine: Engine, ticket_id: str, kind: str, generation: int = 1) -> Any:
    """Return a stored clock."""
    with engine.connect() as db:
        return db.execute(
            select(clocks).where(
                clocks.c.ticket_id == ticket_id, clocks.c.kind == kind, clocks.c.generation == generation
            )
        ).one()


def test_after_downtime_everything_fires_once_with_its_true_moment(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(days=2))
    filed_at = datetime.fromisoformat(ticket["filed_at"])
    assert sweep(worker_engine) == LEVELS
    assert sweep(worker_engine) == 0
    told = {
        (row.type, row.data.get("clock") or row.data["to"]): row.occurred_at
        for kind in ("sla.warned.v1", "sla.breached.v1", "ticket.unclaimed.v1")
        for row in events(worker_engine, ticket["id"], kind)
    }
    assert told == {
        ("ticket.unclaimed.v1", "dispatcher"): filed_at + DISPATCHER,
        ("ticket.unclaimed.v1", "manager"): filed_at + MANAGER,
        ("sla.warned.v1", "acknowledge"): filed_at + ACKNOWLEDGE * 0.75,
        ("sla.breached.v1", "acknowledge"): filed_at + ACKNOWLEDGE,
        ("sla.warned.v1", "attend"): filed_at + ATTEND * 0.75,
        ("sla.breached.v1", "attend"): filed_at + ATTEND,
        ("sla.warned.v1", "resolve"): filed_at + RESOLVE * 0.75,
        ("sla.breached.v1", "resolve"): filed_at + RESOLVE,
    }


def test_what_the_timer_wrote_is_what_history_says(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(days=2))
    sweep(worker_engine)
    shown = {item["clock"]: item for item in estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]}
    for kind in shown:
        row = clock_row(worker_engine, ticket["id"], kind)
        assert (row.state, row.breached_at) == (shown[kind]["state"], datetime.fromisoformat(shown[kind]["due_at"]))


def test_an_unclaimed_ticket_breaches_at_the_desks_door(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(minutes=11))
    sweep(worker_engine)
    (breach,) = events(worker_engine, ticket["id"], "sla.breached.v1")
    assert (breach.data["owner_id"], breach.data["owner_desk"]) == (None, "dispatch")
    assert (breach.data["clock"], breach.data["generation"]) == ("acknowledge", 1)
    assert breach.data["rule"] == "standard"
    assert breach.data["actor_role"] == "system"
    assert breach.organisation_id == estate.organisation_id


@pytest.fixture
def second_engine(settings: TicketsSettings) -> Iterator[Engine]:
    """The engine of another worker process."""
    engine = make_engine(settings.kit.worker_database_url)
    yield engine
    engine.dispose()


def test_two_sweepers_at_once_fire_each_level_once(
    estate: "Estate", worker_engine: Engine, second_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "BATCH", 2)
    tickets = [filed(estate, timedelta(days=2)) for _ in range(24)]
    start, counts, problems = threading.Barrier(8), [], []

    def run(engine: Engine) -> None:
        start.wait()
        try:
            counts.append(sweep(engine))
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(engine,)) for engine in (worker_engine, second_engine) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    counts.append(sweep(worker_engine))
    assert sum(counts) == 24 * LEVELS
    for ticket in tickets:
        assert len(fired(worker_engine, ticket["id"])) == LEVELS
        assert len(events(worker_engine, ticket["id"], "ticket.unclaimed.v1")) == 2
        assert len(events(worker_engine, ticket["id"], "sla.breached.v1")) == 3


def test_a_sweep_that_dies_leaves_nothing_and_the_next_fires_all(
    estate: "Estate", worker_engine: Engine, second_engine: Engine
) -> None:
    ticket = filed(estate, timedelta(minutes=11))
    dying = second_engine.connect()
    assert timers.fire_batch(dying) >= 1
    assert sweep(worker_engine) == 0, "what another has in hand is not waited for"
    with worker_engine.connect() as db:
        pid = dying.connection.driver_connection.info.backend_pid
        ours = text("SELECT pg_terminate_backend(:pid)")
        db.execute(ours, {"pid": pid})
    dying.invalidate()
    dying.close()
    assert fired(worker_engine, ticket["id"]) == []
    until(lambda: sweep(worker_engine), "the end of the transaction that died")
    assert fired(worker_engine, ticket["id"]) == [
        ("claim", 1, 1), ("claim", 1, 0), ("acknowledge", 1, 1), ("acknowledge", 1, 0),
    ]  # fmt: skip


def test_a_step_under_way_decides_first(estate: "Estate", worker_engine: Engine, second_engine: Engine) -> None:
    """Answered within the time, though the commit comes after it: no breach is told."""
    ticket = filed(estate, ACKNOWLEDGE - timedelta(milliseconds=300))
    desk = estate.people["dispatcher"]
    with second_engine.begin() as step:
        commands.acknowledge(step, desk, ticket["id"])
        due_at = datetime.fromisoformat(ticket["filed_at"]) + ACKNOWLEDGE
        until(lambda: clock.now() > due_at, "the deadline")
        assert sweep(worker_engine) == 0
    sweep(worker_engine)
    assert ("acknowledge", 1, 0) not in fired(worker_engine, ticket["id"])
    assert clock_row(worker_engine, ticket["id"], "acknowledge").state == "met"


def test_completing_late_keeps_the_breach_with_or_without_a_timer(estate: "Estate", worker_engine: Engine) -> None:
    swept, unswept = filed(estate, timedelta(hours=9)), filed(estate, timedelta(hours=9))
    with worker_engine.begin() as db:  # The timer has seen only one of them before the work was done.
        db.execute(text("UPDATE clocks SET next_fire_at = NULL WHERE ticket_id = :id"), {"id": unswept["id"]})
    sweep(worker_engine)
    for ticket in (swept, unswept):
        for verb in ("claim", "start", "complete"):
            estate.step("crew", ticket, verb)
    sweep(worker_engine)
    for ticket in (swept, unswept):
        row = clock_row(worker_engine, ticket["id"], "resolve")
        assert row.state == "breached"
        assert row.breached_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE
        breaches = events(worker_engine, ticket["id"], "sla.breached.v1")
        assert Counter(event.data["clock"] for event in breaches) == {"acknowledge": 1, "attend": 1, "resolve": 1}


def test_reopening_starts_the_second_generation_and_the_first_breach_stays(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = filed(estate, timedelta(hours=30))
    with testing.at(clock.now() - timedelta(hours=20)):
        for verb in ("claim", "start", "complete"):
            ticket = estate.step("crew", ticket, verb)
    with testing.at(clock.now() - timedelta(hours=10)):
        estate.step("resident", ticket, "reopen", {"reason": "又漏了"})
    sweep(worker_engine)
    first, second = (clock_row(worker_engine, ticket["id"], "resolve", generation) for generation in (1, 2))
    assert (first.state, second.state) == ("breached", "breached")
    assert first.breached_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE
    assert second.due_at > first.due_at
    breaches = events(worker_engine, ticket["id"], "sla.breached.v1")
    generations = sorted(event.data["generation"] for event in breaches if event.data["clock"] == "resolve")
    assert generations == [1, 2]


@pytest.mark.parametrize("swept", [True, False])
def test_correcting_the_urgency_does_not_undo_a_breach(estate: "Estate", worker_engine: Engine, swept: bool) -> None:
    ticket = filed(estate, timedelta(minutes=15))
    if swept:
        assert sweep(worker_engine) == 4
    body = {"reason": "并非紧急", "urgency": "routine"}
    ticket = estate.step("dispatcher", ticket, "override", body, If_Match='"v1"')
    sweep(worker_engine)
    shown = {item["clock"]: item for item in estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]}
    due_at = datetime.fromisoformat(ticket["filed_at"]) + ACKNOWLEDGE
    assert shown["acknowledge"]["state"] == "breached"
    assert datetime.fromisoformat(shown["acknowledge"]["breached_at"]) == due_at
    assert clock_row(worker_engine, ticket["id"], "acknowledge").breached_at == due_at
    assert (shown["attend"]["state"], shown["attend"]["target_seconds"]) == ("running", 86400)
    assert len(events(worker_engine, ticket["id"], "sla.breached.v1")) == 1


def test_a_step_on_a_late_job_does_not_swallow_its_warning(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(hours=2))
    estate.step("crew", ticket, "claim")
    sweep(worker_engine)
    assert [level for kind, _, level in fired(worker_engine, ticket["id"]) if kind == "attend"] == [1, 0]


def test_a_level_that_went_out_already_is_not_told_again_and_holds_nothing_up(
    estate: "Estate", worker_engine: Engine
) -> None:
    told, other = filed(estate, timedelta(minutes=11)), filed(estate, timedelta(minutes=11))
    with worker_engine.begin() as db:
        again = {"ticket_id": told["id"], "kind": "acknowledge", "generation": 1, "level": 1}
        db.execute(insert(firings), again | {"organisation_id": estate.organisation_id, "true_at": clock.now()})
    sweep(worker_engine)
    assert events(worker_engine, told["id"], "sla.warned.v1") == []
    for ticket in (told, other):
        assert len(events(worker_engine, ticket["id"], "sla.breached.v1")) == 1


def test_a_job_that_cannot_be_closed_holds_no_other_up(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    with testing.at(clock.now() - timedelta(days=9)):
        broken = estate.completed()
    with testing.at(clock.now() - timedelta(days=8)):
        whole = estate.completed()
    renamed = "data - %(old)s::text || jsonb_build_object(%(new)s::text, data->%(old)s::text)"
    move = f"UPDATE history SET data = {renamed} WHERE ticket_id = %(id)s AND seq = 1"
    by_hand(move, id=broken["id"], old="catalogue_code", new="lost")
    with pytest.raises(ExceptionGroup, match="could not be closed"):
        timers.close_silent(worker_engine, timedelta(days=7), lambda: None)
    assert estate.get("manager", f"/tickets/{whole['id']}").json["status"] == "closed"
    by_hand(move, id=broken["id"], old="lost", new="catalogue_code")
    assert timers.close_silent(worker_engine, timedelta(days=7), lambda: None) == 1


def test_silence_closes_a_completed_job_and_is_no_answer(estate: "Estate", worker_engine: Engine) -> None:
    with testing.at(clock.now() - timedelta(days=8)):
        old = estate.completed()
    young = estate.completed()
    timers.close_silent(worker_engine, timedelta(days=7), lambda: None)
    assert estate.get("manager", f"/tickets/{old['id']}").json["status"] == "closed"
    assert estate.get("manager", f"/tickets/{young['id']}").json["status"] == "completed"
    last = estate.get("manager", f"/tickets/{old['id']}/history").json["items"][-1]
    assert (last["action"], last["actor_role"]) == ("close", "system")
    assert estate.step("resident", old, "reopen", {"reason": "还是漏"})["status"] == "reopened"
