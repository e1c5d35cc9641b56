"""A pause ends by itself, once, at its true moment, whoever sweeps, whenever, and whoever steps in between."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select, update

from services.kit import clock, testing
from services.kit.database import make_engine
from services.kit.errors import Conflict
from services.tickets import commands, timers
from services.tickets.models import history, tickets
from services.tickets.settings import TicketsSettings
from tests.tickets.test_timers import RESOLVE, clock_row, events, filed, fired, sweep
from tests.waiting import until

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HOUR = timedelta(hours=1)


def expire(engine: Engine) -> int:
    """Look for pauses that are over, once, as the worker does."""
    return timers.expire_pauses(engine, lambda: None)


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    sweep(worker_engine)
    expire(worker_engine)


@pytest.fixture
def second_engine(settings: TicketsSettings) -> Iterator[Engine]:
    """The engine of another worker process."""
    engine = make_engine(settings.kit.worker_database_url)
    yield engine
    engine.dispose()


def pause(estate: "Estate", ticket: dict[str, Any], until: datetime) -> dict[str, Any]:
    """Let the job wait for parts."""
    body = {"reason": "parts", "note": "等阀门到货", "until": until.isoformat()}
    return estate.step("crew", ticket, "pause", body)


def waiting(estate: "Estate", ago: timedelta, length: timedelta) -> dict[str, Any]:
    """File an emergency and let it wait from five minutes after its filing, for a while."""
    ticket = filed(estate, ago)
    began = datetime.fromisoformat(ticket["filed_at"])
    with testing.at(began + timedelta(minutes=5)):
        for verb in ("claim", "start"):
            ticket = estate.step("crew", ticket, verb)
        return pause(estate, ticket, began + timedelta(minutes=5) + length)


def steps(engine: Engine, ticket: dict[str, Any]) -> list[tuple[str, str]]:
    """Return who did what to a ticket after its pause."""
    wanted = select(history.c.action, history.c.actor_role).where(history.c.ticket_id == ticket["id"])
    with engine.connect() as db:
        found = [(row.action, row.actor_role) for row in db.execute(wanted.order_by(history.c.seq))]
    return found[found.index(("pause", "crew")) + 1 :]


def test_a_pause_ends_by_itself_and_counts_to_its_own_end(estate: "Estate", worker_engine: Engine) -> None:
    """Noticed two hours late, it lengthens nothing."""
    ticket = waiting(estate, 4 * HOUR, 2 * HOUR)
    assert expire(worker_engine) == 1
    assert expire(worker_engine) == 0
    now = estate.get("crew", f"/tickets/{ticket['id']}").json
    assert (now["status"], now["waiting_reason"]) == ("in_progress", None)
    assert steps(worker_engine, ticket) == [("resume", "system")]
    (event,) = events(worker_engine, ticket["id"], "ticket.resumed.v1")
    assert event.data["expired"] is True
    assert event.data["owner_id"] == estate.people["crew"].id
    row = clock_row(worker_engine, ticket["id"], "resolve")
    assert (row.state, row.paused_until) == ("running", None)
    assert row.due_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE + 2 * HOUR


def test_a_pause_that_is_not_over_and_one_without_an_end_go_on(estate: "Estate", worker_engine: Engine) -> None:
    lasting, endless = waiting(estate, HOUR, 2 * HOUR), waiting(estate, HOUR, 2 * HOUR)
    with worker_engine.begin() as db:  # As pauses were before they had an end.
        db.execute(update(tickets).where(tickets.c.id == endless["id"]).values(paused_until=None))
    assert expire(worker_engine) == 0
    assert {estate.get("crew", f"/tickets/{ticket['id']}").json["status"] for ticket in (lasting, endless)} == {
        "waiting"
    }


def in_threads(*runs: Callable[[], Any]) -> list[BaseException]:
    """Do everything at once, and return what went wrong."""
    start, problems = threading.Barrier(len(runs)), []

    def run(act: Callable[[], Any]) -> None:
        start.wait()
        try:
            act()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def test_two_timers_end_each_of_many_pauses_once_after_downtime(
    estate: "Estate", worker_engine: Engine, second_engine: Engine
) -> None:
    over = [waiting(estate, (number + 3) * HOUR, 2 * HOUR) for number in range(24)]
    counts: list[int] = []
    problems = in_threads(
        *[lambda engine=engine: counts.append(expire(engine)) for engine in (worker_engine, second_engine) * 4]
    )
    assert problems == []
    counts.append(expire(worker_engine))
    assert sum(counts) == len(over)
    for ticket in over:
        assert steps(worker_engine, ticket) == [("resume", "system")]
        row = clock_row(worker_engine, ticket["id"], "resolve")
        assert row.due_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE + 2 * HOUR


@pytest.mark.parametrize(("verb", "who"), [("resume", "crew"), ("disallow", "dispatcher")])
def test_a_step_that_races_the_end_of_the_pause_wins_or_is_told(
    estate: "Estate", worker_engine: Engine, second_engine: Engine, verb: str, who: str
) -> None:
    over = [waiting(estate, 4 * HOUR, 2 * HOUR) for _ in range(12)]
    person = estate.people[who]
    words = {"reason": "不认可"} if verb == "disallow" else {}
    lost: list[str] = []

    def step() -> None:
        for ticket in over:
            try:
                with second_engine.begin() as db:
                    getattr(commands, verb)(db, person, ticket["id"], **words)
            except Conflict:
                lost.append(ticket["id"])

    assert in_threads(step, *[lambda: expire(worker_engine)] * 3) == []
    expire(worker_engine)
    for ticket in over:
        expired, by_whom = ("resume", "system"), (verb, person.role)
        if verb == "disallow":
            # It takes back a pause that is over as well: whoever came first, its word counts.
            assert ticket["id"] not in lost
            assert steps(worker_engine, ticket) in ([by_whom], [expired, by_whom])
        else:
            assert steps(worker_engine, ticket) == [expired if ticket["id"] in lost else by_whom]
        row = clock_row(worker_engine, ticket["id"], "resolve")
        credit = timedelta(0) if verb == "disallow" else 2 * HOUR
        assert row.due_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE + credit
    assert Counter(len(events(worker_engine, ticket["id"], "ticket.resumed.v1")) for ticket in over) == Counter(
        sum(step[0] == "resume" for step in steps(worker_engine, ticket)) for ticket in over
    )


def test_a_step_under_way_holds_the_end_back_and_decides(
    estate: "Estate", worker_engine: Engine, second_engine: Engine
) -> None:
    ticket = waiting(estate, 4 * HOUR, 2 * HOUR)
    with second_engine.begin() as db:
        commands.resume(db, estate.people["crew"], ticket["id"])
        assert expire(worker_engine) == 0, "what another has in hand is not waited for"
    assert expire(worker_engine) == 0
    assert steps(worker_engine, ticket) == [("resume", "crew")]


def test_one_pause_that_cannot_be_ended_holds_no_other_up(estate: "Estate", worker_engine: Engine) -> None:
    broken, whole = waiting(estate, 9 * HOUR, HOUR), waiting(estate, 3 * HOUR, HOUR)
    mine = update(tickets).where(tickets.c.id == broken["id"])
    with worker_engine.begin() as db:  # Its next entry would be one that is there already.
        db.execute(mine.values(version=tickets.c.version - 1))
    with pytest.raises(ExceptionGroup, match="could not be ended"):
        expire(worker_engine)
    assert steps(worker_engine, whole) == [("resume", "system")]
    assert steps(worker_engine, broken) == []
    with worker_engine.begin() as db:
        db.execute(mine.values(version=tickets.c.version + 1))
    assert expire(worker_engine) == 1


def test_a_waiting_clock_keeps_its_deadlines_and_an_early_end_brings_them_forward(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = waiting(estate, 20 * HOUR, 40 * HOUR)
    filed_at = datetime.fromisoformat(ticket["filed_at"])
    assert sweep(worker_engine) == 0
    row = clock_row(worker_engine, ticket["id"], "resolve")
    assert (row.state, row.next_level) == ("paused", 1)
    assert row.next_fire_at == filed_at + RESOLVE * 0.75 + 40 * HOUR
    assert row.due_at == filed_at + RESOLVE + 40 * HOUR
    with testing.at(filed_at + 10 * HOUR):
        ticket = estate.step("crew", ticket, "resume")
    row = clock_row(worker_engine, ticket["id"], "resolve")
    lasted = 10 * HOUR - timedelta(minutes=5)
    assert (row.state, row.due_at) == ("running", filed_at + RESOLVE + lasted)
    sweep(worker_engine)
    resolve = [level for kind, _, level in fired(worker_engine, ticket["id"]) if kind == "resolve"]
    assert resolve == [1, 0]
    (breach,) = events(worker_engine, ticket["id"], "sla.breached.v1")
    assert breach.occurred_at == filed_at + RESOLVE + lasted


def test_a_second_pause_takes_the_place_of_the_first_ones_deadlines(estate: "Estate", worker_engine: Engine) -> None:
    """What would have been due by the first end is not told while the second lasts."""
    ticket = waiting(estate, 20 * HOUR, HOUR)
    filed_at = datetime.fromisoformat(ticket["filed_at"])
    with testing.at(filed_at + HOUR):
        ticket = estate.step("crew", ticket, "resume")
        ticket = pause(estate, ticket, filed_at + 30 * HOUR)
    assert sweep(worker_engine) == 0
    row = clock_row(worker_engine, ticket["id"], "resolve")
    waited = 30 * HOUR - timedelta(minutes=5)
    assert (row.state, row.next_fire_at) == ("paused", filed_at + RESOLVE * 0.75 + waited)


def test_a_deadline_after_the_end_of_a_pause_fires_though_nobody_noticed_the_end(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = waiting(estate, 20 * HOUR, HOUR)
    due_at = datetime.fromisoformat(ticket["filed_at"]) + RESOLVE + HOUR
    assert sweep(worker_engine) == 2
    (breach,) = events(worker_engine, ticket["id"], "sla.breached.v1")
    assert breach.occurred_at == due_at
    assert expire(worker_engine) == 1
    assert sweep(worker_engine) == 0
    row = clock_row(worker_engine, ticket["id"], "resolve")
    assert (row.state, row.breached_at) == ("breached", due_at)


def test_a_pause_under_way_decides_before_a_warning_that_falls_into_it(
    estate: "Estate", worker_engine: Engine, second_engine: Engine
) -> None:
    """The pause is taken before the moment and committed after it."""
    left = timedelta(milliseconds=400)
    ticket = filed(estate, RESOLVE * 0.75 - left)
    began = datetime.fromisoformat(ticket["filed_at"])
    with testing.at(began + timedelta(minutes=5)):
        for verb in ("claim", "start"):
            ticket = estate.step("crew", ticket, verb)
    ends_at = clock.now() + HOUR
    with second_engine.begin() as db:
        commands.pause(db, estate.people["crew"], ticket["id"], reason="parts", note="等阀门", until=ends_at)
        until(lambda: clock.now() > began + RESOLVE * 0.75, "the warning's moment")
        assert sweep(worker_engine) == 0
    assert sweep(worker_engine) == 0
    row = clock_row(worker_engine, ticket["id"], "resolve")
    assert (row.state, row.next_level) == ("paused", 1)
    assert ends_at < row.next_fire_at < ends_at + timedelta(seconds=1)


def test_a_pause_taken_back_owes_what_fell_into_it_with_its_true_moment(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = waiting(estate, 20 * HOUR, 40 * HOUR)
    assert sweep(worker_engine) == 0
    estate.step("dispatcher", ticket, "disallow", {"reason": "仓库里有阀门"})
    sweep(worker_engine)
    (breach,) = events(worker_engine, ticket["id"], "sla.breached.v1")
    assert breach.occurred_at == datetime.fromisoformat(ticket["filed_at"]) + RESOLVE
    assert [level for kind, _, level in fired(worker_engine, ticket["id"]) if kind == "resolve"] == [1, 0]
