"""The routes about calls, draws and a household's own visits answer as their document says."""

from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient

from services.kit.testing import bearer
from tests.surveys.conftest import Desk
from tests.surveys.offices import NOW, Office

SAID = {"solved": False, "satisfaction": 1}


@pytest.fixture
def office(client: FlaskClient, desk: Desk) -> Office:
    """Return this test's own office."""
    return Office(client, desk)


def fits(office: Office, answer: Any, schema: str, status: int = 200) -> Any:
    assert answer.status_code == status, answer.json
    schemas = office.client.get("/openapi.json").json["components"]["schemas"]
    whole = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}}
    validator = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
    validator.validate(answer.json)
    return answer.json


def test_the_queue_and_a_call_at_each_of_its_turns(office: Office) -> None:
    _, call = office.call_to_make()
    fits(office, office.ask("dispatcher", "GET", "/callbacks"), "Callbacks")
    fits(office, office.claim("dispatcher", call), "Callback")
    fits(office, office.ask("dispatcher", "POST", f"/callbacks/{call}/release"), "Callback")
    office.claim("dispatcher", call)
    again = {"outcome": "call_later", "call_again_at": NOW.replace(minute=30).isoformat()}
    fits(office, office.ask("dispatcher", "POST", f"/callbacks/{call}/attempts", again), "Callback", 201)
    office.claim("dispatcher", call, at=NOW.replace(minute=30))
    body = {"outcome": "proxy", "spoken_by": "carer", "answer": SAID}
    ended = office.ask("dispatcher", "POST", f"/callbacks/{call}/attempts", body, at=NOW.replace(minute=31))
    fits(office, ended, "Callback", 201)
    fits(office, office.ask("dispatcher", "GET", f"/callbacks/{call}"), "CallbackInFull")


def test_a_household_s_visits_before_and_after_its_answer(office: Office) -> None:
    ticket, _ = office.call_to_make()
    survey = office.desk.visits(ticket)[0].id
    fits(office, office.ask("resident", "GET", "/return-visits"), "ReturnVisits")
    fits(office, office.ask("resident", "GET", f"/return-visits/{survey}"), "ReturnVisit")
    fits(office, office.ask("resident", "POST", f"/return-visits/{survey}/answer", SAID), "AnswerOut", 201)
    over = fits(office, office.ask("resident", "GET", f"/return-visits/{survey}"), "ReturnVisit")
    assert (over["state"], over["answer"], over["questions"]) == ("answered", "human", [])


def test_a_rule_of_drawing(office: Office) -> None:
    fits(office, office.ask("manager", "GET", "/callbacks/sampling"), "SamplingOut")
    rule = {"phone_percent": 10, "silent_percent": 0, "silent_after_days": 7}
    headers = {**bearer(office.people["manager"]), "If-Match": '"v0"'}
    fits(office, office.client.put("/api/v1/callbacks/sampling", json=rule, headers=headers), "SamplingOut")


def test_only_the_desk_is_offered_the_queue_and_only_residents_their_visits(office: Office) -> None:
    paths = office.client.get("/openapi.json").json["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            if path.startswith(("/api/v1/callbacks", "/api/v1/return-visits/answers")) and method in (
                "get",
                "post",
                "put",
            ):
                assert set(operation["x-roles"]) <= {"dispatcher", "manager"}, path
            elif path.startswith("/api/v1/return-visits") and method in ("get", "post"):
                assert operation["x-roles"] == ["resident"], path


def test_a_retried_report_has_one_effect(office: Office) -> None:
    ticket, call = office.call_to_make()
    headers = {**bearer(office.people["resident"]), "Idempotency-Key": '"tap"'}
    survey = office.desk.visits(ticket)[0].id
    path = f"/api/v1/return-visits/{survey}/answer"
    first, again = (office.client.post(path, json=SAID, headers=headers) for _ in range(2))
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(office.desk.answers(ticket)) == 1
    assert office.calls(ticket)[0].id == call
