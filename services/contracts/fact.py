"""What an event type is: a frozen dataclass with a versioned name, and how it goes in and out of the envelope."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from services.kit.events import Event, PermanentError


class UnknownFact(PermanentError):
    """No event type of that name, or its data is not what the type promises."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that happened. Fields are JSON values; moments are aware datetimes, written as ISO 8601.

    A published version never changes meaning: fields may be added with a default, anything else is a new version.
    """

    type: ClassVar[str]
    source: ClassVar[str]

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Build from an event's data; fields of a later version are ignored. Raises UnknownFact."""
        values = {}
        for name, kind in kinds_of(cls).items():
            if name in data:
                try:
                    values[name] = kind.read(data[name])
                except (ValueError, TypeError) as problem:
                    raise UnknownFact(f"{cls.type}: {name}: {problem}") from problem
        try:
            return cls(**values)
        except TypeError as problem:
            raise UnknownFact(f"{cls.type}: {problem}") from problem

    def to_data(self) -> dict[str, Any]:
        """Return the JSON-ready data."""
        return {item.name: _write(getattr(self, item.name)) for item in dataclasses.fields(self)}


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a field holds: one of five JSON-ready types, and whether it may be null."""

    type: Any
    nullable: bool

    def read(self, value: Any) -> Any:
        """Return the value of a JSON value; raises ValueError or TypeError where it is of another kind."""
        if value is None and self.nullable:
            return None
        return _READERS[self.type](value)


def _exactly(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:  # True is an int to Python, and not to us.
            raise TypeError(f"must be {kind.__name__}, not {type(value).__name__}")
        return value

    return read


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("must have a time zone")
    return moment


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("must be a list of strings")
    return tuple(value)


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _exactly(str),
    int: _exactly(int),
    bool: _exactly(bool),
    datetime: _moment,
    tuple[str, ...]: _strings,
}


def _write(value: Any) -> Any:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone is no moment")
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


_KINDS: dict[type[Fact], dict[str, Kind]] = {}


def kinds_of(fact: type[Fact]) -> dict[str, Kind]:
    """Return what each field of an event type holds."""
    if fact not in _KINDS:
        hints = typing.get_type_hints(fact)
        _KINDS[fact] = {item.name: _kind(hints[item.name]) for item in dataclasses.fields(fact)}
    return _KINDS[fact]


def _kind(hint: Any) -> Kind:
    options = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    (only,) = [option for option in options if option is not types.NoneType]
    if only not in _READERS:
        raise TypeError(f"an event cannot hold {only}")
    return Kind(only, types.NoneType in options)


def facts_of(module: types.ModuleType) -> Iterator[type[Fact]]:
    """Yield the event types a module publishes, in the order they are written."""
    for item in vars(module).values():
        if inspect.isclass(item) and issubclass(item, Fact) and "type" in item.__dict__:
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
