"""A low answer that reopens nothing opens a complaint about the ticket: once, with the old history as it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock, testing
from services.kit.events import Event
from services.tickets.commands.followups import REOPENING_WINDOW
from services.tickets.models import outbox, tickets
from tests.tickets.test_handlers import answered, state, tell

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

MONTHS = timedelta(days=100)


def months_later(event: Event, after: timedelta = MONTHS) -> Event:
    return replace(event, occurred_at=clock.now() + after)


def low(estate: "Estate", ticket: dict[str, Any], **said: Any) -> Event:
    event = answered(estate, ticket, **{"solved": True, "satisfaction": 2, **said})
    return replace(event, data={**event.data, "satisfaction": said.get("satisfaction", 2)})


def complaints(engine: Engine, ticket: dict[str, Any]) -> list[Any]:
    with engine.connect() as db:
        about = select(tickets).where(tickets.c.about_ticket_id == ticket["id"])
        return list(db.execute(about.order_by(tickets.c.filed_at)))


def test_not_solved_months_later_is_one_complaint_however_often_it_is_told(
    estate: "Estate", worker_engine: Engine
) -> None:
    done = estate.completed()
    before = estate.get("manager", f"/tickets/{done['id']}/history").json["items"]
    event = months_later(answered(estate, done))
    again = replace(event, id=testing.fresh())
    tell(worker_engine, event, event)
    tell(worker_engine, event)
    tell(worker_engine, again)
    (complaint,) = complaints(worker_engine, done)
    assert (complaint.work_type, complaint.status, complaint.owner_desk) == ("complaint", "filed", "dispatch")
    assert (complaint.requester_id, complaint.unit_id) == (done["requester_id"], done["unit_id"])
    assert done["number"] in complaint.title
    assert state(estate, done) == ("completed", done["version"] + 1)
    after = estate.get("manager", f"/tickets/{done['id']}/history").json["items"]
    assert after[:-1] == before
    assert after[-1]["action"] == "answer"
    assert after[-1]["data"]["follow_up"] == {"ticket_id": complaint.id, "number": complaint.number}
    assert (after[-1]["data"]["solved"], after[-1]["data"]["satisfaction"]) == (False, 1)


def test_the_household_sees_what_its_complaint_is_about(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    tell(worker_engine, months_later(answered(estate, done)))
    (complaint,) = complaints(worker_engine, done)
    shown = estate.get("resident", f"/tickets/{complaint.id}").json
    assert (shown["about_ticket_id"], shown["channel"]) == (done["id"], "survey")
    assert estate.get("resident", f"/tickets/{done['id']}").json["about_ticket_id"] is None
    assert estate.get("neighbour", f"/tickets/{complaint.id}").status_code == 404
    (first,) = estate.get("manager", f"/tickets/{complaint.id}/history").json["items"]
    assert (first["action"], first["actor_role"]) == ("file", "system")
    clocks = estate.get("manager", f"/tickets/{complaint.id}/clocks").json["items"]
    assert any(one["clock"] == "acknowledge" for one in clocks)
    with worker_engine.connect() as db:
        told = select(outbox.c.data).where(outbox.c.subject == complaint.id, outbox.c.type == "ticket.filed.v1")
        (filed,) = db.execute(told).scalars()
    assert (filed["requester_id"], filed["actor_role"]) == (done["requester_id"], "system")


@pytest.mark.parametrize(("score", "count"), [(1, 1), (2, 1), (3, 0), (5, 0), (None, 0)])
def test_a_low_score_is_a_complaint_also_where_it_is_solved(
    estate: "Estate", worker_engine: Engine, score: int | None, count: int
) -> None:
    done = estate.completed()
    tell(worker_engine, low(estate, done, satisfaction=score))
    assert len(complaints(worker_engine, done)) == count
    assert state(estate, done) == ("completed", done["version"] + 1)
    last = estate.get("manager", f"/tickets/{done['id']}/history").json["items"][-1]
    assert (last["action"], last["data"]["solved"], last["data"]["satisfaction"]) == ("answer", True, score)
    assert ("follow_up" in last["data"]) == bool(count)


@pytest.mark.parametrize(("after", "status"), [(-timedelta(hours=1), "reopened"), (timedelta(hours=1), "completed")])
def test_the_window_decides_whether_the_same_request_is_taken_up_again(
    estate: "Estate", worker_engine: Engine, after: timedelta, status: str
) -> None:
    done = estate.completed()
    tell(worker_engine, months_later(answered(estate, done), REOPENING_WINDOW + after))
    assert state(estate, done)[0] == status
    assert len(complaints(worker_engine, done)) == (0 if status == "reopened" else 1)


def test_a_low_answer_to_a_job_that_is_open_again_opens_nothing_beside_it(
    estate: "Estate", worker_engine: Engine
) -> None:
    done = estate.completed()
    ticket = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    tell(worker_engine, low(estate, done), months_later(answered(estate, done)))
    assert complaints(worker_engine, done) == []
    assert state(estate, done) == ("reopened", ticket["version"])


def test_a_low_answer_about_an_earlier_completion_opens_nothing(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    ticket = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    for verb in ("start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    tell(worker_engine, months_later(answered(estate, done, completion=1)), low(estate, done, completion=1))
    assert complaints(worker_engine, done) == []


def test_a_request_about_a_place_outside_the_homes_is_complained_about_there(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = estate.file("花园路灯不亮", location="东门花园", community_id=estate.community_id)
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    tell(worker_engine, low(estate, ticket))
    (complaint,) = complaints(worker_engine, ticket)
    assert (complaint.unit_id, complaint.location) == (None, "东门花园")


def test_two_consumers_at_once_open_one_complaint(estate: "Estate", worker_engine: Engine) -> None:
    done = estate.completed()
    event = months_later(answered(estate, done))
    with ThreadPoolExecutor(4) as consumers:
        told = [consumers.submit(tell, worker_engine, replace(event, id=testing.fresh())) for _ in range(4)]
    assert [one.result() for one in told] == [1] * 4
    assert len(complaints(worker_engine, done)) == 1
    assert state(estate, done) == ("completed", done["version"] + 1)
