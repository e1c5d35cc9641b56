"""Signing in, renewing, signing out: who gets in, who does not, and what the refusals tell."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text, update

from gateway import models, passwords
from gateway.limits import Limit
from services.kit import clock, identity
from services.kit.testing import at, keys
from tests.gateway.conftest import Organisation, bearer, sign_in


def refresh(client: FlaskClient, token: str) -> tuple[int, dict]:
    answer = client.post("/api/v1/auth/refresh", json={"refresh_token": token})
    return answer.status_code, answer.get_json()


def test_a_token_says_who_and_what_they_may(client: FlaskClient, organisation: Organisation) -> None:
    home = "0192f0c1-2345-7abc-8def-0123456789ab"
    account = organisation.open(unit_ids=[home], locale="en")
    tokens = sign_in(client, account["login"])
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 900
    actor = identity.verify(tokens["access_token"], keys()[1])
    assert (actor.id, actor.organisation_id, actor.role) == (account["id"], organisation.id, "resident")
    assert actor.unit_ids == (home,)


def test_the_login_may_be_typed_in_any_case(client: FlaskClient, organisation: Organisation) -> None:
    account = organisation.open()
    sign_in(client, account["login"].upper())


def test_unknown_inactive_and_wrong_password_read_alike(client: FlaskClient, organisation: Organisation) -> None:
    known, gone = organisation.open(), organisation.open()
    with organisation.engine.begin() as db:
        db.execute(update(models.accounts).where(models.accounts.c.id == gone["id"]).values(active=False))
    answers = [
        client.post("/api/v1/auth/token", json={"login": login, "password": "wrong-and-long"})
        for login in (known["login"], "nobody-at-all", gone["login"])
    ]
    bodies = [{**answer.get_json(), "request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert bodies[0] == bodies[1] == bodies[2]


def test_an_unknown_login_costs_the_same_hash(
    client: FlaskClient, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    monkeypatch.setattr(passwords, "_verify", lambda _password, known: hashed.append(known) or False)
    for login in (organisation.open()["login"], "nobody-at-all"):
        client.post("/api/v1/auth/token", json={"login": login, "password": "x"})
    assert [one.split("$")[1:4] for one in hashed] == [["argon2id", "v=19", "m=19456,t=2,p=1"]] * 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "x"}, "login"),
        ({"login": "a"}, "password"),
        ({"login": 5, "password": "x"}, "login"),
        ({"login": "a\x00b", "password": "x"}, "login"),
        ({"login": "a" * 65, "password": "x"}, "login"),
        ({"login": "a", "password": "x" * 201}, "password"),
        ({"login": "a", "password": "\ud800"}, "password"),
        ({"login": "a", "password": ["x"]}, "password"),
        ({"login": "a", "password": "x", "role": "admin"}, "role"),
        ({"login": "a", "password": "x", "\ud800": 1}, "?"),
    ],
)
def test_bad_input_names_the_field(client: FlaskClient, body: dict, field: str) -> None:
    answer = client.post("/api/v1/auth/token", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert field in {error["field"] for error in answer.get_json()["errors"]}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"text"', b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(client: FlaskClient, body: bytes) -> None:
    answer = client.post("/api/v1/auth/token", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)


def test_guessing_one_login_is_throttled_before_hashing(
    build: Callable[..., Flask], organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = build(login_limit=Limit(3, 60), trusted_proxies=1).test_client()
    login, hashed = organisation.open()["login"], []
    monkeypatch.setattr(passwords, "_verify", lambda *_: hashed.append(1) or False)
    answers = [
        client.post(
            "/api/v1/auth/token",
            json={"login": login, "password": "guess"},
            headers={"X-Forwarded-For": f"1.2.3.4, 10.0.0.{number}"},
        )
        for number in range(5)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    assert len(hashed) == 3
    refusal = answers[-1]
    assert refusal.mimetype == "application/problem+json"
    assert 1 <= int(refusal.headers["Retry-After"]) <= 60
    assert refusal.headers["RateLimit-Policy"] == '"login";q=3;w=60'


def test_guessing_from_one_address_is_throttled(build: Callable[..., Flask]) -> None:
    client = build(login_limit=Limit(3, 60)).test_client()
    statuses = [
        client.post(
            "/api/v1/auth/token",
            json={"login": f"nobody{number}", "password": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        ).status_code
        for number in range(4)
    ]
    assert statuses == [401, 401, 401, 429]


def test_a_refresh_token_rotates(client: FlaskClient, organisation: Organisation) -> None:
    first = sign_in(client, organisation.open()["login"])
    status, second = refresh(client, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert client.get("/api/v1/me", headers=bearer(second)).status_code == 200


def test_two_tabs_renewing_at_once_both_go_on(client: FlaskClient, organisation: Organisation) -> None:
    first = sign_in(client, organisation.open()["login"])
    one = refresh(client, first["refresh_token"])
    other = refresh(client, first["refresh_token"])
    assert (one[0], other[0]) == (200, 200)
    assert refresh(client, one[1]["refresh_token"])[0] == 200
    assert refresh(client, other[1]["refresh_token"])[0] == 200


def test_reuse_after_the_grace_revokes_the_family(client: FlaskClient, organisation: Organisation) -> None:
    first = sign_in(client, organisation.open()["login"])
    second = refresh(client, first["refresh_token"])[1]
    with at(clock.now() + timedelta(seconds=11)):
        assert refresh(client, first["refresh_token"])[0] == 401
        assert refresh(client, second["refresh_token"])[0] == 401


def test_only_the_immediate_predecessor_is_forgiven(client: FlaskClient, organisation: Organisation) -> None:
    first = sign_in(client, organisation.open()["login"])
    second = refresh(client, first["refresh_token"])[1]
    third = refresh(client, second["refresh_token"])[1]
    assert refresh(client, first["refresh_token"])[0] == 401
    assert refresh(client, third["refresh_token"])[0] == 401


def test_another_sign_in_is_another_family(client: FlaskClient, organisation: Organisation) -> None:
    login = organisation.open()["login"]
    phone, stolen = sign_in(client, login), sign_in(client, login)
    refresh(client, stolen["refresh_token"])
    with at(clock.now() + timedelta(seconds=11)):
        refresh(client, stolen["refresh_token"])
        assert refresh(client, phone["refresh_token"])[0] == 200


def test_signing_out_ends_the_family_and_says_nothing(client: FlaskClient, organisation: Organisation) -> None:
    tokens = sign_in(client, organisation.open()["login"])
    for token in (tokens["refresh_token"], "nobody-knows-this"):
        answer = client.post("/api/v1/auth/revoke", json={"refresh_token": token})
        assert (answer.status_code, answer.data) == (204, b"")
    assert refresh(client, tokens["refresh_token"])[0] == 401


def test_a_refresh_token_ends_after_thirty_days(client: FlaskClient, organisation: Organisation) -> None:
    tokens = sign_in(client, organisation.open()["login"])
    with at(clock.now() + timedelta(days=30, seconds=1)):
        assert refresh(client, tokens["refresh_token"])[0] == 401


def test_the_database_keeps_no_token_and_no_password(
    client: FlaskClient, organisation: Organisation, worker: Engine
) -> None:
    account = organisation.open()
    tokens = sign_in(client, account["login"])
    with worker.connect() as db:
        rows = db.execute(select(models.refresh_tokens).filter_by(account_id=account["id"])).mappings().all()
        stored = db.execute(text("SELECT password_hash FROM accounts WHERE id = :id"), {"id": account["id"]}).scalar()
    assert tokens["refresh_token"] not in str(rows)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
