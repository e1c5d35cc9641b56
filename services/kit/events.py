"""The envelope every event travels in: CloudEvents 1.0, mapped to `ce-` headers by its RabbitMQ binding."""

import os
import time
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_binary, to_binary
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

_FORMAT = JSONFormat()


class PermanentError(Exception):
    """The event can never be handled; trying again would only repeat the refusal."""


class MalformedEvent(PermanentError):
    """The message is not an event of ours."""


def new_id() -> uuid.UUID:
    """Return a UUID version 7 (RFC 9562): 48 bits of milliseconds first, so that indexes stay compact."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | (0x7 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return uuid.UUID(int=number)


@dataclass(frozen=True)
class Event:
    """One fact. `type` is the routing key (`ticket.filed.v1`), `subject` the id of the thing it is about."""

    type: str
    source: str
    subject: str
    occurred_at: datetime
    organisation_id: str
    data: dict[str, Any]
    correlation_id: str = ""
    traceparent: str = ""
    id: str = field(default_factory=lambda: str(new_id()))


@dataclass(frozen=True)
class Message:
    """An event as a transport carries it: routing key, string headers and a JSON body."""

    key: str
    headers: Mapping[str, str]
    body: bytes
    content_type: str = "application/json"


def to_message(event: Event) -> Message:
    """Wrap an event in CloudEvents binary mode. Extension names are lower case letters, as the standard asks."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": f"/doorstep/{event.source}",
        "subject": event.subject,
        "time": event.occurred_at,
        "datacontenttype": "application/json",
        "organisation": event.organisation_id,
    }
    if event.correlation_id:
        attributes["correlationid"] = event.correlation_id
    if event.traceparent:
        attributes["traceparent"] = event.traceparent
    wrapped = to_binary(CloudEvent(attributes, event.data), _FORMAT)
    return Message(event.type, wrapped.headers, wrapped.body)


def from_message(message: Message) -> Event:
    """Unwrap a message; raises MalformedEvent when it is not a CloudEvent of ours."""
    try:
        wrapped = from_binary(
            RabbitMQMessage(dict(message.headers), message.content_type, message.body), _FORMAT, CloudEvent
        )
        attributes = wrapped.get_attributes()
        data = wrapped.get_data()
        words = [value for value in attributes.values() if isinstance(value, str)]
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in "".join(words)):
            raise MalformedEvent("an attribute contains a control character or half a character")
        if not isinstance(data, dict):
            raise MalformedEvent("the body is not a JSON object")
        if attributes["time"].tzinfo is None:
            raise MalformedEvent("the time has no zone")
        return Event(
            id=str(uuid.UUID(attributes["id"])),
            type=attributes["type"],
            source=attributes["source"].removeprefix("/doorstep/"),
            subject=attributes.get("subject", ""),
            occurred_at=attributes["time"],
            organisation_id=str(uuid.UUID(attributes["organisation"])),
            correlation_id=attributes.get("correlationid", ""),
            traceparent=attributes.get("traceparent", ""),
            data=data,
        )
    except (CloudEventValidationError, KeyError, ValueError, AttributeError, RecursionError) as problem:
        raise MalformedEvent(f"not a Doorstep event: {problem}") from problem
