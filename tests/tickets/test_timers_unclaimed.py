"""A job that nobody has taken escalates first: the dispatcher hears, then the manager, before anybody is late."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event, insert, update

from services.kit import clock, testing
from services.tickets import timers
from services.tickets.models import communities, policies
from services.tickets.sla.policy import standard_document
from tests.tickets.test_timers import (
    ATTEND,
    BURST,
    DISPATCHER,
    MANAGER,
    RESOLVE,
    clock_row,
    events,
    filed,
    fired,
    sweep,
)

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

UNCLAIMED = "ticket.unclaimed.v1"


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    sweep(worker_engine)


def told(engine: Engine, ticket: dict[str, Any]) -> list[tuple[str, int, datetime]]:
    """Return to whom it was told at which level, and as of when."""
    found = events(engine, ticket["id"], UNCLAIMED)
    assert all(datetime.fromisoformat(row.data["due_at"]) == row.occurred_at for row in found)
    return [(row.data["to"], row.data["level"], row.occurred_at) for row in found]


def moments(ticket: dict[str, Any], since: str = "filed_at") -> list[tuple[str, int, datetime]]:
    """Return both steps of an emergency as they follow from a moment of the ticket."""
    start = datetime.fromisoformat(ticket[since])
    return [("dispatcher", 1, start + DISPATCHER), ("manager", 0, start + MANAGER)]


def own_policy(estate: "Estate", without: str = "", **sections: Any) -> None:
    """Give the community a policy of its own: the standard with other sections, or without one."""
    version = testing.fresh()
    document = {**standard_document(), **sections, "version": version}
    document.pop(without, None)
    of_ours = update(communities).where(communities.c.id == estate.community_id)
    with estate.engine.begin() as db:
        mine = {"organisation_id": estate.organisation_id, "community_id": estate.community_id}
        db.execute(insert(policies), {**mine, "version": version, "document": document})
        db.execute(of_ours.values(policy_version=version))


def test_the_dispatcher_hears_then_the_manager_before_anybody_is_late(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, ATTEND - timedelta(minutes=1))
    sweep(worker_engine)
    assert told(worker_engine, ticket) == moments(ticket)
    assert ("attend", 1, 0) not in fired(worker_engine, ticket["id"])
    levels = fired(worker_engine, ticket["id"])
    assert levels[:2] == [("claim", 1, 1), ("claim", 1, 0)]
    (first, _) = events(worker_engine, ticket["id"], UNCLAIMED)
    assert (first.data["owner_id"], first.data["owner_desk"], first.data["actor_role"]) == (None, "dispatch", "system")
    assert first.organisation_id == estate.organisation_id


@pytest.mark.parametrize(("minutes", "heard"), [(1, 0), (3, 1), (6, 2)])
def test_each_step_waits_for_its_moment(estate: "Estate", worker_engine: Engine, minutes: int, heard: int) -> None:
    ticket = filed(estate, timedelta(minutes=minutes))
    sweep(worker_engine)
    assert told(worker_engine, ticket) == moments(ticket)[:heard]


def test_a_claim_in_between_stops_it(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(minutes=3))
    sweep(worker_engine)
    assert told(worker_engine, ticket) == moments(ticket)[:1]
    estate.step("crew", ticket, "claim")
    row = clock_row(worker_engine, ticket["id"], "claim")
    assert (row.state, row.next_fire_at) == ("met", None)
    sweep(worker_engine)
    assert told(worker_engine, ticket) == moments(ticket)[:1], "the manager hears nothing of a job that is in hand"


def test_acknowledging_is_no_taking(estate: "Estate", worker_engine: Engine) -> None:
    """The desk has answered, and still nobody has the job."""
    began = clock.now()
    ticket = filed(estate, timedelta(minutes=10))
    with testing.at(began - timedelta(minutes=9)):
        estate.step("dispatcher", ticket, "acknowledge")
    sweep(worker_engine)
    assert told(worker_engine, ticket) == moments(ticket)


def test_a_job_given_back_escalates_from_where_it_stood(estate: "Estate", worker_engine: Engine) -> None:
    """It was nobody's for a minute; the rest of the chain goes on from there, so that a claim in between buys none."""
    began = clock.now()
    ticket = filed(estate, timedelta(minutes=30))
    with testing.at(began - timedelta(minutes=29)):
        ticket = estate.step("crew", ticket, "claim")
    taken_after = datetime.fromisoformat(ticket["changed_at"]) - datetime.fromisoformat(ticket["filed_at"])
    with testing.at(began - timedelta(minutes=3)):
        ticket = estate.step("crew", ticket, "release", {"reason": "要赶去另一处"})
    sweep(worker_engine)
    row = clock_row(worker_engine, ticket["id"], "claim", 2)
    nobodys = datetime.fromisoformat(ticket["changed_at"]) - taken_after
    assert told(worker_engine, ticket) == [("dispatcher", 1, nobodys + DISPATCHER)]
    assert (row.state, row.next_level, row.next_fire_at) == ("running", 0, nobodys + MANAGER)
    estate.step("colleague", ticket, "claim")
    assert clock_row(worker_engine, ticket["id"], "claim", 2).next_fire_at is None


def test_a_withdrawn_job_escalates_to_nobody(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate, timedelta(minutes=1))
    estate.step("resident", ticket, "cancel")
    row = clock_row(worker_engine, ticket["id"], "claim")
    assert (row.state, row.next_fire_at) == ("void", None)


def test_the_chain_is_that_of_the_tickets_own_policy_version(estate: "Estate", worker_engine: Engine) -> None:
    long = [
        {"seconds": seconds, "basis": "clock", "to": to}
        for seconds, to in ((60, "dispatcher"), (120, "dispatcher"), (180, "manager"))
    ]
    own_policy(estate, escalation={"emergency": long, "urgent": long, "routine": long})
    ticket = filed(estate, timedelta(minutes=10))
    own_policy(estate)  # What is filed from now on has another chain; this ticket keeps the one it began with.
    sweep(worker_engine)
    assert [(to, level) for to, level, _ in told(worker_engine, ticket)] == [
        ("dispatcher", 1), ("dispatcher", 2), ("manager", 0),
    ]  # fmt: skip


def test_a_policy_that_escalates_nothing_fires_nothing(estate: "Estate", worker_engine: Engine) -> None:
    own_policy(estate, without="escalation")
    ticket = filed(estate, timedelta(hours=2))
    sweep(worker_engine)
    assert told(worker_engine, ticket) == []
    assert ("attend", 1, 0) in fired(worker_engine, ticket["id"])


def test_a_batch_asks_for_each_policy_once(estate: "Estate", worker_engine: Engine) -> None:
    own_policy(estate)
    for _ in range(10):
        filed(estate, timedelta(hours=2))
    asked: list[str] = []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(worker_engine, "before_cursor_execute", count)
    try:
        with worker_engine.begin() as db:
            assert timers.fire_batch(db) >= 10
    finally:
        event.remove(worker_engine, "before_cursor_execute", count)
    assert len([statement for statement in asked if "FROM policies" in statement]) <= 1
    assert len(asked) <= 6, "a batch costs the same number of statements whatever is in it"
    sweep(worker_engine)


def test_a_clock_the_corrected_ticket_does_not_have_never_fires(estate: "Estate", worker_engine: Engine) -> None:
    """A danger has to be made safe; what turns out to be none is not late in making it safe."""
    began = clock.now()
    ticket = filed(estate, timedelta(hours=3), "电梯困人了，快来")
    assert clock_row(worker_engine, ticket["id"], "make_safe").state == "running"
    with testing.at(began - timedelta(hours=3) + timedelta(minutes=1)):
        body = {"reason": "人已自行出来，电梯有异响", "catalogue_code": "lift-fault", "urgency": "routine"}
        estate.step("dispatcher", ticket, "override", body, If_Match='"v1"')
    row = clock_row(worker_engine, ticket["id"], "make_safe")
    assert (row.state, row.next_fire_at) == ("void", None)
    sweep(worker_engine)
    assert "make_safe" not in {kind for kind, _, _ in fired(worker_engine, ticket["id"])}


def test_a_milder_targets_warning_does_not_hold_back_the_breach(estate: "Estate", worker_engine: Engine) -> None:
    """Of two targets the first to fall due counts; the other's second warning lies beyond it and is not told."""
    milder = {"seconds": 86400, "basis": "clock", "warn": [0.01, 0.5]}
    rule = {"code": "milder", "name": {"zh-CN": "较宽", "en": "Milder"}, "when": {"urgency": ["emergency"]}}
    own_policy(estate, rules=[{**rule, "targets": {"resolve": milder}}])
    ticket = filed(estate, timedelta(hours=9), BURST)
    sweep(worker_engine)
    assert [level for kind, _, level in fired(worker_engine, ticket["id"]) if kind == "resolve"] == [1, 0]
    found = [row for row in events(worker_engine, ticket["id"], "sla.breached.v1") if row.data["clock"] == "resolve"]
    assert [(row.data["rule"], row.occurred_at) for row in found] == [
        ("standard", datetime.fromisoformat(ticket["filed_at"]) + RESOLVE)
    ]
