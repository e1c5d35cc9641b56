"""What the admin's pages ask the desk, and how they say what it refuses; and everybody's own account."""

import base64
import io
import zlib
from typing import Any

import orjson
import pytest
from flask import Flask

from gateway.limits import Limit
from services.kit.testing import fresh
from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, query_of, text_of

Services = dict[str, FakeService]
COMMUNITY = fresh()
PLACES = {
    "items": [
        {"id": COMMUNITY, "name": "Garden", "code": "G", "timezone": "Asia/Shanghai", "version": 1, "closed_at": None}
    ]
}
HOME = {"id": fresh(), "name": "501", "code": "G-1-501", "building": "No. 1", "community": PLACES["items"][0]}
FOUND = {"items": [{"id": HOME["id"], "code": HOME["code"], "community_id": COMMUNITY, "closed": False}]}
ITEM = {
    "code": "repair-general",
    "name": {"zh-CN": "一般维修", "en": "General repair"},
    "topic": "repair",
    "work_type": "repair",
    "need_level": 1,
    "standard": "basic",
    "value_tier": "basic",
    "realm": "duty",
    "urgency": "routine",
    "skills": ["carpentry", "plumbing"],
    "sla_class": "standard",
    "active": True,
    "own": False,
    "changed": False,
    "words": ["repair"],
}


@pytest.fixture
def known(services: Services) -> dict[str, Any]:
    """Return what the tickets service answers by path, to be added to."""
    by_path: dict[str, Any] = {
        "/communities": PLACES,
        "/units": {"items": [HOME]},
        "/units/find": FOUND,
        "/catalogue": json_answer({"version": 3, "items": [ITEM]}, ETag='"v3"'),
    }
    answers(services["tickets"], by_path)
    answers(services["notify"], {})
    return by_path


@pytest.fixture
def admin(app: Flask, organisation: Organisation, known: dict[str, Any]) -> Browser:
    one = browser(app)
    one.sign_in(organisation.open("admin")["login"])
    return one


def asked(services: Services, path: str) -> list[dict[str, Any]]:
    return [one for one in services["tickets"].asked if path_of(one) == path]


def test_an_invitation_opens_an_account_in_the_homes_community(admin: Browser) -> None:
    login = f"new-{fresh()[-12:]}"
    answer = admin.send("/admin/invite", login=login, role="resident", locale="en", codes=HOME["code"])
    assert answer.status_code == 303, text_of(answer)
    shown = admin.open(answer.headers["Location"])
    assert login in text_of(shown)
    assert "No. 1 501" in text_of(shown)
    sheet = admin.open(f"{answer.headers['Location']}/sheet")
    assert "/join/" in sheet.text
    assert "<svg" in sheet.text
    assert 'style="' not in sheet.text


def test_a_taken_login_and_a_missing_badge_are_said_beside_their_fields(
    admin: Browser, organisation: Organisation
) -> None:
    taken = organisation.open("crew")["login"]
    answer = admin.send("/admin/invite", login=taken, role="crew", locale="en", badge="7")
    assert (answer.status_code, 'id="login-refused"' in answer.text) == (409, True)
    answer = admin.send("/admin/invite", login=f"x{fresh()[-8:]}", role="crew", locale="en")
    assert (answer.status_code, 'id="badge-refused"' in answer.text) == (422, True)


def test_a_table_is_looked_through_first_and_then_written(admin: Browser, services: Services, known: Any) -> None:
    told = {"rows": 1, "new_buildings": 1, "new_units": 1, "renamed": [], "unchanged": 0, "ignored": []}
    known["POST /places/imports"] = lambda one: json_answer(
        {**told, "applied": query_of(one)["dry_run"] == ["false"], "findings": []}
    )
    table = b"a table"
    looked = admin.send("/admin/places/import", file=(io.BytesIO(table), "homes.csv"))
    assert looked.status_code == 200, text_of(looked)
    packed = base64.b64encode(zlib.compress(table)).decode()
    assert packed in looked.text
    written = admin.send("/admin/places/import", packed=packed, name="homes.csv", write="yes")
    assert "Written" in text_of(written)
    dry, wet = asked(services, "/places/imports")
    assert (query_of(dry)["dry_run"], query_of(wet)["dry_run"]) == (["true"], ["false"])
    assert table in wet["body"]


@pytest.mark.parametrize("packed", ["", "no base 64!", base64.b64encode(b"not packed").decode()])
def test_a_table_that_is_none_is_asked_for(admin: Browser, services: Services, packed: str) -> None:
    answer = admin.send("/admin/places/import", packed=packed, write="yes")
    assert (answer.status_code, "Choose a file" in text_of(answer)) == (422, True)
    assert asked(services, "/places/imports") == []


def test_what_unpacks_without_end_is_cut_off(admin: Browser, services: Services, known: Any) -> None:
    known["POST /places/imports"] = json_answer({"code": "invalid", "detail": "too large", "status": 422}, 422)
    bomb = base64.b64encode(zlib.compress(b"0" * 50_000_000)).decode()
    assert admin.send("/admin/places/import", packed=bomb, write="yes").status_code == 422
    assert len(asked(services, "/places/imports")[0]["body"]) < 6_000_000


def test_only_what_differs_is_a_change_of_the_catalogue(admin: Browser, services: Services, known: Any) -> None:
    known["POST /catalogue/preview"] = {
        "version": 3,
        "items": [],
        "texts": [],
        "recent": {"asked": 0, "changed": 0, "items": []},
        "untouched": [{"code": "repair-general", "open": 2}],
    }
    # The boxes come in another order than the catalogue has them.
    form = {"zh": "一般维修", "en": "General repair", "need_level": "1", "urgency": "urgent", "sla_class": "standard"}
    boxes = {"skills": ["plumbing", "carpentry"], "words": "repair", "active": "y", "texts": "one\n\ntwo"}
    answer = admin.send("/admin/catalogue/items/repair-general", **form, **boxes)
    assert "2 open tickets keep" in text_of(answer), text_of(answer)
    sent = orjson.loads(asked(services, "/catalogue/preview")[0]["body"])
    assert sent == {"changes": [{"code": "repair-general", "urgency": "urgent"}], "texts": ["one", "two"]}

    known["PUT /catalogue"] = lambda one: json_answer({"version": 4, "items": []})
    document = '{"changes":[{"code":"repair-general","urgency":"urgent"}],"other":1}'
    published = admin.send("/admin/catalogue/publish", document=document, version='"v3"', reason="why")
    assert published.status_code == 303
    put = next(one for one in asked(services, "/catalogue") if one["method"] == "PUT")
    assert put["headers"]["if-match"] == '"v3"'
    assert orjson.loads(put["body"]) == {"changes": [{"code": "repair-general", "urgency": "urgent"}], "reason": "why"}


@pytest.mark.parametrize("document", ["", "{", "[]", "7", '"x"'])
def test_a_document_that_is_none_is_refused(admin: Browser, document: str) -> None:
    assert admin.send("/admin/catalogue/publish", document=document, reason="why").status_code in (303, 400)


def test_a_place_that_plans_still_need_says_which(admin: Browser, known: Any) -> None:
    unit = fresh()
    problem = {"code": "conflict", "detail": "Plans still run.", "status": 409, "plans": [{"id": "1", "title": "Pump"}]}
    known[f"PATCH /units/{unit}"] = json_answer(problem, 409)
    answer = admin.send("/admin/places/change", kind="units", id=unit, act="close", version='"v1"')
    assert answer.headers["Location"] == "/admin/places"
    assert "Plans still run. Pump" in text_of(admin.open("/admin/places"))
    assert admin.send("/admin/places/change", kind="accounts", id=unit, act="close").status_code == 404


def test_managers_have_the_pages_that_are_theirs_too(app: Flask, organisation: Organisation, known: Any) -> None:
    manager = browser(app)
    manager.sign_in(organisation.open("manager")["login"])
    for path in ("/admin/catalogue", "/admin/invitations", "/admin/residents/import"):
        assert manager.open(path).status_code == 200, path
    for path in ("/admin", "/admin/places", "/admin/more"):
        assert manager.open(path).status_code == 403, path


def test_a_language_chosen_for_the_account_is_the_pages_too(app: Flask, organisation: Organisation, known: Any) -> None:
    one = browser(app, "zh-CN")
    one.sign_in(organisation.open("crew")["login"])
    assert one.send("/account/language", locale="en").status_code == 303
    assert "My account" in text_of(one.open("/account"))
    assert one.send("/account/language", locale="xx").status_code == 422


@pytest.mark.parametrize(("role", "offered"), [("crew", True), ("manager", True), ("resident", False)])
def test_staff_are_offered_pushes_beside_their_account(
    app: Flask, organisation: Organisation, services: Services, known: Any, role: str, offered: bool
) -> None:
    phone = {"id": fresh(), "host": "push.example.org", "created_at": "2026-07-01T08:00:00Z"}
    asked = {"/push-key": {"key": "BKEY"}, "/push-subscriptions": {"items": [phone]}}
    answers(services["notify"], asked | {f"DELETE /push-subscriptions/{phone['id']}": {"items": []}})
    one = browser(app, "en")
    one.sign_in(organisation.open(role)["login"])
    seen = one.open("/account").text
    assert ('data-key="BKEY"' in seen, "push.example.org" in seen) == (offered, offered)
    status = one.send(f"/account/phones/{phone['id']}").status_code
    assert status == (303 if offered else 403)


def test_a_desk_without_pushes_offers_none(app: Flask, organisation: Organisation, known: Any) -> None:
    one = browser(app, "en")
    one.sign_in(organisation.open("crew")["login"])
    answer = one.open("/account")
    assert (answer.status_code, "push-on" in answer.text) == (200, False)


def test_a_wrong_present_password_is_said_beside_it(app: Flask, organisation: Organisation, known: Any) -> None:
    one = browser(app)
    one.sign_in(organisation.open("crew")["login"])
    typed = {"password": "another password", "again": "another password"}
    answer = one.send("/account/password", current="wrong", **typed)
    assert (answer.status_code, 'id="current-refused"' in answer.text) == (422, True)
    assert one.send("/account/password", current="x", password="a", again="b").status_code == 422


def test_links_are_counted_by_where_the_browser_is(build: Any) -> None:
    app = build(login_limit=Limit(2, 60))
    one, other = browser(app), browser(app)
    other.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert [one.open("/join/x").status_code for _ in range(3)] == [404, 404, 429]
    assert other.open("/join/x").status_code == 404


def test_a_manager_reads_why_there_is_no_sheet_for_whom_a_letter_reaches(
    app: Flask, services: Services, organisation: Organisation
) -> None:
    answers(services["tickets"], {"/communities": PLACES, "/units/find": {"items": []}})
    account = organisation.open()
    one = browser(app)
    one.sign_in(organisation.open("manager")["login"])
    made = one.send(f"/admin/accounts/{account['id']}/invite")
    shown = made.headers["Location"].partition("?")[0]
    services["notify"].answer = lambda _asked: json_answer({"confirmed": True})
    refused = one.open(f"{shown}/sheet")
    assert refused.status_code == 409
    assert "Send the link there; they alone can use it." in text_of(refused)
    # Printing them all prints what is to be printed.
    every = one.open("/admin/invitations/sheets")
    assert (every.status_code, account["login"] in text_of(every)) == (200, False)
    services["notify"].answer = lambda _asked: json_answer({"confirmed": False})
    assert account["login"] in text_of(one.open(f"{shown}/sheet"))
