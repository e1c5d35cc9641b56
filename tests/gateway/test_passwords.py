"""Passwords that are forgotten, weak or known: who may choose a new one, and who hears of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from gateway import models
from gateway.limits import Limit
from tests.gateway.conftest import PASSWORD, FakeService, Organisation, bearer, json_answer, sign_in
from tests.gateway.inviting import CHOSEN, accept, invite, invited, signs_in, token_of


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


def test_a_forgotten_password_is_chosen_anew_and_every_session_ends(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation
) -> None:
    account = organisation.open()
    before = sign_in(client, account["login"])
    made = client.post(f"/api/v1/accounts/{account['id']}/invitations", headers=admin).get_json()
    assert made["purpose"] == "reset"
    lasts = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(hours=23) < lasts <= timedelta(hours=24)
    assert signs_in(client, account["login"], PASSWORD), "until a new one is chosen, the old one holds"
    accept(client, token_of(client, admin, made["id"]))
    assert not signs_in(client, account["login"], PASSWORD)
    assert client.post("/api/v1/auth/refresh", json={"refresh_token": before["refresh_token"]}).status_code == 401


def confirmed(services: dict[str, FakeService], answer: dict[str, Any] | None) -> None:
    """Let notify say whether somebody confirmed an address; None where it does not answer."""
    said = json_answer(answer or {}, 200 if answer else 503)
    services["notify"].answer = lambda _asked: said


def test_only_its_owner_reads_a_link_for_a_forgotten_password_where_it_can_be_sent(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, services: dict[str, FakeService]
) -> None:
    account = organisation.open()
    manager = bearer(sign_in(client, organisation.open("manager")["login"]))
    made = client.post(f"/api/v1/accounts/{account['id']}/invitations", headers=manager).get_json()
    path = f"/api/v1/invitations/{made['id']}/link"
    confirmed(services, {"confirmed": True})
    refused = client.get(path, headers=manager)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "conflict")
    assert services["notify"].asked[0]["path"] == f"/api/v1/invitation-letters/{account['id']}/reached"
    confirmed(services, None)
    assert client.get(path, headers=manager).status_code == 503
    assert client.get(path, headers=admin).status_code == 200
    confirmed(services, {"confirmed": False})
    assert client.get(path, headers=manager).status_code == 200, "paper is all there is for whoever has no address"


def test_whoever_an_account_belongs_to_is_told_of_a_link_that_others_made(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine
) -> None:
    account = organisation.open()
    made = client.post(f"/api/v1/accounts/{account['id']}/invitations", headers=admin).get_json()
    invite(client, admin)
    published = select(models.outbox.c.data).where(models.outbox.c.type == "account.reinvited.v1")
    with worker.connect() as db:
        told = [one for one in db.execute(published).scalars() if one["account_id"] == account["id"]]
    assert [one["expires_at"] for one in told] == [made["expires_at"]]
    assert told[0]["actor_id"] == made["made_by"]


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaa", "abababababab"])
def test_a_password_that_anybody_would_try_is_refused_and_the_link_stays(
    client: FlaskClient, admin: dict[str, str], password: str
) -> None:
    made, token = invited(client, admin)
    for bad in (password, made["account"]["login"], made["account"]["login"].upper()):
        answer = accept(client, token, bad)
        assert answer.status_code == 422
        assert [one["field"] for one in answer.get_json()["errors"]] == ["password"]
    assert accept(client, token).status_code == 200


def test_a_password_is_changed_by_whoever_knows_it(client: FlaskClient, organisation: Organisation) -> None:
    account = organisation.open()
    first, other = sign_in(client, account["login"]), sign_in(client, account["login"])
    path = "/api/v1/me/password"
    wrong = client.post(path, json={"current": "a guess", "password": CHOSEN}, headers=bearer(first))
    assert (wrong.status_code, wrong.get_json()["errors"][0]["field"]) == (422, "current")
    weak = client.post(path, json={"current": PASSWORD, "password": account["login"]}, headers=bearer(first))
    assert (weak.status_code, weak.get_json()["errors"][0]["field"]) == (422, "password")
    done = client.post(path, json={"current": PASSWORD, "password": CHOSEN}, headers=bearer(first))
    assert done.status_code == 200
    for ended in (first, other):
        assert client.post("/api/v1/auth/refresh", json={"refresh_token": ended["refresh_token"]}).status_code == 401
    kept = client.post("/api/v1/auth/refresh", json={"refresh_token": done.get_json()["refresh_token"]})
    assert kept.status_code == 200
    assert signs_in(client, account["login"], CHOSEN)
    assert not signs_in(client, account["login"], PASSWORD)


def test_guessing_the_present_password_is_counted(build: Any, organisation: Organisation) -> None:
    client = build(login_limit=Limit(4, 60)).test_client()
    tokens = sign_in(client, organisation.open()["login"])
    body = {"current": "a guess", "password": CHOSEN}
    guesses = [client.post("/api/v1/me/password", json=body, headers=bearer(tokens)).status_code for _ in range(5)]
    assert guesses == [422] * 3 + [429] * 2
