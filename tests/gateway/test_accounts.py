"""Who the caller is, and accounts as admins open and change them."""

import hashlib
import json
import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from gateway import models
from gateway.commands.accounts import announce
from services.kit.http import write_cursor
from services.kit.testing import fresh
from tests.gateway.conftest import Answer, FakeService, Organisation, bearer, json_answer, sign_in

NEW = {"login": "neu", "password": "long-enough", "role": "crew", "badge": "维修 7", "skills": ["plumbing"]}


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


def new(**changes: Any) -> dict[str, Any]:
    return {**NEW, "login": f"new-{fresh()[-12:]}", **changes}


def published(worker: Engine, account_id: str) -> list[dict[str, Any]]:
    with worker.connect() as db:
        rows = db.execute(select(models.outbox).filter_by(subject=account_id).order_by(models.outbox.c.id))
        return [dict(row) for row in rows.mappings()]


def test_me_names_the_units_that_tickets_knows(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService]
) -> None:
    unit, community = fresh(), fresh()
    tokens = sign_in(client, organisation.open(unit_ids=[unit])["login"])
    place = {"id": unit, "name": "1502", "building": "3 栋", "community": {"id": community, "name": "枫林苑"}}
    services["tickets"].answer = lambda _asked: json_answer({"items": [place]})
    me = client.get("/api/v1/me", headers=bearer(tokens)).get_json()
    assert me["units"] == [place]
    assert me["communities"] == [{"id": community, "name": "枫林苑"}]
    called = {"phone": None, "emergency_phone": None}
    assert me["organisation"] == {"id": organisation.id, "name": "某物业", **called}
    assert (me["role"], me["badge"], me["units_complete"]) == ("resident", None, True)
    asked = services["tickets"].asked[0]
    assert asked["path"].startswith("/api/v1/units")
    assert asked["headers"]["authorization"] == f"Bearer {tokens['access_token']}"


def test_me_names_the_communities_of_staff(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService]
) -> None:
    communities = [{"id": fresh(), "name": name} for name in ("枫林苑", "江湾城")]
    services["tickets"].answer = lambda _asked: json_answer({"items": communities})
    tokens = sign_in(client, organisation.open("manager")["login"])
    me = client.get("/api/v1/me", headers=bearer(tokens)).get_json()
    assert (me["communities"], me["units"], me["units_complete"]) == (communities, [], True)


@pytest.mark.parametrize("status", [500, 503])
def test_me_answers_with_ids_while_tickets_does_not(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService], status: int
) -> None:
    unit = fresh()
    tokens = sign_in(client, organisation.open(unit_ids=[unit])["login"])
    services["tickets"].answer = lambda _asked: Answer(status)
    answer = client.get("/api/v1/me", headers=bearer(tokens))
    assert answer.status_code == 200
    assert answer.get_json()["units"] == [{"id": unit, "name": None, "building": None, "community": None}]
    assert answer.get_json()["units_complete"] is False


def test_an_admin_opens_an_account_that_can_sign_in(client: FlaskClient, admin: dict[str, str], worker: Engine) -> None:
    body = new(communities=[fresh()])
    answer = client.post("/api/v1/accounts", json=body, headers=admin)
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"v1"')
    opened = answer.get_json()
    assert "password" not in str(opened)
    assert client.get(answer.headers["Location"], headers=admin).get_json() == opened
    sign_in(client, body["login"], body["password"])
    (event,) = published(worker, opened["id"])
    assert event["type"] == "account.changed.v1"
    assert event["data"] == {
        "account_id": opened["id"],
        "revision": 1,
        "role": "crew",
        "active": True,
        "locale": "zh-CN",
        "community_ids": body["communities"],
        "unit_ids": [],
        "skills": ["plumbing"],
        "badge": "维修 7",
    }


def test_a_taken_login_is_a_conflict_in_any_organisation(
    client: FlaskClient, admin: dict[str, str], other_organisation: Organisation
) -> None:
    taken = other_organisation.open()["login"]
    answer = client.post("/api/v1/accounts", json=new(login=taken.upper()), headers=admin)
    assert answer.status_code == 409


def test_the_same_key_opens_one_account(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine
) -> None:
    body, headers = new(), {**admin, "Idempotency-Key": '"once"'}
    sent = json.dumps(body).encode()
    first = client.post("/api/v1/accounts", data=sent, content_type="application/json", headers=headers)
    again = client.post("/api/v1/accounts", data=sent, content_type="application/json", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    assert client.post("/api/v1/accounts", json=new(), headers=headers).status_code == 422
    with worker.connect() as db:
        kept = db.execute(select(models.idempotency_keys).filter_by(organisation_id=organisation.id)).mappings().one()
    plain = {hashlib.sha256(sent).hexdigest(), hashlib.sha256(b"\n" + sent).hexdigest()}
    assert kept["body_sha256"] not in plain, "a password in the body could be guessed from a plain digest"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"login": "a b"}, "login"),
        ({"login": "😀😀"}, "login"),
        ({"login": None}, "login"),
        ({"password": "short"}, "password"),
        ({"role": "system"}, "role"),
        ({"role": 1}, "role"),
        ({"badge": None}, "badge"),
        ({"badge": "x" * 41}, "badge"),
        ({"badge": "a\nb"}, "badge"),
        ({"locale": "fr"}, "locale"),
        ({"communities": ["x"]}, "communities.0"),
        ({"communities": "x"}, "communities"),
        ({"units": ["0192f0c1-2345-7abc-8def-0123456789ab"]}, "units"),
        ({"skills": ["juggling"]}, "skills.0"),
        ({"active": False}, "active"),
        ({"organisation_id": "x"}, "organisation_id"),
    ],
)
def test_a_bad_field_is_named(client: FlaskClient, admin: dict[str, str], changes: dict, field: str) -> None:
    answer = client.post("/api/v1/accounts", json=new(**changes), headers=admin)
    assert answer.status_code == 422
    assert field in {error["field"] for error in answer.get_json()["errors"]}


def test_a_change_needs_the_version_it_was_made_on(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, worker: Engine
) -> None:
    account = organisation.open("crew")
    path = f"/api/v1/accounts/{account['id']}"
    assert client.patch(path, json={"badge": "新"}, headers=admin).status_code == 428
    changed = client.patch(path, json={"badge": "新"}, headers={**admin, "If-Match": '"v1"'})
    assert (changed.status_code, changed.headers["ETag"], changed.get_json()["badge"]) == (200, '"v2"', "新")
    assert client.patch(path, json={"badge": "旧"}, headers={**admin, "If-Match": '"v1"'}).status_code == 412
    assert client.patch(path, json={"badge": "旧"}, headers={**admin, "If-Match": "v1"}).status_code == 422
    assert [event["data"]["revision"] for event in published(worker, account["id"])] == [1, 2]


def test_of_two_changes_at_once_one_wins(
    app: Flask, client: FlaskClient, admin: dict[str, str], organisation: Organisation
) -> None:
    path = f"/api/v1/accounts/{organisation.open('crew')['id']}"
    headers, statuses = {**admin, "If-Match": '"v1"'}, []

    def change(badge: str) -> None:
        statuses.append(app.test_client().patch(path, json={"badge": badge}, headers=headers).status_code)

    threads = [threading.Thread(target=change, args=(f"b{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412, 412, 412]


@pytest.mark.parametrize("change", [{"active": False}, {"password": "another-long-one"}, {"role": "dispatcher"}])
def test_losing_trust_ends_the_sessions(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation, change: dict
) -> None:
    account = organisation.open("crew")
    tokens = sign_in(client, account["login"])
    path = f"/api/v1/accounts/{account['id']}"
    assert client.patch(path, json=change, headers={**admin, "If-Match": "*"}).status_code == 200
    answer = client.post("/api/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]})
    assert answer.status_code == 401


def test_an_admin_cannot_lock_themselves_out(client: FlaskClient, organisation: Organisation) -> None:
    account = organisation.open("admin")
    headers = {**bearer(sign_in(client, account["login"])), "If-Match": '"v1"'}
    path = f"/api/v1/accounts/{account['id']}"
    assert client.patch(path, json={"active": False}, headers=headers).status_code == 422
    assert client.patch(path, json={"role": "crew"}, headers=headers).status_code == 422


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher", "manager"])
def test_only_admins_see_accounts(client: FlaskClient, organisation: Organisation, role: str) -> None:
    headers = bearer(sign_in(client, organisation.open(role)["login"]))
    assert client.get("/api/v1/accounts", headers=headers).status_code == 403
    assert client.post("/api/v1/accounts", json=new(), headers=headers).status_code == 403


def test_an_admin_of_another_organisation_finds_nothing(
    client: FlaskClient, admin: dict[str, str], other_organisation: Organisation
) -> None:
    path = f"/api/v1/accounts/{other_organisation.open('crew')['id']}"
    assert client.get(path, headers=admin).status_code == 404
    assert client.patch(path, json={"badge": "x"}, headers={**admin, "If-Match": "*"}).status_code == 404
    assert client.get("/api/v1/accounts/not-an-id", headers=admin).status_code == 404


def test_pages_follow_each_other_without_gaps(
    client: FlaskClient, admin: dict[str, str], organisation: Organisation
) -> None:
    opened = [organisation.open("crew")["id"] for _ in range(5)]
    seen, path = [], "/api/v1/accounts?limit=2&role=crew"
    while path:
        answer = client.get(path, headers=admin)
        seen += [item["id"] for item in answer.get_json()["items"]]
        path = answer.headers.get("Link", "").partition(">")[0].removeprefix("<")
    assert seen == opened


NO_ID = write_cursor(["-" * 36])  # Shaped like an id, and none to the database.


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=101", "after=x", "after=WyJ4Il0", f"after={NO_ID}", "role=x", "more=1"]
)
def test_a_bad_query_is_named(client: FlaskClient, admin: dict[str, str], query: str) -> None:
    answer = client.get(f"/api/v1/accounts?{query}", headers=admin)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == query.partition("=")[0]


def test_every_account_is_announced_as_it_is_to_who_has_only_begun_to_listen(
    worker: Engine, organisation: Organisation
) -> None:
    opened = [organisation.open("resident")["id"] for _ in range(3)]
    after, batches = None, 0
    while True:
        with worker.begin() as db:
            batch = announce(db, after, 2)
        if not batch:
            break
        after, batches = batch[-1], batches + 1
    assert batches >= 2
    for account_id in opened:
        first, again = published(worker, account_id)
        assert first["data"] == again["data"]
        assert first["event_id"] != again["event_id"]
