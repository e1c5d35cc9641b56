"""What everybody changes of their own account: the language they read, and ending every session."""

from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.gateway.conftest import FakeService, Organisation, bearer, json_answer, sign_in
from tests.gateway.test_accounts import published


def test_the_language_is_kept_and_told(
    client: FlaskClient, organisation: Organisation, worker: Engine, services: dict[str, FakeService]
) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"items": []})
    account = organisation.open("crew")
    mine = bearer(sign_in(client, account["login"]))
    before = len(published(worker, account["id"]))
    for _ in range(2):
        assert client.patch("/api/v1/me", json={"locale": "en"}, headers=mine).status_code == 204
    told = published(worker, account["id"])[before:]
    assert len(told) == 1
    for body in ({}, {"locale": "fr"}, {"locale": "en", "role": "admin"}):
        assert client.patch("/api/v1/me", json=body, headers=mine).status_code == 422


def test_every_session_ends_at_once(client: FlaskClient, organisation: Organisation) -> None:
    login = organisation.open("crew")["login"]
    first, second = sign_in(client, login), sign_in(client, login)
    assert client.post("/api/v1/me/sign-out", headers=bearer(first)).status_code == 204
    for tokens in (first, second):
        renewed = client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
        assert renewed.status_code == 401
    assert client.post("/api/v1/me/sign-out").status_code == 401
