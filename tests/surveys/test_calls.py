"""Calling households: drawn, claimed by one, attempted at decent hours, and over by themselves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from services.kit.testing import at, fresh
from services.surveys import commands
from services.surveys.models import callbacks, return_visits
from tests.surveys.conftest import AT_ONCE, Desk, Ticket
from tests.surveys.offices import NOW, SAID, MakeOffice, Office, always, never


@pytest.fixture
def new_office(client: FlaskClient, desk: Desk) -> MakeOffice:
    """Return a function that founds an office."""
    return lambda **changes: Office(client, desk, **changes)


@pytest.fixture
def office(new_office: MakeOffice) -> Office:
    """Return this test's own office."""
    return new_office()


def test_a_drawn_visit_waits_for_its_invitation_and_then_stands_in_the_queue(office: Office) -> None:
    ticket = office.completed()
    (call,) = office.calls(ticket)
    assert (call.state, office.queue("dispatcher")) == ("waiting", [])
    assert office.ask("dispatcher", "GET", f"/callbacks/{call.id}").status_code == 404
    office.desk.invite()
    (item,) = office.queue("dispatcher")
    assert (item["id"], item["ticket_id"], item["state"]) == (call.id, ticket.id, "open")
    assert (item["reason"], item["drawn_with"], item["attempts_left"]) == ("random", 0.2, 3)
    assert datetime.fromisoformat(item["possible_at"]) == NOW


def test_the_script_speaks_both_languages_and_leaves_the_salutation_to_fill_in(office: Office) -> None:
    ticket, call = office.call_to_make()
    answer = office.ask("dispatcher", "GET", f"/callbacks/{call}").json
    greeting = answer["script"][0]["text"]
    assert set(greeting) == {"zh-CN", "en"}
    for words in greeting.values():
        assert "{salutation}" in words
        assert "T-2026-000042" in words
        assert "dispatcher badge" in words
    assert answer["placeholders"] == ["salutation"]
    asked = {step["asks"] for step in answer["script"]} - {None}
    assert asked == {question["name"] for question in answer["questions"]} == {"solved", "satisfaction", "comment"}
    assert answer["calls"] == []


def test_of_many_who_take_a_call_at_once_one_has_it_and_the_others_hear_who(office: Office, app: Flask) -> None:
    _, call = office.call_to_make()
    names = ["dispatcher", "colleague", "manager"] * 4

    def take(name: str) -> tuple[str, Any]:
        path = f"/api/v1/callbacks/{call}/claim"
        return name, app.test_client().post(path, headers=office.signed_in(name))

    with at(NOW), ThreadPoolExecutor(len(names)) as staff:
        answers = list(staff.map(take, names))
    winners = [name for name, answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    winner = office.people[winners[0]].id
    for name, answer in answers:
        if answer.status_code != 200:
            assert answer.status_code == 409
            assert answer.json["owner"]["id"] == winner
            if office.people[name].id != winner:
                assert answer.json["owner"]["name"] == f"{winners[0]} badge"


def test_a_claim_that_lies_too_long_can_be_taken_over_and_no_sooner(office: Office) -> None:
    _, call = office.call_to_make()
    assert office.claim("dispatcher", call).status_code == 200
    assert office.claim("colleague", call, at=NOW + timedelta(minutes=119)).status_code == 409
    assert office.claim("colleague", call, at=NOW + timedelta(minutes=121)).status_code == 200
    late = office.report("dispatcher", call, outcome="no_answer", at=NOW + timedelta(minutes=122))
    assert (late.status_code, late.json["owner"]["name"]) == (409, "colleague badge")


def test_who_gives_a_call_back_leaves_it_to_others(office: Office) -> None:
    _, call = office.call_to_make()
    assert office.ask("dispatcher", "POST", f"/callbacks/{call}/release").status_code == 409
    office.claim("dispatcher", call)
    assert office.ask("colleague", "POST", f"/callbacks/{call}/release").status_code == 409
    assert office.ask("dispatcher", "POST", f"/callbacks/{call}/release").json["state"] == "open"
    assert office.claim("colleague", call).status_code == 200


@pytest.mark.parametrize("name", ["crew", "resident", "admin"])
def test_the_queue_is_for_the_desk(office: Office, name: str) -> None:
    _, call = office.call_to_make()
    for method, path in (("GET", ""), ("GET", f"/{call}"), ("POST", f"/{call}/claim"), ("POST", f"/{call}/release")):
        assert office.ask(name, method, f"/callbacks{path}").status_code == 403
    assert office.report(name, call, outcome="refused").status_code == 403


@pytest.mark.parametrize("name", ["dispatcher", "manager"])
def test_whoever_did_the_work_neither_sees_nor_takes_the_call(office: Office, name: str) -> None:
    _, call = office.call_to_make(crew_id=office.people[name].id)
    assert office.queue(name) == []
    assert office.ask(name, "GET", f"/callbacks/{call}").status_code == 404
    assert office.claim(name, call).status_code == 404
    assert [item["id"] for item in office.queue("colleague")] == [call]


def test_nobody_calls_themselves_nor_another_community(office: Office) -> None:
    _, call = office.call_to_make(requester_id=office.people["manager"].id)
    for name in ("manager", "elsewhere"):
        assert office.queue(name) == []
        assert office.claim(name, call).status_code == 404
    stranger = Office(office.client, office.desk)
    assert stranger.queue("manager") == []
    assert stranger.claim("manager", call).status_code == 404


def test_an_answer_by_link_ends_the_call_under_the_caller_s_hands(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    token = office.desk.emitted(ticket, "survey.invited.v1")[-1].data["link_token"]
    assert office.client.post(f"/api/v1/surveys/{token}", json={"solved": True}).status_code == 201
    late = office.report("dispatcher", call, outcome="answered", answer={"solved": False})
    assert (late.status_code, late.json["ended_because"]) == (409, "answered_elsewhere")
    assert [answer.solved for answer in office.desk.answers(ticket)] == [True]


def test_a_reopening_ends_the_call(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.desk.hear(ticket.reopened())
    (row,) = office.calls(ticket)
    assert (row.state, row.ended_because) == ("ended", "withdrawn")
    assert office.claim("dispatcher", call).status_code == 409


def test_whom_the_desk_has_just_spoken_with_is_not_called_again_but_still_asked(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.desk.hear(ticket.called_back("not_reached"))
    assert [item["id"] for item in office.queue("dispatcher")] == [call]
    office.claim("dispatcher", call)
    reached = ticket.called_back("reached", version=8)
    office.desk.hear(reached, reached)
    (row,) = office.calls(ticket)
    assert (row.state, row.ended_because, row.claimed_by) == ("ended", "answered_elsewhere", None)
    assert office.queue("dispatcher") == []
    late = office.report("dispatcher", call, outcome="answered", answer=SAID)
    assert (late.status_code, late.json["ended_because"]) == (409, "answered_elsewhere")
    assert [visit.state for visit in office.desk.visits(ticket)] == ["invited"]


def test_a_call_of_the_desk_counts_before_its_household_is_invited_and_before_the_completion_is_heard_of(
    office: Office,
) -> None:
    ticket, early = office.completed(), Ticket(fresh(), office.organisation_id)
    office.desk.hear(ticket.called_back("reached"), early.called_back("reached"))
    home = {"community_id": office.community_id, "unit_id": office.home, "requester_id": office.people["resident"].id}
    office.desk.hear(early.completed(**home), chance=always)
    office.desk.invite()
    for one in (ticket, early):
        assert [(row.state, row.ended_because) for row in office.calls(one)] == [("ended", "answered_elsewhere")]
    office.desk.hear(early.reopened(version=8), early.completed(version=12, completion=2, **home), chance=always)
    assert [row.state for row in office.calls(early) if row.completion == 2] == ["waiting"], "it was about the first"


def test_the_silent_are_not_drawn_where_the_desk_has_spoken_with_them(office: Office) -> None:
    ticket, spoken_with = office.completed(chance=never), office.completed(chance=never)
    office.desk.invite()
    office.desk.hear(spoken_with.called_back("reached"))
    with office.desk.engine.begin() as db:
        here = return_visits.c.organisation_id == office.organisation_id
        db.execute(update(return_visits).where(here).values(silence_due_at=datetime.now(UTC)))
        commands.draw_silent_due(db, AT_ONCE, always)
    assert (len(office.calls(ticket)), office.calls(spoken_with)) == (1, [])


def test_what_nobody_called_in_time_ends_by_itself(office: Office) -> None:
    ticket, call = office.call_to_make()
    taken, _ = office.call_to_make()
    office.claim("dispatcher", office.calls(taken)[0].id)
    past = datetime.now(UTC) - timedelta(minutes=1)
    with office.desk.engine.begin() as db:
        here = callbacks.c.organisation_id == office.organisation_id
        db.execute(update(callbacks).where(here).values(expires_at=past))
        assert commands.lapse_due(db) == 1
        assert commands.lapse_due(db) == 0
    (row,) = office.calls(ticket)
    assert (row.state, row.ended_because, row.ended_at) == ("ended", "lapsed", past)
    assert office.calls(taken)[0].state == "claimed"
    assert call not in [item["id"] for item in office.queue("dispatcher")]


def test_the_queue_is_paged_and_narrowed(office: Office) -> None:
    for _ in range(5):
        office.call_to_make()
    seen, path = [], "/callbacks?limit=2"
    while path:
        page = office.ask("dispatcher", "GET", path)
        seen += [item["id"] for item in page.json["items"]]
        link = page.headers.get("Link", "")
        path = link.partition("</api/v1")[2].partition(">")[0]
    assert len(seen) == len(set(seen)) == 5
    office.claim("dispatcher", seen[0])
    assert [one["id"] for one in office.ask("dispatcher", "GET", "/callbacks?mine=true").json["items"]] == [seen[0]]
    assert office.ask("colleague", "GET", "/callbacks?mine=true").json["items"] == []
    assert office.ask("dispatcher", "GET", f"/callbacks?community_id={fresh()}").json["items"] == []
    for wrong in ("after=x", "limit=0", "community_id=1", "state=open", "mine=perhaps"):
        assert office.ask("dispatcher", "GET", f"/callbacks?{wrong}").status_code == 422
