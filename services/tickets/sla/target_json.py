"""Reading one target from JSON, refusing every length that could not be meant."""

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from services.tickets.sla.targets import BASES, CLOCK, DEFAULT_WARN, STANDARD_RULE, Target

LONGEST_SECONDS = 366 * 86_400
LONGEST_DAYS = 366
LONGEST_TEXT = 1000
TARGET_FIELDS = ("seconds", "days", "basis", "warn", "sundown", "source", "pauses")


def read_target(where: str, kind: str, data: object, rule: str = STANDARD_RULE, **defaults: Any) -> Target:
    """One target from its mapping; ValueError naming the field, prefixed by `where`.

    A length is whole `seconds`, or whole `days`; `defaults` (source, pauses) hold where the mapping says nothing.
    """
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: the target is missing")
    refuse_unknown(where, data, TARGET_FIELDS, "a target")
    basis = data.get("basis")
    if not isinstance(basis, str) or basis not in BASES:
        raise ValueError(f"{where}.basis: {basis!r} is none of {', '.join(BASES)}")
    seconds, days = read_length(where, data)
    told = {**defaults, **data}
    sundown, source, pauses = told.get("sundown", False), told.get("source", ""), told.get("pauses", True)
    if not isinstance(sundown, bool) or (sundown and (basis != CLOCK or days)):
        raise ValueError(f"{where}.sundown: it is true or false, and counts its minimum in clock time")
    read_text(f"{where}.source", source, may_be_empty=True)
    if not isinstance(pauses, bool):
        raise ValueError(f"{where}.pauses: it is true or false")
    return Target(kind, seconds, basis, read_warn(where, data), sundown, source, days, rule, pauses)


def read_length(where: str, data: Mapping[str, Any]) -> tuple[int, int | None]:
    """Seconds and days of a target, of which one is given and the other is 0 or None."""
    seconds, days = data.get("seconds"), data.get("days")
    if days is None:
        return read_seconds(f"{where}.seconds", seconds), None
    if "seconds" in data:
        raise ValueError(f"{where}.days: a target has seconds or days, not both")
    if type(days) is not int or not 0 < days <= LONGEST_DAYS:
        raise ValueError(f"{where}.days: {days!r} is not a whole number of days between 1 and a year")
    return 0, days


def read_seconds(where: str, seconds: object) -> int:
    """A positive whole number of seconds, at most a year."""
    if type(seconds) is not int or not 0 < seconds <= LONGEST_SECONDS:
        raise ValueError(f"{where}: {seconds!r} is not a whole number of seconds between 1 and a year")
    return seconds


def read_warn(where: str, data: Mapping[str, Any]) -> tuple[float, ...]:
    """The fractions of a target's time at which somebody is warned, rising."""
    warn = data.get("warn", list(DEFAULT_WARN))
    numbers = isinstance(warn, list | tuple) and all(type(part) in (int, float) for part in warn)
    if not numbers or any(not 0 < part < 1 for part in warn) or list(warn) != sorted(set(warn)):
        raise ValueError(f"{where}.warn: expected rising fractions between 0 and 1")
    return tuple(warn)


def read_text(where: str, text: object, *, most: int = LONGEST_TEXT, may_be_empty: bool = False) -> str:
    """A text that a person can read and a database can keep: no control characters, no halves of characters."""
    if not isinstance(text, str) or len(text) > most or not (may_be_empty or text.strip()):
        raise ValueError(f"{where}: expected text of at most {most} letters")
    if any(unicodedata.category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise ValueError(f"{where}: the text holds a character that cannot be written")
    return text


def refuse_unknown(where: str, data: Mapping[Any, Any], known: Iterable[str], what: str) -> None:
    """Refuse an object that has a field nobody reads, for it was meant to say something."""
    unknown = [str(key) for key in data if key not in known]
    if unknown:
        field = f"{where}.{unknown[0]}" if where else unknown[0]
        raise ValueError(f"{field}: {what} has no such field")


def require_keys(where: str, data: object, keys: tuple[str, ...], optional: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The object, refused when it lacks one of the keys or has one that is neither required nor optional."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(keys)}")
    for key in keys:
        if key not in data:
            raise ValueError(f"{where}.{key}: the policy does not say")
    for key in data:
        if key not in keys and key not in optional:
            raise ValueError(f"{where}.{key}: known are {', '.join((*keys, *optional))}")
    return data
