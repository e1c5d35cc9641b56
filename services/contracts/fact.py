"""What an event type is: a frozen dataclass with a versioned name, and how it goes in and out of the envelope."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from typing import Any, ClassVar, Self

from services.kit.events import Event


class UnknownFact(Exception):
    """No event type of that name, or its data lacks what the type promises."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened. Fields are JSON values; moments are aware datetimes, written as ISO 8601.

    A published version never changes meaning: fields may be added with a default, anything else is a new version.
    """

    type: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Self:
        """Build from an event's data; fields of a later version are ignored. Raises UnknownFact."""
        hints = typing.get_type_hints(cls)
        values = {}
        for item in dataclasses.fields(cls):
            if item.name in data:
                values[item.name] = _read(data[item.name], hints[item.name])
        try:
            return cls(**values)
        except TypeError as problem:
            raise UnknownFact(f"{cls.type}: {problem}") from problem

    def to_data(self) -> dict[str, Any]:
        """Return the JSON-ready data."""
        return {
            item.name: value.isoformat()
            if isinstance(value, datetime)
            else list(value)
            if isinstance(value, tuple)
            else value
            for item in dataclasses.fields(self)
            for value in [getattr(self, item.name)]
        }


def _read(value: Any, hint: Any) -> Any:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    if value is not None and datetime in options:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def facts_of(module: types.ModuleType) -> Iterator[type[Fact]]:
    """Yield the event types a module publishes, in the order they are written."""
    for _, item in inspect.getmembers_static(module, inspect.isclass):
        if issubclass(item, Fact) and "type" in item.__dict__:
            yield item


def to_event(fact: Fact, *, organisation_id: str, subject: str, at: datetime) -> Event:
    """Put a fact into the envelope. `subject` is the id of the thing it is about."""
    return Event(
        type=fact.type,
        source=fact.source,
        subject=subject,
        occurred_at=at,
        organisation_id=organisation_id,
        data=fact.to_data(),
    )
