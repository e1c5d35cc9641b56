"""The generated OpenAPI document is valid, complete, and true of what the routes answer."""

import io
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from services.kit import testing
from services.tickets.sla.policy import STANDARD_VERSION
from tests.tickets.walking import jpeg, waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    """The document as the service publishes it."""
    return dict(app.test_client().get("/openapi.json").json or {})


# A mail server signs what it brings, and has no account.
OPEN = ("/api/v1/mail-in/{mailbox_id}",)


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_route_is_in_it_with_its_roles(app: Flask, document: dict[str, Any]) -> None:
    routes = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    assert len(document["paths"]) == len(routes) >= 30
    for path, operations in document["paths"].items():
        for method in set(operations) & {"get", "post", "put", "delete"}:
            assert operations[method]["x-roles"], path
            open_to_all = path in OPEN or path.startswith(("/api/v1/q/", "/api/v1/follow/"))
            assert operations[method]["security"] == ([] if open_to_all else [{"bearer": []}]), path
            assert operations[method].get("summary"), path
            assert any(code.startswith("2") for code in operations[method]["responses"]), path


def follows(document: dict[str, Any], path: str, method: str, status: int, payload: Any) -> None:
    """Check an answer against its documented schema."""
    answer = document["paths"][path][method]["responses"][str(status)]
    schema = {**answer["content"]["application/json"]["schema"], "components": document["components"]}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(payload)


def test_answers_are_what_the_document_says(document: dict[str, Any], estate: "Estate") -> None:
    of_ticket = "/api/v1/tickets/{ticket_id}"
    words = {"description": "楼道灯坏了", "location": "1栋2层"}
    filed = estate.post("resident", "/tickets", words)
    follows(document, "/api/v1/tickets", "post", 201, filed.json)
    ticket = dict(filed.json or {})
    comment = estate.post("dispatcher", f"/tickets/{ticket['id']}/comments", {"body": "收到"})
    follows(document, f"{of_ticket}/comments", "post", 201, comment.json)
    photo = estate.client.post(
        f"/api/v1/tickets/{ticket['id']}/photos",
        data={"photo": (io.BytesIO(jpeg()), "p.jpg")},
        headers=testing.bearer(estate.people["resident"]),
    )
    follows(document, f"{of_ticket}/photos", "post", 201, photo.json)
    lists = {"/tickets": "manager", "/pool": "crew", "/units": "resident", "/communities": "resident"}
    rest = {"/staff": "dispatcher", "/catalogue": "admin", "/reports/sla": "manager"}
    for path, name in (lists | rest).items():
        follows(document, f"/api/v1{path}", "get", 200, estate.get(name, path).json)
    triage = estate.post("resident", "/triage", {"text": "今天天气不错，帮我订一张火车票"})
    follows(document, "/api/v1/triage", "post", 200, triage.json)
    pause, note = waiting(), {"note": "好了"}
    said = {"reason": "请说明"}
    steps = (
        ("crew", "claim", None), ("crew", "start", None), ("crew", "make-safe", None), ("crew", "pause", pause),
        ("resident", "object", said), ("dispatcher", "disallow", said), ("crew", "pause", waiting("weather")),
        ("crew", "resume", None), ("crew", "complete", note), ("dispatcher", "disallow", said),
        ("dispatcher", "call-back", {"outcome": "reached", **note}),
    )  # fmt: skip
    for name, verb, body in steps:
        answer = estate.post(name, f"/tickets/{ticket['id']}/{verb}", body)
        follows(document, f"{of_ticket}/{verb}", "post", 200, answer.json)
        for part in ("", "/history", "/clocks", "/comments", "/photos"):
            read = estate.get("resident", f"/tickets/{ticket['id']}{part}")
            follows(document, f"{of_ticket}{part}", "get", 200, read.json)


def test_terms_are_what_the_document_says(document: dict[str, Any], estate: "Estate") -> None:
    of_community, here = "/api/v1/communities/{community_id}", f"/communities/{estate.community_id}"
    for what in ("calendar", "policy"):
        found = estate.get("crew", f"{here}/{what}")
        follows(document, f"{of_community}/{what}", "get", 200, found.json)
        body = {"document": {**found.json["document"], **CHANGED[what]}, "note": "试行"}
        told = estate.post("manager", f"{here}/{what}/preview", {"document": body["document"]})
        follows(document, f"{of_community}/{what}/preview", "post", 200, told.json)
        changed = estate.put("manager", f"{here}/{what}", body, If_Match=found.headers["ETag"])
        follows(document, f"{of_community}/{what}", "put", 200, changed.json)
    of_pack = f"{of_community}/packs/{{code}}"
    told = estate.post("manager", f"{here}/packs/uk_awaab_2025/preview", {"on": True})
    follows(document, f"{of_pack}/preview", "post", 200, told.json)
    for method in ("put", "delete"):
        switched = estate.ask(method.upper(), "manager", f"{here}/packs/uk_awaab_2025", If_Match="*")
        follows(document, of_pack, method, 200, switched.json)
    for version in ("own-1", STANDARD_VERSION):
        one = estate.get("crew", f"/policies/{version}")
        follows(document, "/api/v1/policies/{version}", "get", 200, one.json)
    follows(document, f"{of_community}/terms", "get", 200, estate.get("crew", f"{here}/terms").json)
    follows(document, "/api/v1/packs", "get", 200, estate.get("crew", "/packs").json)
    moved = estate.post("manager", f"{here}/reevaluations", {"reason": "试行"})
    follows(document, f"{of_community}/reevaluations", "post", 200, moved.json)


CHANGED: dict[str, dict[str, Any]] = {"calendar": {"holidays": ["10-01"]}, "policy": {"pauses": {}}}


def test_refusals_are_what_the_document_says(document: dict[str, Any], estate: "Estate") -> None:
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    ticket = estate.file()
    for answer in (
        estate.post("resident", "/tickets", {}),
        estate.post("crew", f"/tickets/{ticket['id']}/depart"),
        estate.get("neighbour", f"/tickets/{ticket['id']}"),
        estate.post("dispatcher", f"/tickets/{ticket['id']}/override", {"reason": "a"}),
    ):
        assert answer.status_code >= 400
        Draft202012Validator(schema).validate(answer.json)
