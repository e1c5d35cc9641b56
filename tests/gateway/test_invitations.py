"""Accounts that somebody else opens: whoever is invited chooses the password, once, and nobody else ever knows it."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from gateway import models
from gateway.limits import Limit
from services.kit.invitations import Invitations
from services.kit.settings import Settings
from services.kit.testing import at, fresh
from tests.gateway.conftest import PASSWORD, FakeService, Organisation, bearer, json_answer, sign_in

CHOSEN = "chosen by myself"


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


def manager(client: FlaskClient, organisation: Organisation, *communities: str) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("manager", community_ids=communities)["login"]))


def new(**changes: Any) -> dict[str, Any]:
    return {"login": f"new-{fresh()[-12:]}", "role": "resident", "locale": "en", **changes}


def invite(client: FlaskClient, by: dict[str, str], **changes: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/invitations", json=new(**changes), headers=by)
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def token_of(client: FlaskClient, by: dict[str, str], invitation_id: str) -> str:
    answer = client.get(f"/api/v1/invitations/{invitation_id}/link", headers=by)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    link = answer.get_json()["link"]
    assert link.startswith("http")
    return link.rpartition("/join/")[2]


def accept(client: FlaskClient, token: str, password: str = CHOSEN, **more: Any) -> Any:
    return client.post("/api/v1/auth/invitation/accept", json={"token": token, "password": password, **more})


def signs_in(client: FlaskClient, login: str, password: str) -> bool:
    return client.post("/api/v1/auth/token", json={"login": login, "password": password}).status_code == 200


def invited(client: FlaskClient, admin: dict[str, str], **changes: Any) -> tuple[dict[str, Any], str]:
    made = invite(client, admin, **changes)
    return made, token_of(client, admin, made["invitation"]["id"])


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


def test_a_link_is_handed_to_notify_with_its_address(
    client: FlaskClient, admin: dict[str, str], services: dict[str, FakeService]
) -> None:
    made, token = invited(client, admin)
    person = made["account"]["id"]
    answers = json_answer({"by_mail": True, "items": [{"person_id": person, "queued": True}]})
    services["notify"].answer = lambda _asked: answers
    path = f"/api/v1/invitations/{made['invitation']['id']}/send"
    answer = client.post(path, json={"email": "li@example.org"}, headers=admin)
    assert (answer.status_code, answer.get_json()["state"]) == (202, "open")
    assert answer.get_json()["sent_at"]
    (asked,) = services["notify"].asked
    (item,) = orjson.loads(asked["body"])["items"]
    assert asked["path"] == "/api/v1/invitation-letters"
    assert asked["headers"]["authorization"] == admin["Authorization"]
    assert (item["token"], item["person_id"], item["email"]) == (token, person, "li@example.org")
    assert (item["purpose"], item["locale"]) == ("join", "en")


@pytest.mark.parametrize(
    ("told", "status", "code"),
    [
        (json_answer({"by_mail": True, "items": [{"queued": False}]}), 409, "conflict"),
        (json_answer({"by_mail": False, "items": [{"queued": False}]}), 409, "conflict"),
        (json_answer({}, 422), 422, "invalid"),
        (json_answer({}, 503), 503, "unavailable"),
        (json_answer({}, 404), 503, "unavailable"),
    ],
)
def test_a_link_that_could_not_be_sent_is_said_so(
    client: FlaskClient, admin: dict[str, str], services: dict[str, FakeService], told: Any, status: int, code: str
) -> None:
    made = invite(client, admin)["invitation"]
    services["notify"].answer = lambda _asked: told
    answer = client.post(f"/api/v1/invitations/{made['id']}/send", json={"email": "x@example.org"}, headers=admin)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert client.get(f"/api/v1/invitations/{made['id']}", headers=admin).get_json()["sent_at"] is None


def test_a_retry_opens_one_account(client: FlaskClient, admin: dict[str, str]) -> None:
    body, key = new(), {"Idempotency-Key": "once"}
    answers = [client.post("/api/v1/invitations", json=body, headers={**admin, **key}) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert client.post("/api/v1/invitations", json=body, headers=admin).status_code == 409


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
