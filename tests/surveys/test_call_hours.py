"""When a household may be called: at decent hours where it lives, three times, and when it asked to be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from services.kit.testing import fresh
from tests.surveys.conftest import Desk
from tests.surveys.offices import NOW, SAID, SHANGHAI, MakeOffice, Office, at_local


@pytest.fixture
def new_office(client: FlaskClient, desk: Desk) -> MakeOffice:
    """Return a function that founds an office."""
    return lambda **changes: Office(client, desk, **changes)


@pytest.fixture
def office(new_office: MakeOffice) -> Office:
    """Return this test's own office."""
    return new_office()


NIGHTS = [
    (SHANGHAI, "2027-01-10T21:00+08:00", "2027-01-11T09:00+08:00"),
    (SHANGHAI, "2027-01-10T08:59+08:00", "2027-01-10T09:00+08:00"),
    ("Europe/Berlin", "2027-03-27T22:00+01:00", "2027-03-28T09:00+02:00"),
    ("Europe/Berlin", "2027-10-30T23:30+02:00", "2027-10-31T09:00+01:00"),
    ("America/New_York", "2027-03-13T23:00-05:00", "2027-03-14T09:00-04:00"),
    ("Australia/Lord_Howe", "2027-04-03T22:00+11:00", "2027-04-04T09:00+10:30"),
    ("Pacific/Apia", "2027-05-05T03:00+13:00", "2027-05-05T09:00+13:00"),
]


@pytest.mark.parametrize(("zone", "moment", "morning"), NIGHTS)
def test_nobody_is_called_at_night_where_they_live(
    new_office: MakeOffice, zone: str, moment: str, morning: str
) -> None:
    office = new_office(timezone=zone)
    _, call = office.call_to_make()
    night = datetime.fromisoformat(moment).astimezone(UTC)
    refused = office.claim("dispatcher", call, at=night)
    assert refused.status_code == 409
    assert refused.json["possible_at"] == datetime.fromisoformat(morning).isoformat()
    assert datetime.fromisoformat(office.queue("dispatcher", at=night)[0]["possible_at"]).isoformat() == (
        datetime.fromisoformat(morning).isoformat()
    )
    at_nine = datetime.fromisoformat(morning).astimezone(UTC)
    assert office.claim("dispatcher", call, at=at_nine - timedelta(seconds=1)).status_code == 409
    assert office.claim("dispatcher", call, at=at_nine).status_code == 200


def test_a_call_made_at_night_is_refused_and_one_made_before_may_be_recorded_after(office: Office) -> None:
    _, call = office.call_to_make()
    evening = at_local(SHANGHAI, 20, 50)
    office.claim("dispatcher", call, at=evening)
    recorded = evening + timedelta(minutes=20)
    refused = office.report("dispatcher", call, at=recorded, outcome="no_answer")
    assert (refused.status_code, refused.json["possible_at"][11:16]) == (409, "09:00")
    for called_at in (evening - timedelta(minutes=1), recorded + timedelta(minutes=1)):
        wrong = office.report("dispatcher", call, at=recorded, outcome="busy", called_at=called_at.isoformat())
        assert wrong.json["errors"][0]["field"] == "called_at"
    assert office.attempts(call) == []
    called_at = (evening + timedelta(minutes=5)).isoformat()
    answer = office.report("dispatcher", call, at=recorded, outcome="no_answer", called_at=called_at)
    assert answer.status_code == 201
    assert answer.json["possible_at"][11:16] == "09:00"


def test_three_attempts_and_no_more(office: Office) -> None:
    _, call = office.call_to_make()
    moment = at_local(SHANGHAI, 9, 30)
    for number, outcome in enumerate(("no_answer", "busy", "no_answer"), 1):
        assert office.claim("dispatcher", call, at=moment).status_code == 200
        answer = office.report("dispatcher", call, at=moment, outcome=outcome)
        assert (answer.status_code, answer.json["attempts"]) == (201, number)
        if number < 3:
            assert office.claim("dispatcher", call, at=moment + timedelta(minutes=1)).status_code == 409
            moment = datetime.fromisoformat(answer.json["possible_at"]).astimezone(UTC)
    assert (answer.json["state"], answer.json["ended_because"]) == ("ended", "exhausted")
    assert answer.json["attempts_left"] == 0
    assert office.queue("dispatcher") == []
    over = office.claim("dispatcher", call, at=moment + timedelta(days=1))
    assert (over.status_code, over.json["ended_because"]) == (409, "exhausted")
    assert [attempt.outcome for attempt in office.attempts(call)] == ["no_answer", "busy", "no_answer"]
    made = office.ask("manager", "GET", f"/callbacks/{call}").json["calls"]
    assert [(one["number"], one["called_by"]["name"]) for one in made] == [(n, "dispatcher badge") for n in (1, 2, 3)]


def test_a_call_for_later_is_possible_from_then_on(office: Office) -> None:
    _, call = office.call_to_make()
    office.claim("dispatcher", call)
    again = NOW + timedelta(days=1, hours=3)
    answer = office.report("dispatcher", call, outcome="call_later", call_again_at=again.isoformat())
    assert (answer.json["state"], datetime.fromisoformat(answer.json["possible_at"])) == ("open", again)
    assert office.claim("dispatcher", call, at=again - timedelta(minutes=1)).status_code == 409
    assert office.claim("colleague", call, at=again).status_code == 200


@pytest.mark.parametrize(
    ("sentence", "again"),
    [
        ("a time gone by", NOW - timedelta(minutes=1)),
        ("at night", at_local(SHANGHAI, 22)),
        ("long after the call has ended", NOW + timedelta(days=40)),
        ("beyond all calendars", datetime(9999, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_a_call_for_later_needs_a_decent_time(office: Office, sentence: str, again: datetime) -> None:
    _, call = office.call_to_make()
    office.claim("dispatcher", call)
    refused = office.report("dispatcher", call, outcome="call_later", call_again_at=again.isoformat())
    assert refused.status_code == 422, sentence
    assert refused.json["errors"][0]["field"] == "call_again_at"
    assert office.attempts(call) == []


@pytest.mark.parametrize("outcome", ["refused", "wrong_number"])
def test_a_refusal_ends_the_calling_and_is_no_answer(office: Office, outcome: str) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    answer = office.report("dispatcher", call, outcome=outcome)
    assert (answer.json["state"], answer.json["ended_because"]) == ("ended", outcome)
    assert office.desk.answers(ticket) == []
    (visit,) = office.desk.visits(ticket)
    assert (visit.state, visit.ended_at) == ("invited", None)


WRONG = [
    ({"outcome": "reached"}, "outcome"),
    ({}, "outcome"),
    ({"outcome": "answered"}, "answer"),
    ({"outcome": "proxy", "answer": SAID}, "spoken_by"),
    ({"outcome": "proxy", "answer": SAID, "spoken_by": "the cat"}, "spoken_by"),
    ({"outcome": "answered", "answer": SAID, "spoken_by": "relative"}, "spoken_by"),
    ({"outcome": "no_answer", "answer": SAID}, "answer"),
    ({"outcome": "call_later"}, "call_again_at"),
    ({"outcome": "busy", "call_again_at": "2030-01-01T12:00:00+08:00"}, "call_again_at"),
    ({"outcome": "busy", "called_at": "2030-01-01T12:00:00"}, "called_at"),
    ({"outcome": "answered", "answer": {"solved": "yes"}}, "answer.solved"),
    ({"outcome": "answered", "answer": {"solved": True, "satisfaction": 9}}, "answer.satisfaction"),
    ({"outcome": "busy", "note": "x"}, "note"),
]


@pytest.mark.parametrize(("body", "field"), WRONG)
def test_a_report_that_cannot_be_used_names_its_field(office: Office, body: dict[str, Any], field: str) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    refused = office.report("dispatcher", call, **body)
    assert refused.status_code == 422, refused.json
    assert field in {error["field"] for error in refused.json["errors"]}
    assert (office.attempts(call), office.desk.answers(ticket)) == ([], [])


def test_only_whoever_has_the_call_says_how_it_went(office: Office) -> None:
    ticket, call = office.call_to_make()
    unclaimed = office.report("dispatcher", call, outcome="answered", answer=SAID)
    assert (unclaimed.status_code, unclaimed.json["next"]) == (409, f"/api/v1/callbacks/{call}/claim")
    office.claim("dispatcher", call)
    other = office.report("colleague", call, outcome="answered", answer=SAID)
    assert (other.status_code, other.json["owner"]["name"]) == (409, "dispatcher badge")
    assert office.desk.answers(ticket) == []
    assert office.claim("dispatcher", fresh()).status_code == 404
