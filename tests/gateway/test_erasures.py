"""Erasing a resident at the gateway: the account becomes an id, the services are told, and the logs keep no words."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from gateway import models
from gateway.commands.erasures import erase_asked, erase_person
from services.kit import clock, erasures, testing
from services.kit.database import transaction
from tests.gateway.conftest import PASSWORD, Organisation, bearer, sign_in

NAME = "wang-xiaomei-13900001234"


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


def ask(client: FlaskClient, admin: dict[str, str], account_id: str, reason: str = "requested") -> Any:
    return client.post("/api/v1/erasures", json={"account_id": account_id, "reason": reason}, headers=admin)


def rows(worker: Engine, table: Any, **where: str) -> list[dict[str, Any]]:
    with worker.connect() as db:
        return [dict(row) for row in db.execute(select(table).filter_by(**where)).mappings()]


def test_an_erased_account_is_an_id_that_nobody_signs_in_with(
    client: FlaskClient, organisation: Organisation, admin: dict[str, str], worker: Engine
) -> None:
    home = testing.fresh()
    resident = organisation.open(login=f"{NAME}-{testing.fresh()[-6:]}", unit_ids=[home])
    tokens = sign_in(client, resident["login"])
    answer = ask(client, admin, resident["id"])
    assert answer.status_code == 201, answer.text
    assert answer.json["account_id"] == resident["id"]
    refused = client.post("/api/v1/auth/token", json={"login": resident["login"], "password": PASSWORD})
    assert refused.status_code == 401
    body = {"refresh_token": tokens["refresh_token"]}
    assert client.post("/api/v1/auth/refresh", json=body).status_code == 401
    shown = client.get(f"/api/v1/accounts/{resident['id']}", headers=admin).json
    assert (shown["login"], shown["units"], shown["active"]) == (f"erased-{resident['id']}", [], False)
    events = rows(worker, models.outbox, subject=resident["id"])
    assert [event["type"] for event in events[-2:]] == ["account.changed.v1", "person.erased.v1"]
    assert events[-2]["data"]["active"] is False
    assert events[-1]["data"]["unit_ids"] == [home]
    assert NAME not in str(events)


def test_asked_for_twice_it_is_one_erasure(
    client: FlaskClient, organisation: Organisation, admin: dict[str, str]
) -> None:
    resident = organisation.open()
    first, second = ask(client, admin, resident["id"]), ask(client, admin, resident["id"], "moved_out")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json == second.json
    assert client.get("/api/v1/erasures", headers=admin).json["items"] == [first.json]


def test_who_is_erased_stays_erased(client: FlaskClient, organisation: Organisation, admin: dict[str, str]) -> None:
    resident = organisation.open()
    ask(client, admin, resident["id"])
    again = client.patch(
        f"/api/v1/accounts/{resident['id']}", json={"active": True}, headers={**admin, "If-Match": "*"}
    )
    assert again.status_code == 409


def test_only_an_admin_erases_and_only_residents_of_their_own(
    client: FlaskClient, organisation: Organisation, other_organisation: Organisation, admin: dict[str, str]
) -> None:
    crew = organisation.open("crew")
    refused = ask(client, admin, crew["id"])
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == ["account_id"]
    assert ask(client, admin, testing.fresh()).status_code == 404
    assert ask(client, admin, other_organisation.open()["id"]).status_code == 404
    assert ask(client, admin, organisation.open()["id"], "王女士想删除").status_code == 422
    for role in ("resident", "crew", "dispatcher", "manager"):
        who = bearer(sign_in(client, organisation.open(role)["login"]))
        assert ask(client, who, crew["id"]).status_code == 403, role


def test_the_worker_forgets_sessions_and_answers_that_name_the_login(
    client: FlaskClient, organisation: Organisation, admin: dict[str, str], worker: Engine
) -> None:
    login = f"{NAME}-{testing.fresh()[-6:]}"
    new = {"login": login, "password": "long-enough", "role": "resident"}
    opened = client.post("/api/v1/accounts", json=new, headers={**admin, "Idempotency-Key": f'"{testing.fresh()}"'})
    client.post("/api/v1/accounts", json={**new, "login": login + "x"}, headers={**admin, "Idempotency-Key": '"kept"'})
    sign_in(client, login, "long-enough")
    ask(client, admin, opened.json["id"])
    assert erase_asked(worker) >= 1
    assert erase_asked(worker) == 0
    assert rows(worker, models.refresh_tokens, account_id=opened.json["id"]) == []
    kept = [bytes(row["body"]) for row in rows(worker, models.idempotency_keys, organisation_id=organisation.id)]
    assert [body for body in kept if f'"{login}"'.encode() in body] == []
    assert len([body for body in kept if login.encode() in body]) == 1
    (logged,) = rows(worker, models.erasure_passes, person_id=opened.json["id"])
    assert logged["counts"] == {"refresh_tokens": 1, "idempotency_keys": 1}


def test_what_came_in_with_a_token_of_before_goes_in_a_second_pass(
    client: FlaskClient, organisation: Organisation, admin: dict[str, str], worker: Engine
) -> None:
    resident = organisation.open()
    ask(client, admin, resident["id"])
    erase_asked(worker)
    assert erasures.run_due(worker, models.erasure_passes, erase_person) == 0
    with testing.at(clock.now() + erasures.AGAIN_AFTER):
        assert erasures.run_due(worker, models.erasure_passes, erase_person) >= 1
        assert erasures.run_due(worker, models.erasure_passes, erase_person) == 0
    logged = rows(worker, models.erasure_passes, person_id=resident["id"])
    assert sorted(row["number"] for row in logged) == [1, 2]


def test_the_logs_are_only_added_to_and_are_the_admins(
    client: FlaskClient, organisation: Organisation, admin: dict[str, str], web: Engine, worker: Engine
) -> None:
    resident = organisation.open()
    ask(client, admin, resident["id"])
    erase_asked(worker)
    for change in (
        "DELETE FROM erasures", "UPDATE erasures SET reason = 'unlawful'", "DELETE FROM erasure_passes",
        "UPDATE erasure_passes SET counts = NULL",
    ):  # fmt: skip
        with pytest.raises(DBAPIError), worker.begin() as db:
            db.execute(text(change))
    manager = testing.actor("manager", organisation_id=organisation.id)
    with transaction(web, manager) as db:
        assert db.execute(text("SELECT count(*) FROM erasures")).scalar_one() == 0
    stranger = testing.actor("admin")
    with transaction(web, stranger) as db:
        assert db.execute(text("SELECT count(*) FROM erasures")).scalar_one() == 0
    with pytest.raises(DBAPIError), transaction(web, manager) as db:
        db.execute(text("SELECT count(*) FROM erasure_passes"))
