"""The desk finds the resident who is on the telephone: by their number, or by their home."""

from flask.testing import FlaskClient

from services.kit.testing import fresh
from tests.gateway.conftest import Organisation, bearer, sign_in


def found(client: FlaskClient, login: str, query: str) -> list[str]:
    answer = client.get(f"/api/v1/residents?{query}", headers=bearer(sign_in(client, login)))
    assert answer.status_code == 200, answer.text
    return [one["login"] for one in answer.get_json()["items"]]


def test_residents_are_found_by_number_and_by_home(client: FlaskClient, organisation: Organisation) -> None:
    home, here, number = fresh(), fresh(), f"138{fresh()[-8:]}"
    asking = organisation.open("dispatcher", community_ids=(here,))["login"]
    organisation.open("resident", login=number, community_ids=(here,), unit_ids=(home,))
    organisation.open("resident", login=f"9{number}", community_ids=(fresh(),), unit_ids=(home,))
    assert found(client, asking, f"q={number[3:]}") == [number]
    assert found(client, asking, f"unit_id={home}&unit_id={fresh()}") == [number]
    assert found(client, asking, f"unit_id={fresh()}") == []
    assert found(client, organisation.open("manager")["login"], f"q={number}") == [number, f"9{number}"]
    assert found(client, asking, "q=%25%25") == []


def test_residents_are_found_by_id_as_far_as_they_are_the_callers(
    client: FlaskClient, organisation: Organisation
) -> None:
    here = fresh()
    near = organisation.open("resident", community_ids=(here,))
    far = organisation.open("resident", community_ids=(fresh(),))
    crew = organisation.open("crew", community_ids=(here,))
    asking = organisation.open("dispatcher", community_ids=(here,))["login"]
    wanted = "&".join(f"id={one['id']}" for one in (near, far, crew))
    assert found(client, asking, wanted) == [near["login"]]


def test_the_search_needs_something_to_look_for(client: FlaskClient, organisation: Organisation) -> None:
    by = bearer(sign_in(client, organisation.open("dispatcher")["login"]))
    for query in ("", "q=1", "unit_id=x", "id=x", "everything=1"):
        assert client.get(f"/api/v1/residents?{query}", headers=by).status_code == 422, query


def test_nobody_else_finds_residents(client: FlaskClient, organisation: Organisation) -> None:
    for role in ("resident", "crew"):
        by = bearer(sign_in(client, organisation.open(role)["login"]))
        assert client.get("/api/v1/residents?q=resident", headers=by).status_code == 403
