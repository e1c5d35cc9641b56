"""A manager of one community opens no account in another one's homes, and sends no letter for another one's account."""

from typing import Any

import orjson
from flask.testing import FlaskClient

from services.kit.tables import Sheet, as_csv
from services.kit.testing import fresh
from tests.gateway.conftest import Answer, FakeService, Organisation, bearer, json_answer, sign_in
from tests.gateway.test_residents import HEADING, mark, post


def by_manager(client: FlaskClient, organisation: Organisation, community: str) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("manager", community_ids=[community])["login"]))


def test_a_manager_gives_homes_of_their_own_communities_only(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService]
) -> None:
    ours, home, elsewhere = fresh(), fresh(), fresh()

    def find(asked: dict[str, Any]) -> Answer:
        found = [{"id": one} for one in orjson.loads(asked["body"])["ids"] if one == home]
        return json_answer({"items": found})

    services["tickets"].answer = find
    by = by_manager(client, organisation, ours)
    for units, status in (([home], 201), ([elsewhere], 422), ([home, elsewhere], 422)):
        body = {"login": f"new-{mark()}", "role": "resident", "communities": [ours], "units": units}
        answer = client.post("/api/v1/invitations", json=body, headers=by)
        assert answer.status_code == status, answer.text
        if status == 422:
            assert [one["field"] for one in answer.get_json()["errors"]] == ["units"]


def test_a_table_sends_nobody_the_link_of_an_account_that_is_not_theirs(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService]
) -> None:
    ours, theirs, login = fresh(), fresh(), f"new-{mark()}"
    admin = bearer(sign_in(client, organisation.open("admin")["login"]))
    body = {"login": login, "role": "resident", "communities": [theirs]}
    assert client.post("/api/v1/invitations", json=body, headers=admin).status_code == 201
    unit = {"code": "A-1", "id": fresh(), "community_id": ours, "closed": False}
    services["tickets"].answer = lambda asked: json_answer({"items": [unit]})
    asked: list[Any] = []
    services["notify"].answer = lambda one: asked.append(one) or json_answer({"by_mail": True, "items": []})
    by = by_manager(client, organisation, ours)
    table = as_csv(Sheet("住户", HEADING, [["A-1", login, "evil@example.org", None, None]]))
    done = post(client, by, table)
    assert done.status_code == 200, done.text
    assert done.get_json()["letters"] == {"sent": 0, "unsent": 0, "because": None}
    assert asked == []
