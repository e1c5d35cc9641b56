"""The public API's document, the page that shows it, and the pages of the door itself."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway import document as documents
from gateway.document import merge
from gateway.reading import CHINESE_SECTIONS
from gateway.routes import table
from tests.gateway.conftest import Answer, FakeService, json_answer

Services = dict[str, FakeService]


def spec(path: str, schema: dict, name: str = "Thing") -> dict:
    """Return a small document of a service with one path and one component."""
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "x", "version": "1"},
        "paths": {
            path: {"get": {"tags": ["things"], "responses": {"200": {"description": "ok", "content": content}}}},
            "/healthz": {"get": {"responses": {"200": {"description": "inside"}}}},
        },
        "components": {"schemas": {name: schema}},
        "tags": [{"name": "things"}],
    }


TICKETS = spec("/api/v1/tickets", {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]})
NOTIFY = spec("/api/v1/notices", {"type": "object", "properties": {"read": {"type": "boolean"}}})
SURVEYS = spec("/api/v1/surveys/{token}", {"type": "object", "properties": {"id": {"type": "string"}}})


@pytest.fixture
def described(services: Services) -> Services:
    for name, document in (("tickets", TICKETS), ("notify", NOTIFY), ("surveys", SURVEYS)):
        services[name].answer = lambda _asked, document=document: json_answer(document)
    SURVEYS["paths"]["/api/v1/surveys/{token}"]["parameters"] = [
        {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    ]
    return services


def test_the_merged_document_is_valid_openapi_and_shows_only_what_is_public(
    client: FlaskClient, described: Services
) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    OpenAPIV31SpecValidator(document).validate()
    assert document["openapi"].startswith("3.1")
    assert "x-incomplete" not in document
    assert {"/api/v1/auth/token", "/api/v1/me", "/api/v1/stream", "/api/v1/tickets", "/api/v1/notices"} <= set(
        document["paths"]
    )
    assert not [path for path in document["paths"] if not path.startswith("/api/v1/")]


def test_components_of_one_name_that_differ_keep_apart(client: FlaskClient, described: Services) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    schemas = document["components"]["schemas"]
    for path, property_name in (("/api/v1/tickets", "id"), ("/api/v1/notices", "read")):
        media = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        assert property_name in schemas[media["schema"]["$ref"].rpartition("/")[2]]["properties"]


def test_a_service_documents_only_the_paths_that_are_its(described: Services) -> None:
    stranger = spec("/api/v1/accounts", {"type": "object"})
    assert merge({"paths": {}}, {"tickets": stranger}, table(), {})["paths"] == {}


def test_while_a_service_is_down_its_last_document_is_kept_and_said(
    client: FlaskClient, described: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "FRESH_SECONDS", 0.0)
    monkeypatch.setattr(documents, "RETRY_SECONDS", 0.0)
    described["notify"].answer = lambda _asked: Answer(500)
    first = client.get("/api/v1/openapi.json").get_json()
    assert first["x-incomplete"] == {"notify": "missing"}
    described["tickets"].answer = lambda _asked: Answer(500)
    second = client.get("/api/v1/openapi.json").get_json()
    assert "/api/v1/tickets" in second["paths"]
    assert second["x-incomplete"]["tickets"].startswith("as of ")


def test_the_document_is_fetched_once_a_minute(client: FlaskClient, described: Services) -> None:
    for _ in range(3):
        client.get("/api/v1/openapi.json")
    assert len(described["tickets"].asked) == 1


def test_sessions_promise_no_kept_answers(client: FlaskClient, described: Services) -> None:
    paths = client.get("/api/v1/openapi.json").get_json()["paths"]
    named = {parameter["name"] for parameter in paths["/api/v1/auth/token"]["post"].get("parameters", [])}
    assert "Idempotency-Key" not in named
    assert "Idempotency-Key" in {p["name"] for p in paths["/api/v1/accounts"]["post"]["parameters"]}


def test_every_section_of_every_service_has_a_chinese_description() -> None:
    """A section is a blueprint with a description."""
    root = Path(__file__).parents[2]
    sources = [source for top in ("gateway", "services") for source in (root / top).rglob("api/**/*.py")]
    named = re.compile(r'Blueprint\(\s*"([a-z-]+)", __name__, description=')
    tags = {tag for source in sources for tag in named.findall(source.read_text("utf-8"))}
    assert tags == set(CHINESE_SECTIONS)
    assert all(re.search("[\u4e00-\u9fff]", words) for words in CHINESE_SECTIONS.values())


@pytest.mark.parametrize(
    ("language", "words", "section"),
    [
        ("zh-CN", "先登录取得令牌", "<p>登录、续期与退出</p>"),
        ("en", "Sign in first", "<p>Signing in, renewing, signing out</p>"),
    ],
)
def test_the_document_can_be_read_on_a_page(
    client: FlaskClient, described: Services, language: str, words: str, section: str
) -> None:
    answer = client.get("/docs", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert answer.headers["Content-Language"] == language
    assert words in answer.text
    assert "POST /api/v1/auth/token" in answer.text
    assert "curl" in answer.text
    assert section in answer.text
    assert "None" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "script" not in policy
    assert "<script" not in answer.text
    assert "http://cdn" not in answer.text


def test_the_page_says_what_is_missing(client: FlaskClient, services: Services) -> None:
    for service in services.values():
        service.answer = lambda _asked: Answer(500)
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "Not complete just now" in answer.text


def test_what_a_service_writes_is_escaped(client: FlaskClient, described: Services) -> None:
    wicked = spec("/api/v1/tickets", {"type": "object"})
    wicked["paths"]["/api/v1/tickets"]["get"]["summary"] = "<script>alert(1)</script>"
    described["tickets"].answer = lambda _asked: json_answer(wicked)
    assert "<script" not in client.get("/docs").text


def test_the_landing_page_names_the_documents(client: FlaskClient) -> None:
    assert 'href="/docs"' in client.get("/").text
