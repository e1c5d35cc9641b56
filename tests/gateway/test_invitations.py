"""Accounts that somebody else opens: whoever is invited chooses the password, once, and nobody else ever knows it."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from gateway import models
from gateway.limits import Limit
from services.kit.invitations import Invitations
from services.kit.settings import Settings
from services.kit.testing import at, fresh
from tests.gateway.conftest import PASSWORD, Organisation, bearer, sign_in
from tests.gateway.inviting import CHOSEN, accept, invite, invited, new, signs_in, token_of


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


def manager(client: FlaskClient, organisation: Organisation, *communities: str) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("manager", community_ids=communities)["login"]))


def test_whoever_is_invited_chooses_the_password_and_is_signed_in(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    login = made["account"]["login"]
    assert (made["account"]["joined"], made["invitation"]["state"]) == (False, "open")
    welcome = client.post("/api/v1/auth/invitation", json={"token": token}).get_json()
    assert (welcome["login"], welcome["organisation"], welcome["purpose"]) == (login, "某物业", "join")
    tokens = accept(client, token, locale="zh-CN").get_json()
    me = client.get("/api/v1/me", headers=bearer(tokens)).get_json()
    assert (me["login"], me["locale"]) == (login, "zh-CN")
    assert signs_in(client, login, CHOSEN)
    account = client.get(f"/api/v1/accounts/{made['account']['id']}", headers=admin).get_json()
    assert (account["joined"], account["revision"]) == (True, 2)
    found = client.get(f"/api/v1/invitations/{made['invitation']['id']}", headers=admin).get_json()
    assert found["state"] == "used"


def test_before_that_no_password_opens_the_account(client: FlaskClient, admin: dict[str, str]) -> None:
    login = invite(client, admin)["account"]["login"]
    for password in ("", " ", "nobody has this password", PASSWORD):
        assert not signs_in(client, login, password)


def test_a_link_opens_an_account_once(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    assert accept(client, token).status_code == 200
    again = accept(client, token, "another of mine")
    assert (again.status_code, again.get_json()["code"]) == (404, "not_found")
    assert client.post("/api/v1/auth/invitation", json={"token": token}).status_code == 404
    assert client.get(f"/api/v1/invitations/{made['invitation']['id']}/link", headers=admin).status_code == 409
    assert signs_in(client, made["account"]["login"], CHOSEN)


def test_of_many_who_open_a_link_at_once_one_succeeds(app: Flask, client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    answers: dict[str, int] = {}
    gate = threading.Barrier(6)

    def open_it(password: str) -> None:
        gate.wait()
        answers[password] = accept(app.test_client(), token, password).status_code

    threads = [threading.Thread(target=open_it, args=(f"password {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) == [200, 404, 404, 404, 404, 404]
    (winner,) = [password for password, status in answers.items() if status == 200]
    assert [password for password in answers if signs_in(client, made["account"]["login"], password)] == [winner]


def test_a_link_ends(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    end = datetime.fromisoformat(made["invitation"]["expires_at"])
    path = f"/api/v1/invitations/{made['invitation']['id']}"
    with at(end - timedelta(seconds=1)):
        assert client.post("/api/v1/auth/invitation", json={"token": token}).status_code == 200
    with at(end):
        assert accept(client, token).status_code == 404
        assert client.get(path, headers=admin).get_json()["state"] == "expired"
        assert client.get(f"{path}/link", headers=admin).status_code == 409
        assert [one["id"] for one in listed(client, admin, "expired")] == [made["invitation"]["id"]]
        assert listed(client, admin, "open") == []


def listed(client: FlaskClient, by: dict[str, str], state: str) -> list[dict[str, Any]]:
    return client.get(f"/api/v1/invitations?state={state}", headers=by).get_json()["items"]


def test_a_new_invitation_or_a_revocation_ends_the_link_before(client: FlaskClient, admin: dict[str, str]) -> None:
    made, first = invited(client, admin)
    again = client.post(f"/api/v1/accounts/{made['account']['id']}/invitations", headers=admin)
    second = token_of(client, admin, again.get_json()["id"])
    assert accept(client, first).status_code == 404
    revoked = client.post(f"/api/v1/invitations/{again.get_json()['id']}/revoke", headers=admin)
    assert revoked.get_json()["state"] == "revoked"
    assert accept(client, second).status_code == 404
    assert not signs_in(client, made["account"]["login"], CHOSEN)
    twice = client.post(f"/api/v1/invitations/{again.get_json()['id']}/revoke", headers=admin)
    assert twice.get_json()["state"] == "revoked"


def test_an_invitation_that_was_used_cannot_be_taken_back(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    accept(client, token)
    answer = client.post(f"/api/v1/invitations/{made['invitation']['id']}/revoke", headers=admin)
    assert answer.status_code == 409


def forged(token: str, settings: Settings) -> dict[str, str]:
    flipped = token[:30] + ("A" if token[30] != "A" else "B") + token[31:]
    return {
        "empty": "x",
        "one letter other": flipped,
        "cut short": token[:-4],
        "longer": token + "AAAA",
        "the id of one alone": fresh(),
        "of an invitation that never was": Invitations(settings.secret).token(fresh()),
        "of another secret": Invitations("another secret").token(fresh()),
        "no base64": "!" * 54,
        "other letters": "é" * 54,
        "padding": token + "==",
    }


def test_a_link_that_was_never_made_opens_nothing_and_says_no_more(
    client: FlaskClient, admin: dict[str, str], settings: Settings
) -> None:
    made, token = invited(client, admin)
    details = set()
    for name, guess in forged(token, settings).items():
        for path, body in (("", {}), ("/accept", {"password": CHOSEN})):
            answer = client.post(f"/api/v1/auth/invitation{path}", json={"token": guess, **body})
            assert answer.status_code == 404, name
            details.add(answer.get_json()["detail"])
    assert len(details) == 1
    assert not signs_in(client, made["account"]["login"], CHOSEN)


def test_guessing_is_counted(build: Any) -> None:
    client = build(login_limit=Limit(5, 60)).test_client()
    guesses = [client.post("/api/v1/auth/invitation", json={"token": "x"}).status_code for _ in range(6)]
    assert guesses == [404] * 5 + [429]


def test_neither_link_nor_password_is_kept_anywhere(client: FlaskClient, admin: dict[str, str], worker: Engine) -> None:
    made, token = invited(client, admin)
    client.post(f"/api/v1/accounts/{made['account']['id']}/invitations", headers={**admin, "Idempotency-Key": "k1"})
    second = token_of(client, admin, made_again(client, admin, made))
    accept(client, second)
    for table in ("accounts", "invitations", "outbox", "idempotency_keys", "refresh_tokens"):
        with worker.connect() as db:
            rows = str(db.exec_driver_sql(f"SELECT t::text FROM {table} t").all())
        for secret in (token, second, CHOSEN):
            assert secret not in rows, table


def made_again(client: FlaskClient, admin: dict[str, str], made: dict[str, Any]) -> str:
    rows = client.get(f"/api/v1/invitations?account_id={made['account']['id']}", headers=admin).get_json()["items"]
    assert [row["state"] for row in rows] == ["open", "revoked"]
    return rows[0]["id"]


def test_a_manager_invites_whom_they_look_after_and_nobody_else(
    client: FlaskClient, organisation: Organisation
) -> None:
    ours, theirs = fresh(), fresh()
    by = manager(client, organisation, ours)
    assert invite(client, by, communities=[ours])["account"]["role"] == "resident"
    assert invite(client, by, communities=[ours], role="crew", badge="维修 8")
    for role, communities in (
        ("resident", [theirs]),
        ("resident", [ours, theirs]),
        ("resident", []),
        ("manager", [ours]),
    ):
        body = new(role=role, communities=communities, badge=None if role == "resident" else "x")
        assert client.post("/api/v1/invitations", json=body, headers=by).status_code == 403
    everywhere = manager(client, organisation)
    assert invite(client, everywhere, communities=[theirs])
    for role in ("manager", "admin"):
        above = organisation.open(role)
        assert client.post(f"/api/v1/accounts/{above['id']}/invitations", headers=everywhere).status_code == 403


def test_a_manager_sees_the_invitations_of_their_own(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation
) -> None:
    ours = fresh()
    mine = invite(client, admin, communities=[ours])["invitation"]["id"]
    others = invite(client, admin, communities=[fresh()])["invitation"]["id"]
    staff = invite(client, admin, communities=[ours], role="manager", badge="x")["invitation"]["id"]
    by = manager(client, organisation, ours)
    shown = client.get("/api/v1/invitations?state=open", headers=by).get_json()["items"]
    assert [one["id"] for one in shown] == [mine]
    for hidden in (others, staff):
        for path in ("", "/link"):
            assert client.get(f"/api/v1/invitations/{hidden}{path}", headers=by).status_code == 403
        for path in ("/revoke", "/send"):
            assert client.post(f"/api/v1/invitations/{hidden}{path}", json={}, headers=by).status_code == 403
    assert len(client.get("/api/v1/invitations", headers=admin).get_json()["items"]) == 3


def test_another_organisation_sees_nothing(
    client: FlaskClient, admin: dict[str, str], other_organisation: Organisation
) -> None:
    made = invite(client, admin)
    stranger = bearer(sign_in(client, other_organisation.open("admin")["login"]))
    assert client.get("/api/v1/invitations", headers=stranger).get_json() == {"items": []}
    path = f"/api/v1/invitations/{made['invitation']['id']}"
    assert client.get(path, headers=stranger).status_code == 404
    assert client.get(f"{path}/link", headers=stranger).status_code == 404
    again = f"/api/v1/accounts/{made['account']['id']}/invitations"
    assert client.post(again, headers=stranger).status_code == 404


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher"])
def test_nobody_else_invites(client: FlaskClient, organisation: Organisation, role: str) -> None:
    by = bearer(sign_in(client, organisation.open(role)["login"]))
    assert client.post("/api/v1/invitations", json=new(), headers=by).status_code == 403
    assert client.get("/api/v1/invitations", headers=by).status_code == 403


def test_a_closed_account_is_not_invited_and_its_link_opens_nothing(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    path = f"/api/v1/accounts/{made['account']['id']}"
    client.patch(path, json={"active": False}, headers={**admin, "If-Match": '"v1"'})
    assert accept(client, token).status_code == 404
    assert client.post(f"{path}/invitations", headers=admin).status_code == 409


def test_an_erased_person_cannot_come_back_by_their_link(client: FlaskClient, admin: dict[str, str]) -> None:
    made, token = invited(client, admin)
    body = {"account_id": made["account"]["id"], "reason": "requested"}
    assert client.post("/api/v1/erasures", json=body, headers=admin).status_code == 201
    assert accept(client, token).status_code == 404


def test_the_database_lets_nobody_else_read_or_use_an_invitation(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, web: Engine
) -> None:
    made = invite(client, admin)["invitation"]
    with web.begin() as db:
        assert db.execute(select(models.invitations)).all() == []
        for setting, value in (("organisation", organisation.id), ("role", "dispatcher"), ("person", fresh())):
            db.exec_driver_sql("SELECT set_config(%s, %s, true)", (f"doorstep.{setting}", value))
        assert db.execute(select(models.invitations)).all() == []
        table = models.invitations
        assert db.execute(update(table).where(table.c.id == made["id"]).values(used_at=None)).rowcount == 0


def test_a_retry_opens_one_account(client: FlaskClient, admin: dict[str, str]) -> None:
    body, key = new(), {"Idempotency-Key": "once"}
    answers = [client.post("/api/v1/invitations", json=body, headers={**admin, **key}) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert client.post("/api/v1/invitations", json=body, headers=admin).status_code == 409
