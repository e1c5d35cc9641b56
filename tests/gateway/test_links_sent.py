"""Links that are sent by e-mail: notify alone writes letters, and what it cannot send is said."""

from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from tests.gateway.conftest import FakeService, Organisation, bearer, json_answer, sign_in
from tests.gateway.inviting import invite, invited


@pytest.fixture
def admin(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("admin")["login"]))


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
