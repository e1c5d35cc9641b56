"""The published language: every event goes there and back, and a published version never changes."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from services.contracts import ALL, SUBSCRIPTIONS, Fact, UnknownFact, asyncapi, parse, to_event
from services.contracts.fact import kinds_of
from services.contracts.surveys import SurveyInvited
from services.kit.events import from_message, to_message
from services.kit.testing import fresh

MOMENT = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
SAMPLES: dict[Any, Any] = {str: "漏水 x", int: 3, bool: True, datetime: MOMENT, tuple[str, ...]: ("a", "b")}
WRONG: dict[Any, list[Any]] = {
    str: [5, ["x"], True],
    int: ["3", 3.5, True],
    bool: [1, "true"],
    datetime: ["yesterday", "2026-01-01T00:00:00", 5],
    tuple[str, ...]: ["a", [1], {"a": 1}],
}
# A type without a listener is a decision, and is named here.
WITHOUT_SUBSCRIBER: frozenset[str] = frozenset()
PUBLISHED = Path(__file__).with_name("published.json")
every_type = pytest.mark.parametrize("fact", ALL.values(), ids=ALL.keys())


def sample(fact: type[Fact], *, nothing: bool = False) -> Fact:
    values = {name: None if nothing and kind.nullable else SAMPLES[kind.type] for name, kind in kinds_of(fact).items()}
    return fact(**values)


def event_of(fact: Fact, **changes: Any):
    event = to_event(fact, organisation_id=fresh(), subject=fresh(), at=MOMENT)
    return dataclasses.replace(event, data={**event.data, **changes})


def pinned(fact: type[Fact]) -> dict[str, str]:
    """Return what a type promises: each field with its kind, `?` where it may be null, `=` where it may be missing."""
    schema = asyncapi.payload_of(fact)
    promise = {}
    for name, kind in kinds_of(fact).items():
        shape = schema["properties"][name]
        word = shape.get("format") or (shape["type"] if isinstance(shape["type"], str) else shape["type"][0])
        promise[name] = word + ("?" if kind.nullable else "") + ("" if name in schema["required"] else "=")
    return promise


@every_type
@pytest.mark.parametrize("nothing", [False, True])
def test_an_event_goes_to_the_bus_and_back_unchanged(fact, nothing):
    given = sample(fact, nothing=nothing)
    assert parse(from_message(to_message(event_of(given)))) == given


@every_type
def test_fields_of_a_later_version_are_ignored(fact):
    given = sample(fact)
    assert parse(event_of(given, invented_later={"a": 1})) == given


@every_type
def test_an_event_that_lacks_what_its_type_promises_is_unknown(fact):
    given = event_of(sample(fact))
    for name in asyncapi.payload_of(fact)["required"]:
        data = {key: value for key, value in given.data.items() if key != name}
        with pytest.raises(UnknownFact, match=name):
            parse(dataclasses.replace(given, data=data))


@every_type
def test_a_field_of_another_kind_is_unknown(fact):
    for name, kind in kinds_of(fact).items():
        for wrong in [*WRONG[kind.type], *([] if kind.nullable else [None])]:
            with pytest.raises(UnknownFact, match=name):
                parse(event_of(sample(fact), **{name: wrong}))


def test_a_type_nobody_published_is_unknown():
    given = event_of(sample(next(iter(ALL.values()))))
    with pytest.raises(UnknownFact):
        parse(dataclasses.replace(given, type="ticket.dreamt.v1"))


def test_a_moment_without_a_zone_is_not_published():
    with pytest.raises(ValueError, match="time zone"):
        dataclasses.replace(sample(SurveyInvited), expires_at=datetime(2026, 1, 1)).to_data()  # type: ignore[call-arg]


@every_type
def test_a_type_is_named_by_its_thing_a_past_participle_and_a_version(fact):
    assert re.fullmatch(r"[a-z]+\.([a-z]+ed|[a-z]+ed_back|overridden|withdrawn|made_safe)\.v\d+", fact.type)
    assert fact.__doc__
    assert not fact.__doc__.startswith(f"{fact.__name__}("), "a published type says what happened"


def test_a_published_version_never_changes():
    published = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    for name, promised in published.items():
        assert name in ALL, f"{name} is published and may be in a queue: keep it until nobody can send it any more."
        now = pinned(ALL[name])
        for field, kind in promised.items():
            assert now.get(field) == kind, (
                f"{name}.{field} was published as {kind!r} and now is {now.get(field)!r}. A published version never "
                f"changes: put it back, and publish a new version of the type beside this one."
            )
        for field in now.keys() - promised.keys():
            assert now[field].endswith("="), f"{name}.{field} is new: give it a default, for events without it exist."


def test_what_is_published_is_pinned():
    now = {name: pinned(fact) for name, fact in sorted(ALL.items())}
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == now, (
        f"A type or a field was added. Write it into {PUBLISHED.name}; from then on it cannot change:\n"
        + json.dumps(now, indent=1)
    )


def test_every_type_has_a_subscriber_or_is_named_as_having_none():
    heard = {name for names in SUBSCRIPTIONS.values() for name in names}
    assert heard <= ALL.keys(), "a subscription to what nobody publishes"
    assert ALL.keys() - heard == WITHOUT_SUBSCRIBER


def test_a_service_subscribes_to_a_type_once_and_never_to_its_own():
    for service, names in SUBSCRIPTIONS.items():
        assert len(names) == len(set(names)), service
        assert all(ALL[name].source != service for name in names), service


# The parts of the AsyncAPI 3.0 schema that this document uses.
REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "additionalProperties": False,
}
ASYNCAPI = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "defaultContentType": {"const": "application/json"},
        "channels": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["address", "messages"],
                "properties": {
                    "address": {"type": "string", "pattern": r"^[a-z]+\.[a-z_]+\.v\d+$"},
                    "messages": {"type": "object", "minProperties": 1, "additionalProperties": REFERENCE},
                    "bindings": {"type": "object"},
                },
                "additionalProperties": False,
            },
        },
        "operations": {
            "type": "object",
            "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"},
            "additionalProperties": {
                "type": "object",
                "required": ["action", "channel"],
                "properties": {
                    "action": {"enum": ["send", "receive"]},
                    "channel": REFERENCE,
                    "messages": {"type": "array", "items": REFERENCE},
                    "tags": {"type": "array", "items": {"type": "object", "required": ["name"]}},
                },
                "additionalProperties": False,
            },
        },
        "components": {
            "type": "object",
            "properties": {
                "messages": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "object",
                        "required": ["name", "payload", "headers"],
                        "properties": {
                            "payload": REFERENCE,
                            "headers": REFERENCE,
                            "summary": {"type": "string", "minLength": 5},
                        },
                    },
                },
                "schemas": {"type": "object"},
            },
        },
    },
    "additionalProperties": False,
}


def references(node: Any):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_the_document_is_asyncapi_and_all_its_references_lead_somewhere():
    document = asyncapi.document()
    jsonschema.validate(document, ASYNCAPI)
    json.dumps(document)
    for reference in references(document):
        place = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
    assert document["channels"].keys() == ALL.keys()
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@every_type
def test_what_is_sent_is_what_the_document_says(fact):
    schemas = asyncapi.document()["components"]["schemas"]
    for nothing in (False, True):
        event = event_of(sample(fact, nothing=nothing))
        jsonschema.validate(event.data, schemas[fact.__name__])
        jsonschema.validate(dict(to_message(event).headers), schemas["CloudEvent"])
