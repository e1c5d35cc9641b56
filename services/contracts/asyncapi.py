"""Writes the published language down as an AsyncAPI 3.0 document, from the event types themselves."""

import dataclasses
from datetime import datetime
from typing import Any

from services.contracts import ALL, SUBSCRIPTIONS
from services.contracts.fact import Fact, Kind, kinds_of

_SCHEMAS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    tuple[str, ...]: {"type": "array", "items": {"type": "string"}},
}
_UUID = {"type": "string", "format": "uuid"}


def document() -> dict[str, Any]:
    """Return the AsyncAPI document: one channel per event type, who sends it and who receives it."""
    facts = sorted(ALL.values(), key=lambda fact: fact.type)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Doorstep events",
            "version": "1.0.0",
            "description": "What the services tell each other. At least once, in any order: every consumer is safe to "
            "repeat. A published version never changes meaning; fields may be added to it.",
        },
        "defaultContentType": "application/json",
        "channels": {fact.type: _channel(fact) for fact in facts},
        "operations": _operations(facts),
        "components": {
            "messages": {fact.__name__: _message(fact) for fact in facts},
            "schemas": {"CloudEvent": _envelope(), **{fact.__name__: payload_of(fact) for fact in facts}},
        },
    }


def payload_of(fact: type[Fact]) -> dict[str, Any]:
    """Return the JSON schema of an event type's data."""
    fields = dataclasses.fields(fact)
    kinds = kinds_of(fact)
    required = [field.name for field in fields if field.default is dataclasses.MISSING]
    return {
        "type": "object",
        "properties": {field.name: _property(kinds[field.name]) for field in fields},
        "required": required,
    }


def _property(kind: Kind) -> dict[str, Any]:
    schema = _SCHEMAS[kind.type]
    return {**schema, "type": [schema["type"], "null"]} if kind.nullable else dict(schema)


def _channel(fact: type[Fact]) -> dict[str, Any]:
    return {
        "address": fact.type,
        "messages": {fact.__name__: {"$ref": f"#/components/messages/{fact.__name__}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": {"name": "doorstep", "type": "topic", "durable": True}}},
    }


def _operations(facts: list[type[Fact]]) -> dict[str, Any]:
    sent = {f"{fact.source}-sends-{fact.type}": _operation("send", fact, fact.source) for fact in facts}
    received = {
        f"{service}-receives-{name}": _operation("receive", ALL[name], service)
        for service, names in SUBSCRIPTIONS.items()
        for name in names
    }
    return sent | received


def _operation(action: str, fact: type[Fact], service: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{fact.type}"},
        "messages": [{"$ref": f"#/channels/{fact.type}/messages/{fact.__name__}"}],
        "tags": [{"name": service}],
    }


def _message(fact: type[Fact]) -> dict[str, Any]:
    return {
        "name": fact.type,
        "title": fact.__name__,
        "summary": (fact.__doc__ or "").strip().partition("\n")[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEvent"},
        "payload": {"$ref": f"#/components/schemas/{fact.__name__}"},
    }


def _envelope() -> dict[str, Any]:
    """Return the headers of CloudEvents 1.0 in binary mode, with our extensions."""
    return {
        "type": "object",
        "description": "CloudEvents 1.0, binary mode.",
        "properties": {
            "ce-specversion": {"type": "string", "const": "1.0"},
            "ce-id": {**_UUID, "description": "The same in every delivery; a consumer acts on it once."},
            "ce-type": {"type": "string"},
            "ce-source": {"type": "string", "pattern": "^/doorstep/"},
            "ce-subject": {"type": "string", "description": "The id of the thing it is about."},
            "ce-time": {"type": "string", "format": "date-time"},
            "ce-organisation": {**_UUID, "description": "The tenant."},
            "ce-correlationid": {"type": "string", "description": "The request that began it all."},
            "ce-traceparent": {"type": "string", "description": "W3C trace context."},
        },
        "required": ["ce-specversion", "ce-id", "ce-type", "ce-source", "ce-subject", "ce-time", "ce-organisation"],
    }
