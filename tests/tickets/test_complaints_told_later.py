"""A complaint's steps that a phone without signal tells later: once, of the complaint as it was seen, and provable."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from services.kit import testing
from tests.tickets.complaining import ROAD, body_for, brought_to, case, complaint, entries, options, take
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.telling import DAY, HOUR, MINUTE, NOON, is_provable, told

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

SOON = {"days": 20}
# The steps that a crew member has, each with where the complaint is and what is asked beside.
STEPS: list[tuple[str, str, dict[str, Any]]] = [
    ("identify", "new", {}),
    ("assess", "identified", {}),
    ("offer", "assessed", {"options": options(**SOON)}),
    ("choose", "offered", {}),
    ("act", "approved", {"promised_at": options(**SOON)[0]["by"]}),
    ("settle", "at once", {}),
    ("reply", "unjustified", {}),
]


def on_site(estate: "Estate", where: str) -> dict[str, Any]:
    """Bring a complaint to a step at noon, give it to the crew, who works on it from a quarter past."""
    with testing.at(NOON):
        ticket = complaint(estate)
        for name, action, changes in ROAD[where]:
            take(estate, name, ticket["id"], action, **changes)
        estate.step("dispatcher", ticket, "assign", {"to": estate.people["crew"].id})
    with testing.at(NOON + 15 * MINUTE):
        return estate.step("crew", ticket, "start")


def tell(estate: "Estate", ticket: dict[str, Any], action: str, done: datetime, sent: datetime, **body: Any) -> Any:
    """Let the crew's phone tell at `sent` of a step that was taken at `done`."""
    with testing.at(sent):
        said = {**body_for(action), **told(done, sent), **body}
        return estate.post("crew", f"/tickets/{ticket['id']}/complaint/{action}", said)


@pytest.mark.parametrize(("action", "where", "body"), STEPS, ids=[step[0] for step in STEPS])
def test_a_step_told_later_is_on_record_with_both_moments(
    estate: "Estate", worker_engine: Engine, action: str, where: str, body: dict[str, Any]
) -> None:
    ticket = on_site(estate, where)
    seen = case(estate, "crew", ticket["id"])["step"]
    done, sent = NOON + 30 * MINUTE, NOON + 2 * HOUR
    answer = tell(estate, ticket, action, done, sent, expected_status="in_progress", expected_step=seen, **body)
    assert answer.status_code == 200, answer.json
    entry = next(one for one in reversed(entries(worker_engine, ticket["id"])) if one["action"] == action)
    acted = entry["data"]["acted"]
    assert entry["at"] == sent
    assert datetime.fromisoformat(acted["acted_at"]) == datetime.fromisoformat(acted["done_at"]) == done
    # What is put on others counts from when they could know.
    assert (datetime.fromisoformat(acted["moment"]), acted["bound"]) == (sent, "when_heard")
    is_provable(estate, worker_engine)


@pytest.mark.parametrize(("action", "where", "counts"), [("settle", "at once", 30), ("reply", "unjustified", 120)])
def test_work_is_completed_when_it_was_done_and_an_answer_when_it_was_given(
    estate: "Estate", action: str, where: str, counts: int
) -> None:
    ticket = on_site(estate, where)
    assert tell(estate, ticket, action, NOON + 30 * MINUTE, NOON + 2 * HOUR).status_code == 200
    completed = estate.get("crew", f"/tickets/{ticket['id']}").json
    assert completed["status"] == "completed"
    assert datetime.fromisoformat(completed["completed_at"]) == NOON + counts * MINUTE


def test_a_step_that_the_desk_took_meanwhile_is_refused_with_both_values(estate: "Estate") -> None:
    ticket = on_site(estate, "new")
    with testing.at(NOON + HOUR):
        take(estate, "dispatcher", ticket["id"], "identify", restated="您希望听到一句道歉。")
    seen = {"expected_status": "in_progress", "expected_step": "new"}
    answer = tell(estate, ticket, "identify", NOON + 30 * MINUTE, NOON + 2 * HOUR, **seen)
    is_problem(answer, 409)
    body = answer.json
    assert (body["why"], body["step_now"], body["wanted"]["action"]) == ("step_changed", "identified", "identify")
    assert datetime.fromisoformat(body["wanted"]["done_at"]) == NOON + 30 * MINUTE
    assert (body["complaint"]["restated"], body["complaint"]["step"]) == ("您希望听到一句道歉。", "identified")
    assert body["complaint"]["actions"] == ["identify", "assess"]
    assert (body["ticket"]["last"]["action"], body["ticket"]["last"]["by"]["role"]) == ("identify", "dispatcher")
    assert case(estate, "crew", ticket["id"])["restated"] == "您希望听到一句道歉。"
    seen["expected_step"] = body["complaint"]["step"]
    assert tell(estate, ticket, "identify", NOON + 30 * MINUTE, NOON + 3 * HOUR, **seen).status_code == 200
    assert case(estate, "crew", ticket["id"])["restated"] == body_for("identify")["restated"]


@pytest.mark.parametrize("later", [False, True])
def test_a_crew_gives_what_was_approved_to_a_colleague(estate: "Estate", worker_engine: Engine, later: bool) -> None:
    ticket = on_site(estate, "approved")
    colleague = estate.people["colleague"].id
    more = {"promised_at": options(**SOON)[0]["by"], "to": colleague}
    done = NOON + 30 * MINUTE
    answer = tell(estate, ticket, "act", done if later else NOON + 2 * HOUR, NOON + 2 * HOUR, **more)
    assert answer.status_code == 200, answer.json
    assert (answer.json["step"], answer.json["actions"]) == ("acting", [])
    assert estate.get("dispatcher", f"/tickets/{ticket['id']}").json["owner"]["id"] == colleague
    assert estate.get("crew", f"/tickets/{ticket['id']}/complaint").status_code == 403
    assert estate.get("colleague", f"/tickets/{ticket['id']}/complaint").json["actions"] == ["act"]
    is_provable(estate, worker_engine)


def test_of_a_refused_step_nothing_is_left_nor_told(estate: "Estate") -> None:
    ticket = on_site(estate, "approved")
    # What was chosen was to be done within two days of its offer.
    late = datetime.fromisoformat(case(estate, "crew", ticket["id"])["options"][1]["by"]) + DAY
    answer = tell(estate, ticket, "act", late - HOUR, late)
    is_problem(answer, 422)
    assert fields_of(answer) == {"promised_at"}
    assert (answer.json["complaint"]["step"], answer.json["ticket"]["last"]["action"]) == ("approved", "start")
    assert case(estate, "crew", ticket["id"])["step"] == "approved"


def test_whose_complaint_it_is_no_more_is_told_who_has_it_and_not_what_it_says(estate: "Estate") -> None:
    ticket = on_site(estate, "new")
    with testing.at(NOON + HOUR):
        estate.step("dispatcher", ticket, "assign", {"to": estate.people["colleague"].id})
    answer = tell(estate, ticket, "identify", NOON + 30 * MINUTE, NOON + 2 * HOUR)
    is_problem(answer, 403)
    assert (answer.json["why"], answer.json["ticket"]["owner"]["id"]) == ("not_yours", estate.people["colleague"].id)
    assert "complaint" not in answer.json


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"acted_at": "2026-11-01T00:00:00Z"}, "sent_at"),
        ({"expected_step": "heard"}, "expected_step"),
        ({"expected_status": "lost"}, "expected_status"),
    ],
)
def test_what_no_phone_says_is_refused_by_name(estate: "Estate", body: dict[str, Any], field: str) -> None:
    ticket = brought_to(estate, "new")
    answer = estate.post("dispatcher", f"/tickets/{ticket['id']}/complaint/identify", {**body_for("identify"), **body})
    is_problem(answer, 422)
    assert fields_of(answer) == {field}


def test_a_step_told_twice_is_on_record_once(estate: "Estate", worker_engine: Engine) -> None:
    ticket = on_site(estate, "new")
    done, seen = NOON + 30 * MINUTE, {"expected_status": "in_progress", "expected_step": "new"}
    assert tell(estate, ticket, "identify", done, NOON + 2 * HOUR, **seen).status_code == 200
    for saw in ({}, seen):
        again = tell(estate, ticket, "identify", done, NOON + 2 * HOUR + timedelta(seconds=9), **saw)
        assert (again.status_code, again.json["why"]) == (409, "already_done")
    other = tell(estate, ticket, "identify", done + MINUTE, NOON + 3 * HOUR, **seen)
    assert (other.status_code, other.json["why"]) == (409, "step_changed")
    actions = [entry["action"] for entry in entries(worker_engine, ticket["id"])]
    assert actions.count("identify") == 1
