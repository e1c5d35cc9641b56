"""What plans, rounds, events and volunteers answer is what their schemas document, no field more and none less."""

from typing import TYPE_CHECKING, Any

from marshmallow import RAISE
from sqlalchemy import Engine

from services.kit import testing
from services.tickets.schemas import gatherings as G
from services.tickets.schemas import plans as P
from tests.tickets.planned import HOUR, MONDAY, made, nothing_due, recorded, worked
from tests.tickets.test_gatherings import announced, asked

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def is_documented(schema: Any, answer: Any) -> None:
    assert answer.status_code in (200, 201), answer.json
    assert schema(unknown=RAISE).validate(answer.json) == {}


def test_plans_and_rounds_answer_as_documented(estate: "Estate", worker_engine: Engine) -> None:
    nothing_due(worker_engine)
    plan = made(
        estate, kind="cleaning_round", catalogue_code="cleaning-shared", ends_at="2032-01-01T00:00:00+08:00",
        checkpoints=[{"name": "大堂", "instruction": "看地面", "code": "L1"}, {"name": "电梯"}],
    )  # fmt: skip
    worked(worker_engine, MONDAY + HOUR)
    ticket_id = recorded(worker_engine, plan)[0]["ticket_id"]
    with testing.at(MONDAY + 2 * HOUR):
        for verb in ("claim", "depart", "arrive"):
            estate.step("crew", {"id": ticket_id}, verb)
        ticked = estate.post("crew", f"/tickets/{ticket_id}/checkpoints/2", {"result": "failed", "note": "有异响"})
        is_documented(P.PlanView, estate.ask("PATCH", "manager", f"/plans/{plan['id']}", {"title": "x"}, If_Match="*"))
    is_documented(P.CheckpointView, ticked)
    is_documented(P.Round, estate.get("manager", f"/tickets/{ticket_id}/checkpoints"))
    is_documented(P.PlanView, estate.get("manager", f"/plans/{plan['id']}"))
    is_documented(P.Plans, estate.get("manager", "/plans"))
    is_documented(P.Occurrences, estate.get("manager", f"/plans/{plan['id']}/occurrences"))


def test_events_and_volunteers_answer_as_documented(estate: "Estate") -> None:
    path = announced(estate)
    is_documented(G.EventView, asked(estate, "resident", f"{path}/sign-up"))
    is_documented(G.EventView, estate.get("neighbour", path))
    with testing.at(MONDAY):
        is_documented(G.Events, estate.get("crew", "/events"))
    is_documented(G.SignUps, estate.get("manager", f"{path}/sign-ups"))
    is_documented(G.VolunteerView, estate.get("resident", "/volunteers/me"))
    is_documented(G.VolunteerView, asked(estate, "resident", "/volunteers", {"skills": ["sports"]}))
    is_documented(G.Volunteers, estate.get("manager", "/volunteers"))
    given = {"on_date": "2031-03-02", "minutes": 45, "what": "带操", "event_id": path.removeprefix("/events/")}
    hours = asked(estate, "resident", "/volunteers/hours", given)
    is_documented(G.HoursView, hours)
    decision = asked(estate, "manager", f"/volunteers/hours/{hours.json['id']}/decision", {"confirmed": True})
    is_documented(G.HoursView, decision)
    is_documented(G.Hours, estate.get("manager", "/volunteers/hours"))
