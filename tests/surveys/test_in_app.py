"""A household answers where it is signed in: its own visits only, once, and also when the link has run out."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from services.kit.testing import at, fresh
from services.surveys.models import return_visits
from tests.surveys.conftest import Desk, Ticket
from tests.surveys.offices import NOW, Office, never

LOW = {"solved": True, "satisfaction": 1}


@pytest.fixture
def office(client: FlaskClient, desk: Desk) -> Office:
    """Return this test's own office."""
    return Office(client, desk)


def asked(office: Office, **changes: Any) -> tuple[Ticket, str]:
    """Return a finished job whose household is invited, and the survey's id."""
    ticket = office.completed(chance=never, **changes)
    office.desk.invite()
    return ticket, office.desk.visits(ticket)[0].id


def listed(office: Office, name: str = "resident") -> list[dict[str, Any]]:
    answer = office.ask(name, "GET", "/return-visits")
    assert answer.status_code == 200
    return list(answer.json["items"])


def answer(office: Office, survey: str, body: Any, name: str = "resident") -> Any:
    return office.ask(name, "POST", f"/return-visits/{survey}/answer", body)


def invited_ago(office: Office, survey: str, days: int) -> None:
    """Let so many days pass since the invitation, and sweep what ran out."""
    then = datetime.now(UTC) - timedelta(days=days)
    moments = {"expires_at": then + timedelta(days=14), "late_until": then + timedelta(days=180)}
    with office.desk.engine.begin() as db:
        db.execute(update(return_visits).where(return_visits.c.id == survey).values(invited_at=then, **moments))
    office.desk.expire()


def test_the_household_sees_what_it_was_asked_and_answers_without_the_link(office: Office) -> None:
    ticket, survey = asked(office)
    (visit,) = listed(office)
    assert (visit["survey_id"], visit["ticket_id"], visit["late"]) == (survey, ticket.id, False)
    assert (visit["answer"], visit["question_set"]) == ("missing", "return_visit")
    assert [question["name"] for question in visit["questions"]] == ["solved", "satisfaction", "comment"]
    receipt = answer(office, survey, {"solved": True, "satisfaction": 4, "comment": "谢谢"})
    assert (receipt.status_code, receipt.json["state"]) == (201, "answered")
    (row,) = office.desk.answers(ticket)
    assert (row.answered_by, row.channel, row.recorded_by, row.late) == ("household", "in_app", None, False)
    (event,) = office.desk.emitted(ticket, "survey.answered.v1")
    assert (event.data["channel"], event.data["late"]) == ("in_app", False)
    assert listed(office) == []
    again = answer(office, survey, LOW)
    assert (again.status_code, again.json["state"]) == (409, "answered")


def test_a_flatmate_answers_too_and_a_neighbour_never(office: Office) -> None:
    ticket, survey = asked(office)
    office.join("flatmate", "resident", unit_ids=(office.home,))
    assert [visit["survey_id"] for visit in listed(office, "flatmate")] == [survey]
    stranger = Office(office.client, office.desk)
    for other, name in ((office, "neighbour"), (stranger, "resident")):
        assert listed(other, name) == []
        assert other.ask(name, "GET", f"/return-visits/{survey}").status_code == 404
        assert answer(other, survey, LOW, name).status_code == 404
    assert answer(office, fresh(), LOW).status_code == 404
    assert office.desk.answers(ticket) == []
    assert answer(office, survey, LOW, "flatmate").status_code == 201


@pytest.mark.parametrize("name", ["crew", "dispatcher", "manager", "admin"])
def test_staff_answer_for_nobody(office: Office, name: str) -> None:
    ticket, survey = asked(office)
    assert answer(office, survey, LOW, name).status_code == 403
    assert office.ask(name, "GET", "/return-visits").status_code == 403
    assert office.client.get("/api/v1/return-visits").status_code == 401
    assert office.desk.answers(ticket) == []


def test_months_later_an_answer_is_still_taken_where_the_household_was_asked(office: Office) -> None:
    ticket, survey = asked(office)
    token = office.desk.emitted(ticket, "survey.invited.v1")[-1].data["link_token"]
    invited_ago(office, survey, 150)
    assert office.client.post(f"/api/v1/surveys/{token}", json=LOW).status_code == 409
    (visit,) = listed(office)
    assert (visit["state"], visit["late"], len(visit["questions"])) == ("expired", True, 3)
    receipt = answer(office, survey, {"solved": False, "satisfaction": 1})
    assert receipt.status_code == 201
    assert "look into it" in receipt.json["message"]
    (row,) = office.desk.answers(ticket)
    assert (row.late, row.channel, office.desk.visits(ticket)[0].state) == (True, "in_app", "answered")
    (event,) = office.desk.emitted(ticket, "survey.answered.v1")
    assert (event.data["late"], event.data["solved"], event.data["satisfaction"]) == (True, False, 1)
    assert len(office.desk.emitted(ticket, "survey.expired.v1")) == 1


def test_half_a_year_later_it_is_too_late(office: Office) -> None:
    ticket, survey = asked(office)
    invited_ago(office, survey, 181)
    assert listed(office) == []
    refused = answer(office, survey, LOW)
    assert (refused.status_code, refused.json["state"]) == (409, "expired")
    assert office.ask("resident", "GET", f"/return-visits/{survey}").json["questions"] == []
    assert office.desk.answers(ticket) == []


def test_a_household_that_was_never_asked_has_nothing_to_answer(office: Office) -> None:
    ticket = office.completed(chance=never)
    survey = office.desk.visits(ticket)[0].id
    assert listed(office) == []
    assert answer(office, survey, LOW).status_code == 404


def test_a_late_answer_about_a_job_done_again_meanwhile_is_refused(office: Office) -> None:
    ticket, survey = asked(office)
    invited_ago(office, survey, 30)
    office.desk.hear(ticket.reopened())
    assert listed(office) == []
    refused = answer(office, survey, LOW)
    assert refused.status_code == 409
    assert "taken up again" in refused.json["detail"]
    assert office.desk.answers(ticket) == []
    assert office.desk.visits(ticket)[0].state == "expired"


def test_a_late_answer_by_telephone_is_taken_too(office: Office) -> None:
    ticket, call = office.call_to_make()
    survey = office.desk.visits(ticket)[0].id
    invited_ago(office, survey, 20)
    office.claim("dispatcher", call)
    assert office.report("dispatcher", call, outcome="answered", answer=LOW).status_code == 201
    (event,) = office.desk.emitted(ticket, "survey.answered.v1")
    assert (event.data["late"], event.data["channel"]) == (True, "phone")


def test_of_link_login_and_telephone_at_once_one_counts(office: Office, app: Flask) -> None:
    ticket, call = office.call_to_make()
    survey = office.desk.visits(ticket)[0].id
    token = office.desk.emitted(ticket, "survey.invited.v1")[-1].data["link_token"]
    office.claim("dispatcher", call)
    ways: list[tuple[str, Any, dict[str, str]]] = [
        (f"/api/v1/surveys/{token}", LOW, {}),
        (f"/api/v1/return-visits/{survey}/answer", LOW, office.signed_in("resident")),
        (f"/api/v1/callbacks/{call}/attempts", {"outcome": "answered", "answer": LOW}, office.signed_in("dispatcher")),
    ]
    with at(NOW), ThreadPoolExecutor(12) as crowd:
        sent = [
            crowd.submit(app.test_client().post, path, json=body, headers=headers) for path, body, headers in ways * 4
        ]
    statuses = sorted(one.result().status_code for one in sent)
    assert statuses == [201] + [409] * 11
    assert len(office.desk.answers(ticket)) == len(office.desk.emitted(ticket, "survey.answered.v1")) == 1
    assert office.calls(ticket)[0].state == "ended"


def test_what_is_open_is_paged_newest_first(office: Office) -> None:
    surveys = [asked(office)[1] for _ in range(3)]
    first = office.ask("resident", "GET", "/return-visits?limit=2")
    following = first.headers["Link"].partition("</api/v1")[2].partition(">")[0]
    second = office.ask("resident", "GET", following)
    seen = [visit["survey_id"] for page in (first, second) for visit in page.json["items"]]
    assert seen == surveys[::-1]
    assert "Link" not in second.headers
    assert office.ask("resident", "GET", "/return-visits?after=x").status_code == 422
