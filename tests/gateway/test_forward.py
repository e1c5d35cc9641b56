"""Forwarding: what reaches a service, what comes back, and what happens when a service does not answer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway import nginx
from gateway.limits import Limit
from gateway.routes import read_table, table
from services.kit import testing
from tests.gateway.conftest import Answer, FakeService, json_answer

Services = dict[str, FakeService]
NGINX = Path(__file__).parents[2] / "deploy" / "nginx.conf"


def test_each_path_reaches_its_service(client: FlaskClient, services: Services) -> None:
    for path, service in [
        ("/catalogue", "tickets"),
        ("/triage", "tickets"),
        ("/tickets", "tickets"),
        ("/tickets/1/history", "tickets"),
        ("/pool", "tickets"),
        ("/units", "tickets"),
        ("/communities/1", "tickets"),
        ("/staff", "tickets"),
        ("/reports/sla", "tickets"),
        ("/notices/1/read", "notify"),
        ("/preferences", "notify"),
        ("/surveys/abc.def", "surveys"),
        ("/return-visits/1/answer", "surveys"),
        ("/callbacks/1/claim", "surveys"),
    ]:
        assert client.get(f"/api/v1{path}?a=1&b=水").status_code == 200
        asked = services[service].asked.pop()
        assert asked["path"] == f"/api/v1{path}?a=1&b=%E6%B0%B4"
    assert all(service.asked == [] for service in services.values())


def test_an_unknown_path_is_a_problem_of_our_own(client: FlaskClient, services: Services) -> None:
    for path in ("/api/v1/nothing", "/api/v1/ticketsandmore", "/api/v2/tickets", "/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert services["tickets"].asked == []


@pytest.mark.parametrize("path", ["/api/v1/tickets/../../metrics", "/api/v1/tickets//x", "/api/v1/tickets/%2e%2e/x"])
def test_a_path_cannot_climb_out(client: FlaskClient, services: Services, path: str) -> None:
    assert client.get(path).status_code in (400, 404)
    assert services["tickets"].asked == []


def test_what_a_service_needs_passes_and_what_it_must_not_believe_does_not(
    client: FlaskClient, services: Services
) -> None:
    client.post(
        "/api/v1/tickets",
        json={"description": "漏水"},
        headers={
            "Authorization": "Bearer x.y.z",
            "Accept-Language": "zh-CN",
            "If-Match": '"v3"',
            "Idempotency-Key": '"k"',
            "X-Request-ID": "request-number-1",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "X-User": "admin",
            "X-Forwarded-For": "1.2.3.4",
            "X-Forwarded-User": "admin",
            "Forwarded": "for=1.2.3.4",
            "Cookie": "session=x",
            "Connection": "keep-alive, X-Secret",
            "X-Secret": "x",
            "TE": "trailers",
            "Upgrade": "websocket",
            "Proxy-Authorization": "Basic x",
        },
    )
    headers = services["tickets"].asked[0]["headers"]
    assert services["tickets"].asked[0]["body"] == '{"description": "漏水"}'.encode()
    expected = {
        "authorization": "Bearer x.y.z",
        "accept-language": "zh-CN",
        "if-match": '"v3"',
        "idempotency-key": '"k"',
        "x-request-id": "request-number-1",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "content-type": "application/json",
    }
    assert expected.items() <= headers.items()
    assert set(headers) - set(expected) <= {"host", "content-length", "user-agent", "accept-encoding"}


def test_a_request_without_an_id_gets_one_and_a_trace(client: FlaskClient, services: Services) -> None:
    client.get("/api/v1/pool", headers={"X-Request-ID": "bad id\twith tab"})
    headers = services["tickets"].asked[0]["headers"]
    assert len(headers["x-request-id"]) == 36
    assert headers["traceparent"].startswith("00-")


def test_links_locations_tags_and_photos_come_back_and_hop_headers_do_not(
    client: FlaskClient, services: Services
) -> None:
    picture = bytes(range(256)) * 8192
    services["tickets"].answer = lambda _asked: Answer(
        201,
        picture,
        {
            "Content-Type": "image/jpeg",
            "Link": '</api/v1/tickets?after=x>; rel="next"',
            "Location": f"{services['tickets'].url}/api/v1/tickets/1",
            "ETag": '"v1"',
            "Connection": "X-Inner",
            "X-Inner": "secret",
            "Server": "inside",
            "Keep-Alive": "timeout=5",
            "X-Content-Type-Options": "nosniff",
            "Set-Cookie": "a=b",
        },
    )
    answer = client.get("/api/v1/tickets/1/photos/1")
    assert answer.status_code == 201
    assert answer.data == picture
    assert answer.headers["Link"] == '</api/v1/tickets?after=x>; rel="next"'
    assert answer.headers["Location"] == "/api/v1/tickets/1"
    assert answer.headers["ETag"] == '"v1"'
    assert not {"X-Inner", "Server", "Keep-Alive", "Set-Cookie", "Connection"} & set(answer.headers.keys())
    assert answer.headers.get_all("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_a_head_request_has_a_length_and_no_body(client: FlaskClient, services: Services) -> None:
    answer = client.head("/api/v1/pool")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", "12")
    assert client.get("/api/v1/pool").status_code == 200
    assert len({asked["peer"] for asked in services["tickets"].asked}) == 1


def test_an_answer_without_content_passes(client: FlaskClient, services: Services) -> None:
    services["notify"].answer = lambda _asked: Answer(204, b"", {})
    answer = client.post("/api/v1/notices/1/read")
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_redirect_is_passed_on_not_followed(client: FlaskClient, services: Services) -> None:
    services["notify"].answer = lambda _asked: Answer(302, b"", {"Location": services["tickets"].url})
    assert client.get("/api/v1/notices").status_code == 302
    assert services["tickets"].asked == []


def test_problems_of_a_service_pass_unchanged(client: FlaskClient, services: Services) -> None:
    problem = {"type": "about:blank", "status": 409, "code": "conflict"}
    services["tickets"].answer = lambda _asked: json_answer(
        problem, 409, **{"Content-Type": "application/problem+json"}
    )
    answer = client.post("/api/v1/tickets/1/claim")
    assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
    assert answer.get_json() == problem
    assert services["tickets"].asked[0]["headers"]["content-length"] == "0"


def test_connections_are_kept(client: FlaskClient, services: Services) -> None:
    for _ in range(5):
        client.get("/api/v1/pool")
    assert len({asked["peer"] for asked in services["tickets"].asked}) == 1


def test_one_persons_calls_are_counted_together_and_nobody_elses(
    build: Callable[..., Flask], services: Services
) -> None:
    client = build(rate_limit=Limit(2, 60)).test_client()
    busy, other = testing.bearer(testing.actor()), testing.bearer(testing.actor())
    answers = [client.get("/api/v1/pool", headers=busy) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit"] == '"default";r=1;t=60'
    assert answers[2].mimetype == "application/problem+json"
    assert "Retry-After" in answers[2].headers
    assert client.get("/api/v1/pool", headers=other).status_code == 200
    assert len(services["tickets"].asked) == 3


def test_invented_tokens_do_not_buy_a_quota_each(build: Callable[..., Flask]) -> None:
    client = build(rate_limit=Limit(2, 60)).test_client()
    statuses = [
        client.get("/api/v1/pool", headers={"Authorization": f"Bearer made.up.{number}"}).status_code
        for number in range(3)
    ]
    assert statuses == [200, 200, 429]


def test_a_method_nobody_serves_is_refused(client: FlaskClient, services: Services) -> None:
    assert client.open("/api/v1/tickets", method="TRACE").status_code == 405
    assert services["tickets"].asked == []


def test_nginx_is_configured_by_the_same_table() -> None:
    assert NGINX.read_text(encoding="utf-8") == nginx.configuration(table())


def test_the_nginx_configuration_names_every_route_with_its_service() -> None:
    text = nginx.configuration(table())
    for route in table().routes:
        block = text.split(f"# {route.path}\n")[1].split("}\n        \n")[0].split("proxy_pass")[1]
        assert block.split(";")[0].strip() == f"http://{route.service}"


def test_a_line_with_an_unknown_service_is_named() -> None:
    text = "body_limit: 1 KiB\nrates: {default: 1/minute}\nroutes: [{path: /api/v1/x, service: nobody}]"
    with pytest.raises(ValueError, match="/api/v1/x"):
        read_table(text)
