"""Attacks on the session of a browser: its cookie, its end, and where signing in leads."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from gateway import models
from gateway.commands import web_sessions
from gateway.commands.accounts import change_account
from gateway.commands.erasures import erase_person
from gateway.limits import Limit
from gateway.sweeping import sweep
from gateway.web.session import COOKIE
from services.kit import clock
from services.kit.erasures import Erasure
from services.kit.identity import Actor
from services.kit.testing import at, fresh
from tests.gateway.conftest import PASSWORD, FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, browser, text_of

ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "/\t/evil.example",
    "/home\n",
    "javascript:alert(1)",
    "evil.example",
    "",
]


@pytest.fixture
def resident(app: Flask, organisation: Organisation) -> Browser:
    """Return a browser where a resident signed in."""
    one = browser(app)
    one.sign_in(organisation.open()["login"])
    return one


def cookie(one: Browser) -> str:
    """Return the value of a browser's cookie."""
    found = one.client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def signed_in(one: Browser) -> bool:
    """Say whether the desk knows who is at a browser."""
    status = one.client.get("/call/session").status_code
    assert status in (200, 401)
    return status == 200


def with_cookie(app: Flask, value: str) -> Browser:
    """Return another browser that holds this cookie."""
    one = browser(app)
    one.client.set_cookie(COOKIE, value, secure=True)
    return one


def test_the_cookie_is_for_this_host_alone_and_not_for_scripts(app: Flask, organisation: Organisation) -> None:
    one = browser(app)
    line = one.sign_in(organisation.open()["login"]).headers["Set-Cookie"]
    assert line.startswith("__Host-doorstep=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(line.split("; "))
    assert "Domain" not in line


def test_the_database_does_not_hold_what_the_cookie_does(resident: Browser, worker: Engine) -> None:
    with resident.client.session_transaction() as held:
        token = held["session"]
    with worker.connect() as db:
        rows = db.execute(select(models.web_sessions)).mappings().all()
    assert all(token not in str(dict(row)) for row in rows)


def test_a_cookie_of_another_key_or_none_is_nobody(app: Flask, resident: Browser) -> None:
    good = cookie(resident)
    head, _, signature = good.rpartition(".")
    assert signed_in(with_cookie(app, good))
    for forged in (f"{head}.{signature[::-1]}", head, "e30.AAAA", "", "é" * 9, good[:-1]):
        assert not signed_in(with_cookie(app, forged))


def test_signing_out_ends_the_session_and_not_only_the_cookie(app: Flask, resident: Browser) -> None:
    stolen = with_cookie(app, cookie(resident))
    assert signed_in(stolen)
    assert resident.send("/sign-out").status_code == 303
    assert not signed_in(resident)
    assert not signed_in(stolen)


@pytest.mark.parametrize(
    "change", [{"password": "another-and-long"}, {"active": False}, {"role": "crew", "badge": "c"}]
)
def test_a_new_password_role_or_deactivation_ends_it(
    app: Flask, organisation: Organisation, worker: Engine, change: dict[str, object]
) -> None:
    row = organisation.open()
    one = browser(app)
    one.sign_in(row["login"])
    assert signed_in(one)
    with worker.begin() as db:
        change_account(db, Actor(fresh(), organisation.id, "admin"), row["id"], change, None)
    assert not signed_in(one)


def test_what_an_account_may_see_changes_at_once(
    app: Flask, organisation: Organisation, worker: Engine, services: dict[str, FakeService]
) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"items": []})
    row = organisation.open("crew")
    one = browser(app)
    one.sign_in(row["login"])
    with worker.begin() as db:
        change_account(db, Actor(fresh(), organisation.id, "admin"), row["id"], {"skills": ["gas"]}, None)
    assert one.client.get("/call/api/v1/me").get_json()["skills"] == ["gas"]


@pytest.mark.parametrize(("role", "days"), [("resident", 30), ("crew", 30), ("dispatcher", 0.5), ("admin", 0.5)])
def test_a_session_ends_by_itself(app: Flask, organisation: Organisation, role: str, days: float) -> None:
    one = browser(app)
    now = clock.now()
    with at(now - timedelta(days=days) + timedelta(minutes=5)):
        one.sign_in(organisation.open(role)["login"])
    assert signed_in(one)
    with at(now + timedelta(minutes=6)):
        assert not signed_in(one)


def test_ended_sessions_are_forgotten(app: Flask, organisation: Organisation, worker: Engine) -> None:
    row = organisation.open("manager")
    with at(clock.now() - timedelta(days=2)):
        browser(app).sign_in(row["login"])
    browser(app).sign_in(row["login"])
    of_them = select(models.web_sessions).where(models.web_sessions.c.account_id == row["id"])
    sweep(worker)
    with worker.connect() as db:
        assert len(db.execute(of_them).all()) == 1
    with worker.begin() as db:
        counted = erase_person(db, Erasure(fresh(), organisation.id, row["id"], ()))
        assert counted["web_sessions"] == 1
        assert db.execute(of_them).all() == []


def test_another_tenant_finds_no_session(web: Engine, organisation: Organisation, app: Flask) -> None:
    row = organisation.open()
    browser(app).sign_in(row["login"])
    with web.begin() as db:
        assert db.execute(select(models.web_sessions)).all() == []
        assert web_sessions.account_of(db, "guessed") is None


def test_signing_in_takes_over_nothing_that_was_planted(app: Flask, organisation: Organisation) -> None:
    """Whoever planted a cookie before knows neither the session nor the token of forms after it."""
    attacker = browser(app)
    planted_token = attacker.csrf()
    victim = with_cookie(app, cookie(attacker))
    victim.sign_in(organisation.open()["login"])
    assert cookie(victim) != cookie(attacker)
    assert not signed_in(attacker)
    assert victim.send("/sign-out", _csrf=planted_token).status_code == 400
    assert signed_in(victim)


def test_signing_in_needs_the_token_too(app: Flask, organisation: Organisation) -> None:
    """Or a stranger could sign a victim in as themselves, and read what the victim then files."""
    one = browser(app)
    login = organisation.open()["login"]
    assert one.send("/sign-in", _csrf="", login=login, password=PASSWORD).status_code == 400
    assert not signed_in(one)


@pytest.mark.parametrize("next", ELSEWHERE)
def test_signing_in_leads_nowhere_else(app: Flask, organisation: Organisation, next: str) -> None:
    one = browser(app)
    assert one.sign_in(organisation.open()["login"], next=next).headers["Location"] == "/"
    assert one.send("/language", language="en", next=next).headers["Location"] == "/"


def test_signing_in_leads_back(app: Flask, organisation: Organisation) -> None:
    one = browser(app)
    asked = one.open("/my/new?place=7").headers["Location"]
    assert asked == "/sign-in?next=/my/new?place%3D7"
    assert 'value="/my/new?place=7"' in one.open(asked).text
    assert one.sign_in(organisation.open()["login"], next="/my/new?place=7").headers["Location"] == "/my/new?place=7"


@pytest.mark.parametrize(("login", "password"), [("nobody", PASSWORD), ("", ""), ("x" * 99, "y"), ("a", "z" * 999)])
def test_a_wrong_login_and_a_wrong_password_look_alike(app: Flask, login: str, password: str) -> None:
    answer = browser(app).sign_in(login, password)
    assert answer.status_code == 422
    assert "Set-Cookie" not in answer.headers or "session" not in answer.headers["Set-Cookie"]
    said = text_of(answer)
    assert "is not right" in said or "fill in both" in said
    assert password not in answer.text or len(password) < 2


def test_guessing_is_slowed_by_address_and_by_login(build: object, organisation: Organisation) -> None:
    app = build(login_limit=Limit(2, 60))  # type: ignore[operator]
    login = organisation.open()["login"]
    one = browser(app)
    statuses = [one.sign_in(login, "wrong-and-long").status_code for _ in range(3)]
    assert statuses == [422, 422, 429]


def test_the_api_never_reads_the_cookie(resident: Browser, services: dict[str, FakeService]) -> None:
    services["tickets"].answer = lambda asked: json_answer({"token": asked["headers"].get("authorization")})
    assert resident.client.get("/api/v1/me").status_code == 401
    assert resident.client.get("/api/v1/tickets").get_json() == {"token": None}
    assert "cookie" not in services["tickets"].asked[-1]["headers"]
