"""What the services note of who saw what is one list to a manager, in order, and says what is missing."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from services.kit.testing import fresh
from tests.gateway.conftest import Answer, FakeService, Organisation, bearer, json_answer, sign_in


@pytest.fixture
def manager(client: FlaskClient, organisation: Organisation) -> dict[str, str]:
    return bearer(sign_in(client, organisation.open("manager")["login"]))


def look(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-7000-8000-{number:012}",
        "at": f"2026-11-22T00:00:{number:02}+00:00",
        "viewer_id": fresh(),
        "viewer_name": "客服 1",
        "viewer_role": "dispatcher",
        "ticket_id": None,
        **more,
    }


HOMES = [look(n, what="household", reason="call", unit_id=fresh(), subject="1栋 101") for n in (5, 3, 1)]
ANSWERS = [look(n, ticket_id=fresh(), purpose="quality", survey_id=fresh()) for n in (4, 2)]

TABLES = [look(6, what="report", subject="told", viewer_name=None)]


def serve(services: dict[str, FakeService]) -> None:
    services["tickets"].answer = lambda _asked: json_answer({"items": HOMES})
    services["surveys"].answer = lambda _asked: json_answer({"items": ANSWERS})
    services["notify"].answer = lambda _asked: json_answer({"items": TABLES})


def test_the_records_are_one_list(
    client: FlaskClient, manager: dict[str, str], services: dict[str, FakeService]
) -> None:
    serve(services)
    answer = client.get("/api/v1/views?limit=5", headers={**manager, "Accept-Language": "en"})
    body = answer.get_json()
    assert [int(item["id"][-12:]) for item in body["items"]] == [6, 5, 4, 3, 2]
    assert [item["says"] for item in body["items"][:3]] == [
        "took out the report “told in time”",
        "the record of home 1栋 101 for a call",
        "what a household answered to look after quality",
    ]
    assert body["missing"] == []
    assert 'rel="next"' in answer.headers["Link"]
    chinese = client.get("/api/v1/views", headers={**manager, "Accept-Language": "zh-CN"}).get_json()
    assert chinese["items"][0]["says"] == "查看：报表（通知及时）"
    assert chinese["items"][1]["says"] == "为电话联系查看：住户档案（1栋 101）"
    for service, path in (
        ("tickets", "/api/v1/looks?limit=6"),
        ("surveys", "/api/v1/return-visits/answers/views?limit=6"),
        ("notify", "/api/v1/reports/told/exports?limit=6"),
    ):
        assert services[service].asked[0]["path"] == path
        assert services[service].asked[0]["headers"]["authorization"] == manager["Authorization"]


def test_the_services_are_asked_for_one_persons_looks_at_one_home(
    client: FlaskClient, manager: dict[str, str], services: dict[str, FakeService]
) -> None:
    serve(services)
    who, home = fresh(), fresh()
    for query in (f"viewer_id={who}", f"viewer_id={who}&unit_id={home}"):
        assert client.get(f"/api/v1/views?{query}", headers=manager).status_code == 200
    asked = {name: [one["path"].partition("?")[2] for one in services[name].asked] for name in services}
    # Tables that nobody's home is in are none of a home's.
    assert [len(asked[name]) for name in ("tickets", "surveys", "notify")] == [2, 2, 1]
    for name in ("tickets", "surveys"):
        assert all(f"viewer_id={who}" in query for query in asked[name])
        assert [f"unit_id={home}" in query for query in asked[name]] == [False, True]


def test_a_number_that_was_seen_is_said_with_its_report(
    client: FlaskClient, manager: dict[str, str], services: dict[str, FakeService]
) -> None:
    serve(services)
    seen = look(7, what="contact", reason=None, ticket_id=fresh(), unit_id=fresh(), subject="R-1 · 1栋 101")
    services["tickets"].answer = lambda _asked: json_answer({"items": [seen]})
    for language, words in (
        ("en", "the telephone number left with R-1 · 1栋 101"),
        ("zh-CN", "查看：报事留下的电话（R-1 · 1栋 101）"),
    ):
        said = client.get("/api/v1/views", headers={**manager, "Accept-Language": language}).get_json()["items"][0]
        assert (said["what"], said["says"], said["unit_id"]) == ("contact", words, seen["unit_id"])


def test_what_is_missing_is_said(
    client: FlaskClient, manager: dict[str, str], services: dict[str, FakeService]
) -> None:
    serve(services)
    services["surveys"].answer = lambda _asked: Answer(503, b"{}")
    body = client.get("/api/v1/views", headers=manager).get_json()
    assert (len(body["items"]), body["missing"]) == (4, ["surveys"])


@pytest.mark.parametrize("status", [401, 403, 422])
def test_a_refusal_is_not_taken_for_an_outage(
    client: FlaskClient, manager: dict[str, str], services: dict[str, FakeService], status: int
) -> None:
    serve(services)
    services["surveys"].answer = lambda _asked: Answer(status, b"{}")
    answer = client.get("/api/v1/views", headers=manager)
    assert answer.status_code == 500


@pytest.mark.parametrize("role", ["resident", "crew", "dispatcher", "admin"])
def test_nobody_else_reads_it(client: FlaskClient, organisation: Organisation, role: str) -> None:
    by = bearer(sign_in(client, organisation.open(role)["login"]))
    assert client.get("/api/v1/views", headers=by).status_code == 403


@pytest.mark.parametrize("query", ["after=x", "limit=51", "limit=0", "colour=blue", "viewer_id=x", "unit_id=1"])
def test_nonsense_is_refused(client: FlaskClient, manager: dict[str, str], query: str) -> None:
    assert client.get(f"/api/v1/views?{query}", headers=manager).status_code == 422
