"""What an organisation says of itself: read by its people, changed by its admins alone, and each change on record."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from sqlalchemy.exc import ProgrammingError

from gateway import models
from services.kit.database import transaction
from services.kit.testing import actor
from tests.gateway.conftest import FakeService, Organisation, bearer, json_answer, sign_in

PATH = "/api/v1/organisation"
ROLES = ("resident", "crew", "dispatcher", "manager", "admin")


def by(client: FlaskClient, organisation: Organisation, role: str) -> dict[str, str]:
    """Return the headers of somebody of the organisation."""
    return bearer(sign_in(client, organisation.open(role)["login"]))


def patch(client: FlaskClient, headers: dict[str, str], body: Any, tag: str | None = '"v1"') -> Any:
    """Change the organisation as it was read."""
    return client.patch(PATH, json=body, headers={**headers, **({"If-Match": tag} if tag else {})})


def test_an_admin_changes_names_language_and_telephone_numbers(
    client: FlaskClient, organisation: Organisation, services: dict[str, FakeService]
) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"items": []})
    admin = by(client, organisation, "admin")
    first = client.get(PATH, headers=admin)
    assert (first.status_code, first.headers["ETag"], first.get_json()["phone"]) == (200, '"v1"', None)
    body = {
        "name": "华庭物业",
        "name_en": "Huating",
        "phone": "0532-8888 1234 转 5",
        "emergency_phone": "+86 532 110",
        "locale": "en",
    }
    answer = patch(client, admin, body)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"v2"')
    assert {name: answer.get_json()[name] for name in body} == body
    for language, name in (("zh-CN", "华庭物业"), ("en", "Huating")):
        me = client.get("/api/v1/me", headers={**admin, "Accept-Language": language}).get_json()["organisation"]
        assert (me["name"], me["phone"], me["emergency_phone"]) == (name, "0532-8888 1234 转 5", "+86 532 110")
    new = {"login": f"nobody-{organisation.id[:8]}", "password": "long enough", "role": "crew", "badge": "K1"}
    assert client.post("/api/v1/accounts", json=new, headers=admin).get_json()["locale"] == "en"


def test_a_change_is_on_record_and_the_same_again_is_none(client: FlaskClient, organisation: Organisation) -> None:
    admin = by(client, organisation, "admin")
    assert patch(client, admin, {"phone": "0532 8888"}).status_code == 200
    assert patch(client, admin, {"phone": "0532 8888"}, '"v2"').headers["ETag"] == '"v2"'
    assert patch(client, admin, {"phone": None}, '"v2"').status_code == 200
    last, first = client.get(f"{PATH}/changes", headers=admin).get_json()["items"]
    assert first["changes"] == {"phone": [None, "0532 8888"]}
    assert last["changes"] == {"phone": ["0532 8888", None]}
    page = client.get(f"{PATH}/changes?limit=1", headers=admin)
    assert len(page.get_json()["items"]) == 1
    assert 'rel="next"' in page.headers["Link"]


def test_what_somebody_changed_meanwhile_is_not_written_over(client: FlaskClient, organisation: Organisation) -> None:
    admin = by(client, organisation, "admin")
    assert patch(client, admin, {"phone": "1234567"}, None).status_code == 428
    assert patch(client, admin, {"phone": "1234567"}).status_code == 200
    assert patch(client, admin, {"phone": "7654321"}).status_code == 412


@pytest.mark.parametrize("role", ROLES)
def test_everybody_reads_it_and_admins_alone_change_it(
    client: FlaskClient, organisation: Organisation, role: str
) -> None:
    headers = by(client, organisation, role)
    assert client.get(PATH, headers=headers).status_code == 200
    expected = (200, 200) if role == "admin" else (403, 403)
    assert patch(client, headers, {"phone": "1234567"}).status_code == expected[0]
    assert client.get(f"{PATH}/changes", headers=headers).status_code == expected[1]


def test_one_organisation_does_not_see_anothers(
    client: FlaskClient, organisation: Organisation, other_organisation: Organisation
) -> None:
    patch(client, by(client, organisation, "admin"), {"phone": "1234567"})
    others = by(client, other_organisation, "admin")
    assert client.get(PATH, headers=others).get_json()["phone"] is None
    assert client.get(f"{PATH}/changes", headers=others).get_json()["items"] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", None), ("name", "x" * 101), ("name_en", "a\u0000b"), ("locale", "fr"), ("phone", "call"),
        ("phone", "1234567\n"), ("phone", "1"), ("emergency_phone", 110), ("phone", "tel:1234567"), ("id", "x"),
        ("revision", 7),
    ],
)  # fmt: skip
def test_what_cannot_be_names_its_field(
    client: FlaskClient, organisation: Organisation, field: str, value: object
) -> None:
    answer = patch(client, by(client, organisation, "admin"), {field: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


def test_the_database_lets_admins_alone_change_it_and_nobody_its_record(
    client: FlaskClient, organisation: Organisation, web: Engine
) -> None:
    patch(client, by(client, organisation, "admin"), {"phone": "1234567"})
    change = update(models.organisations).values(phone="999999")
    with transaction(web, actor("manager", organisation_id=organisation.id)) as db:
        assert db.execute(change).rowcount == 0
    for statement in (models.organisation_changes.delete(), models.organisation_changes.update().values(changes={})):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction(web, actor("admin", organisation_id=organisation.id)) as db,
        ):
            db.execute(statement)
