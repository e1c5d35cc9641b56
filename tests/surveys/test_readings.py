"""Staff of the community read what households said, and each reading is on record before they do."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import ProgrammingError

from services.kit.database import transaction
from services.kit.testing import fresh
from services.surveys.models import answer_views
from tests.surveys.conftest import Desk, Ticket
from tests.surveys.offices import Office, never

WORDS = "还在漏，师傅说明天再来"
PATH = "/return-visits/answers"
# Of nobody. A name of a test must be the same in every process that collects it.
SOME_TICKET = "0190a2b0-0000-7000-8000-000000000001"


@pytest.fixture
def office(client: FlaskClient, desk: Desk) -> Office:
    """Return this test's own office."""
    return Office(client, desk)


def answered(office: Office, comment: str | None = WORDS, **changes: Any) -> tuple[Ticket, str]:
    """Return a job about which its household has said something, and the survey's id."""
    ticket = office.completed(chance=never, **changes)
    office.desk.invite()
    survey: str = office.desk.visits(ticket)[0].id
    said = {"solved": False, "satisfaction": 2, "comment": comment}
    assert office.ask("resident", "POST", f"/return-visits/{survey}/answer", said).status_code == 201
    return ticket, survey


def read(office: Office, name: str, query: str) -> list[dict[str, Any]]:
    answer = office.ask(name, "GET", f"{PATH}?{query}")
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])


def record(office: Office, name: str = "manager", query: str = "") -> list[dict[str, Any]]:
    answer = office.ask(name, "GET", f"{PATH}/views{query}")
    assert answer.status_code == 200, answer.json
    return list(answer.json["items"])


def test_the_desk_reads_what_was_said_and_that_is_on_record(office: Office) -> None:
    ticket, survey = answered(office)
    (found,) = read(office, "dispatcher", f"ticket_id={ticket.id}")
    assert (found["survey_id"], found["comment"], found["solved"], found["satisfaction"]) == (survey, WORDS, False, 2)
    assert (found["answered_by"], found["channel"], found["community_id"]) == (
        "household",
        "in_app",
        office.community_id,
    )
    assert read(office, "manager", "purpose=quality") == [found]
    second, first = record(office)
    assert (first["viewer_id"], first["viewer_role"], first["purpose"]) == (
        office.people["dispatcher"].id,
        "dispatcher",
        "ticket",
    )
    assert (second["viewer_role"], second["purpose"], second["viewer_name"]) == ("manager", "quality", "manager badge")
    assert {one["ticket_id"] for one in (first, second)} == {ticket.id}
    assert [one["id"] for one in record(office, query=f"?ticket_id={ticket.id}")] == [second["id"], first["id"]]
    assert record(office, query=f"?ticket_id={fresh()}") == []
    assert record(office, query=f"?viewer_id={office.people['manager'].id}") == [second]
    assert {first["unit_id"], second["unit_id"]} == {office.home}
    assert record(office, query=f"?unit_id={office.home}") == [second, first]
    assert record(office, query=f"?unit_id={fresh()}") == []


def test_pages_show_each_answer_once_and_record_only_what_was_shown(office: Office) -> None:
    surveys = [answered(office, f"意见 {number}")[1] for number in range(3)]
    answer = office.ask("manager", "GET", f"{PATH}?purpose=quality&limit=2&community_id={office.community_id}")
    assert [one["survey_id"] for one in answer.json["items"]] == surveys[:0:-1]
    assert {one["survey_id"] for one in record(office)} == set(surveys[1:])
    path = answer.headers["Link"].partition("<")[2].partition(">")[0].removeprefix("/api/v1")
    (last,) = office.ask("manager", "GET", path).json["items"]
    assert last["comment"] == "意见 0"


def test_nobody_else_reads_it(office: Office) -> None:
    ticket, _ = answered(office)
    assert read(office, "elsewhere", f"ticket_id={ticket.id}") == []
    assert record(office) == []
    for name in ("resident", "crew", "admin"):
        assert office.ask(name, "GET", f"{PATH}?ticket_id={ticket.id}").status_code == 403
    for name in ("resident", "crew", "dispatcher", "admin"):
        assert office.ask(name, "GET", f"{PATH}/views").status_code == 403
    other = Office(office.client, office.desk)
    assert read(other, "manager", f"ticket_id={ticket.id}") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [("", "purpose"), (f"ticket_id={SOME_TICKET}&purpose=call", "purpose"), ("purpose=curiosity", "purpose"),
     ("purpose=ticket", "purpose"), ("ticket_id=x", "ticket_id"), ("purpose=call&limit=0", "limit")],
)  # fmt: skip
def test_a_reading_without_a_reason_is_refused(office: Office, query: str, field: str) -> None:
    answer = office.ask("manager", "GET", f"{PATH}?{query}")
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)


def test_the_database_shows_words_to_nobody_who_is_not_on_record(office: Office, web: Engine) -> None:
    ticket, survey = answered(office)
    manager = office.people["manager"]
    reader = replace(manager, role="reader")
    words = text("SELECT comment FROM answers WHERE survey_id = :id")
    with transaction(web, reader) as db:
        assert db.execute(words, {"id": survey}).all() == []
        db.execute(answer_views.insert(), _row(office, ticket, survey))
        assert db.execute(words, {"id": survey}).scalar_one() == WORDS
    with transaction(web, reader) as db:
        assert db.execute(words, {"id": survey}).all() == [], "an earlier reading opens nothing"
    with transaction(web, manager) as db:
        assert db.execute(words, {"id": survey}).all() == []
        assert len(db.execute(select(answer_views)).all()) == 1
    for forged in ({"viewer_id": fresh()}, {"ticket_id": fresh()}, {"community_id": fresh()}):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction(web, reader) as db:
            db.execute(answer_views.insert(), _row(office, ticket, survey) | forged)
    for change in ("UPDATE answer_views SET purpose = 'call'", "DELETE FROM answer_views"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction(web, reader) as db:
            db.execute(text(change))


def _row(office: Office, ticket: Ticket, survey: str) -> dict[str, Any]:
    return {
        "id": fresh(), "organisation_id": office.organisation_id, "community_id": office.community_id,
        "survey_id": survey, "ticket_id": ticket.id, "viewer_id": office.people["manager"].id,
        "viewer_role": "manager", "purpose": "quality",
    }  # fmt: skip
