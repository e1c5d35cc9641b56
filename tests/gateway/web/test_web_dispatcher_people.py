"""People without a browser: whom to call, what a letter becomes, who signed up, and who could not be told."""

from typing import Any

import orjson
import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, query_of, text_of

ID = "0193b3f2-1111-7000-8000-000000000001"
LETTER, EVENT = "0193b3f2-1111-7000-8000-000000000002", "0193b3f2-1111-7000-8000-000000000003"
GARDEN, SENDER = "0193b3f2-2222-7000-8000-000000000001", "0193b3f2-4444-7000-8000-000000000001"
TICKET: dict[str, Any] = {
    "id": ID, "number": "D-1", "title": "Lift stuck", "description": "x", "status": "filed", "version": 3,
    "community_id": GARDEN, "community_name": "Garden", "unit_id": None, "unit_name": None, "location": "Lift 2",
    "urgency": "emergency", "need_level": 2, "work_type": "repair", "catalogue_code": "lift", "channel": "qr",
    "catalogue_name": {"en": "Lift", "zh-CN": "电梯"}, "because": [], "circumstances": [], "waits": [],
    "filed_at": "2026-11-22T06:00:00+00:00", "first_completed_at": "2026-11-22T07:00:00+00:00", "urges": 2,
    "urged_at": "2026-11-22T06:30:00+00:00", "objected_at": None, "promised_at": None, "waiting_reason": None,
    "paused_until": None, "requester_id": None, "appointment": None, "actions": [],
    "owner": {"kind": "desk", "id": None, "name": None, "desk": "dispatch"},
}  # fmt: skip
AT = f"/tickets/{ID}"
MAIL = {
    "id": LETTER, "subject": "Re: lift", "sender": "li@example.org", "sender_name": "Li", "text": "Still stuck.",
    "received_at": "2026-11-22T06:00:00+00:00", "attachments": [], "state": "waiting", "reason": "which_ticket",
    "person_id": SENDER, "ticket_id": None, "raw": True, "note": None,
}  # fmt: skip
TEA = {
    "id": EVENT, "community_id": GARDEN, "title": "Tea", "description": "Sit.", "location": "Hall", "need_level": 3,
    "starts_at": "2036-11-22T07:00:00+00:00", "ends_at": "2036-11-22T09:00:00+00:00", "capacity": 5, "taken": 2,
    "sign_up_until": "2036-11-22T07:00:00+00:00", "waiting": 1, "state": "open",
}  # fmt: skip


def urge(at: str) -> dict[str, Any]:
    entry = {"seq": 2, "action": "urge", "at": at, "actor_name": None, "actor_role": "resident", "note": None}
    return entry | {"data": {"urges": 1}}


@pytest.fixture
def desk(services: dict[str, FakeService]) -> dict[str, Any]:
    """Return what the tickets service answers, which a test may change; there are a call to make and an incident."""
    nothing: dict[str, Any] = {"items": []}
    told: dict[str, Any] = {
        "/communities": {"items": [
            {"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai", "closed_at": None}]},
        AT: TICKET, f"{AT}/clocks": nothing | {"resolution": None}, f"{AT}/comments": nothing, f"{AT}/photos": nothing,
        f"{AT}/joined": {"lead": None, "joined": [], "count": 0}, f"{AT}/appointments": nothing, "/staff": nothing,
        f"{AT}/history": {"items": [urge("2026-11-22T06:10:00+00:00"), urge("2026-11-22T06:30:00+00:00")]},
        "/catalogue": nothing, f"{AT}/contact": {"phone": "138 0000 1111"}, f"PUT {AT}/contact": {"phone": None},
        f"/mail/{LETTER}": MAIL, "/tickets": {"items": [TICKET]}, f"POST /mail/{LETTER}/attach": {"id": ID},
        f"/events/{EVENT}": json_answer(TEA, ETag='"v4"'), f"PATCH /events/{EVENT}": TEA,
        f"POST /events/{EVENT}/cancel": TEA | {"state": "cancelled"}, "/units": nothing,
        f"/events/{EVENT}/sign-ups": {"items": [
            {"person_id": SENDER, "place": "coming", "attended": None, "at": "2026-11-22T06:00:00+00:00"}]},
    }  # fmt: skip
    answers(services["tickets"], told)
    incident = {"id": ID, "cause": "undelivered", "audience": "crew", "opened_at": "2026-11-22T06:05:00+00:00"}
    answers(services["notify"], {"/phone-tasks": {"items": [{}, {}]}, "/incidents": {"items": [incident]}})
    answers(services["surveys"], {"/return-visits/answers": {"items": [{
        "survey_id": ID, "ticket_id": ID, "community_id": GARDEN, "completion": 2, "answered_by": "proxy",
        "spoken_by": "carer", "late": False, "solved": False, "satisfaction": 2, "comment": "Stuck again",
        "answered_at": "2026-11-22T09:00:00+00:00"}]}})  # fmt: skip
    return told


def visit(app: Flask, organisation: Organisation, role: str) -> Browser:
    visitor = browser(app)
    visitor.sign_in(organisation.open(role)["login"])
    return visitor


@pytest.fixture
def dispatcher(app: Flask, desk: dict[str, Any], organisation: Organisation) -> Browser:
    return visit(app, organisation, "dispatcher")


def sent(services: dict[str, FakeService], method: str) -> dict[str, Any]:
    return dict(orjson.loads([one for one in services["tickets"].asked if one["method"] == method][-1]["body"]))


def test_a_ticket_says_who_urged_when_and_who_is_to_be_told_by_telephone(
    app: Flask, dispatcher: Browser, services: dict[str, FakeService], organisation: Organisation
) -> None:
    page = dispatcher.open(f"/board{AT}")
    said = text_of(page)
    assert page.status_code == 200
    for at in ("14:10", "14:30"):
        assert f'<time datetime="2026-11-22T{at}:00+08:00">' in page.text.partition("Asked to hurry")[2]
    assert "2 people are to be told by telephone." in said
    assert "Nobody was told" not in said, "incidents are a manager's"
    assert not [one for one in services["notify"].asked if path_of(one) == "/incidents"]
    manager = visit(app, organisation, "manager")
    assert "✕ Nobody was told Crew" in text_of(manager.open(f"/board{AT}"))
    asked = [one for one in services["notify"].asked if path_of(one) == "/incidents"][-1]
    assert query_of(asked) == {"ticket_id": [ID], "open": ["true"]}


def test_a_ticket_is_shown_while_nobody_can_say_who_was_told(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    answers(services["notify"], {"/phone-tasks": json_answer({"status": 503, "code": "unavailable"}, 503)})
    page = dispatcher.open(f"/board{AT}")
    assert page.status_code == 200
    assert "cannot be said just now" in text_of(page)


def test_the_number_of_a_visitor_is_asked_for_and_taken_away(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    assert "138 0000 1111" not in dispatcher.open(f"/board{AT}").text
    page = dispatcher.open(f"/board{AT}/contact")
    assert 'href="tel:13800001111"' in page.text
    assert "somebody without an account" in text_of(page)
    assert dispatcher.send(f"/board{AT}/contact", phone=" ").status_code == 303
    assert sent(services, "PUT") == {"phone": None}


def test_what_the_household_answered_is_read_on_a_page_of_its_own(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    dispatcher.open(f"/board{AT}")
    assert services["surveys"].asked == [], "a look would be on record"
    said = text_of(dispatcher.open(f"/board{AT}/answers"))
    for part in ("✕ Not solved", "2 of 5 points", "Stuck again", "Answered for the household: A carer", "2. time"):
        assert part in said, (part, said)
    assert query_of(services["surveys"].asked[-1])["ticket_id"] == [ID]


def test_a_letter_becomes_a_remark_that_the_resident_reads_or_not(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    page = dispatcher.open(f"/board/mail/{LETTER}?number=d-1")
    assert '<optgroup label="By this number"><option value="' in page.text.replace("\n", "")
    asked = [query_of(one) for one in services["tickets"].asked if path_of(one) == "/tickets"]
    assert [one.get("number") or one.get("requester_id") for one in asked] == [["d-1"], [SENDER], None]
    dispatcher.send(f"/board/mail/{LETTER}/attach", ticket_id=ID, visible="yes")
    assert sent(services, "POST") == {"ticket_id": ID, "visible": True}
    dispatcher.send(f"/board/mail/{LETTER}/attach", ticket_id=ID)
    assert sent(services, "POST") == {"ticket_id": ID, "visible": False}


def test_an_event_is_changed_as_it_was_read(dispatcher: Browser, services: dict[str, FakeService]) -> None:
    page = dispatcher.open(f"/board/events/{EVENT}/change")
    assert "3 people have signed up, keep their places" in text_of(page)
    assert 'value="2036-11-22T15:00"' in page.text
    typed = {"title": "Tea", "description": "Sit.", "location": "", "need_level": "3", "capacity": "8"}
    times = {"starts_at": "2036-11-22T16:00", "ends_at": "2036-11-22T18:00", "version": '"v4"'}
    assert dispatcher.send(f"/board/events/{EVENT}/change", **typed, **times).status_code == 303
    body = sent(services, "PATCH")
    assert (body["capacity"], body["location"], body["starts_at"]) == (8, "", "2036-11-22T16:00:00+08:00")
    assert "community_id" not in body
    patch = next(one for one in services["tickets"].asked if one["method"] == "PATCH")
    assert patch["headers"]["if-match"] == '"v4"'


def test_an_event_is_called_off_and_says_how_many_are_told(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    page = text_of(dispatcher.open(f"/board/events/{EVENT}"))
    assert "3 people who signed up are told." in page
    assert "(no longer here)" in page, "who signed up has no account any more"
    assert dispatcher.send(f"/board/events/{EVENT}/cancel").status_code == 303
    assert dispatcher.send(f"/board/events/{EVENT}/begin").status_code == 404


def test_who_is_to_be_told_by_telephone_has_a_name(
    dispatcher: Browser, desk: dict[str, Any], services: dict[str, FakeService]
) -> None:
    task = {
        "id": ID, "ticket_id": ID, "community_id": GARDEN, "title": "Lift stuck", "locale": "zh-CN", "attempts": 0,
        "outcome": None, "state": "open", "claimed_by": None, "created_at": "2026-11-22T06:05:00+00:00",
    }  # fmt: skip
    crew = {"id": EVENT, "role": "crew", "badge": "Crew 2"}
    desk["/staff"] = {"items": [crew]}
    people = [task | {"person_id": EVENT, "audience": "owner"}, task | {"person_id": SENDER, "audience": "resident"}]
    answers(services["notify"], {"/phone-tasks": {"items": people}})
    answers(services["surveys"], {"/callbacks": {"items": []}})
    page = dispatcher.open("/board/calls")
    said = text_of(page)
    assert "Crew 2 · Whoever has the job" in said
    assert "(no longer here) · Resident · Whom to call" in said
    assert "Show only mine" in said
    assert "Show everybody's" in text_of(dispatcher.open("/board/calls?mine=true"))
