"""A manager approves in time; what nobody approves is told once, and never while somebody approves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select, text

from services.tickets.approvals import tell_late
from services.tickets.models import complaints
from tests.tickets.complaining import attempt, brought_to, case, options, seconds_between, take
from tests.tickets.test_complaints import entries, told

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def make_late(engine: Engine, ticket_id: str) -> None:
    """Let the time for an approval have run out an hour ago."""
    with engine.begin() as db:
        db.execute(
            text("UPDATE complaints SET approval_due_at = clock_timestamp() - interval '1 hour' WHERE ticket_id = :id"),
            {"id": ticket_id},
        )


def nothing() -> None:
    """Wake nobody."""


@pytest.mark.parametrize(("severity", "hours"), [("minor", 24), ("serious", 8), ("grave", 2)])
def test_the_graver_the_case_the_sooner_it_is_approved(estate: "Estate", severity: str, hours: int) -> None:
    ticket = brought_to(estate, "identified")
    take(estate, "dispatcher", ticket["id"], "assess", severity=severity)
    take(estate, "dispatcher", ticket["id"], "offer")
    chosen = take(estate, "resident", ticket["id"], "choose", option=1)
    assert seconds_between(chosen["chosen_at"], chosen["approval_due_at"]) == hours * 3600


def test_an_approval_in_time_is_told_late_to_nobody(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "chosen")
    tell_late(worker_engine, nothing)
    take(estate, "manager", ticket["id"], "approve")
    make_late(worker_engine, ticket["id"])
    tell_late(worker_engine, nothing)
    assert told(worker_engine, ticket["id"], "complaint.delayed.v1") == []
    assert entries(worker_engine, ticket["id"])[-1]["data"]["in_time"] is True


def test_a_late_approval_is_told_once_however_many_look(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "chosen")
    make_late(worker_engine, ticket["id"])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tell_late(worker_engine, nothing), range(4)))
    tell_late(worker_engine, nothing)
    late = told(worker_engine, ticket["id"], "complaint.delayed.v1")
    assert len(late) == 1
    assert (late[0]["actor_role"], late[0]["ticket_id"]) == ("system", ticket["id"])
    assert [entry["action"] for entry in entries(worker_engine, ticket["id"])].count("overdue") == 1
    assert case(estate, "manager", ticket["id"])["approval_late_at"] is not None
    listed = estate.get("manager", "/complaints?step=chosen").json["items"]
    assert listed[0]["approval_late_at"] is not None
    take(estate, "manager", ticket["id"], "approve")
    assert entries(worker_engine, ticket["id"])[-1]["data"]["in_time"] is False


def test_another_round_has_a_deadline_of_its_own(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "chosen")
    make_late(worker_engine, ticket["id"])
    tell_late(worker_engine, nothing)
    refused = take(estate, "manager", ticket["id"], "refuse")
    assert (refused["step"], refused["chosen"]) == ("assessed", None)
    take(estate, "dispatcher", ticket["id"], "offer", options=options(days=3))
    again = take(estate, "dispatcher", ticket["id"], "choose", option=1)
    assert (again["approval_late_at"], again["chosen_by_role"]) == (None, "dispatcher")
    make_late(worker_engine, ticket["id"])
    tell_late(worker_engine, nothing)
    assert len(told(worker_engine, ticket["id"], "complaint.delayed.v1")) == 2


def test_a_request_withdrawn_waits_for_no_approval(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "chosen")
    estate.step("dispatcher", ticket, "cancel")
    make_late(worker_engine, ticket["id"])
    assert tell_late(worker_engine, nothing) == 0
    assert told(worker_engine, ticket["id"], "complaint.delayed.v1") == []


def test_one_that_cannot_be_told_of_holds_no_other_up(estate: "Estate", worker_engine: Engine) -> None:
    broken, sound = brought_to(estate, "chosen"), brought_to(estate, "chosen")
    for ticket in (broken, sound):
        make_late(worker_engine, ticket["id"])
    with worker_engine.begin() as db:
        db.execute(text("UPDATE tickets SET version = version - 1 WHERE id = :id"), {"id": broken["id"]})
    with pytest.raises(ExceptionGroup):
        tell_late(worker_engine, nothing)
    assert len(told(worker_engine, sound["id"], "complaint.delayed.v1")) == 1
    with worker_engine.begin() as db:
        db.execute(text("UPDATE tickets SET version = version + 1 WHERE id = :id"), {"id": broken["id"]})
    assert tell_late(worker_engine, nothing) == 1


def test_only_a_manager_approves(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "chosen")
    for name in ("resident", "crew", "dispatcher", "admin"):
        assert attempt(estate, name, ticket["id"], "approve").status_code == 403
    with worker_engine.connect() as db:
        row: Any = db.execute(select(complaints).where(complaints.c.ticket_id == ticket["id"])).one()
    assert row.approval_due_at - row.chosen_at == timedelta(hours=8)
    assert isinstance(row.approval_due_at, datetime)
