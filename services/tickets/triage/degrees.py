"""Reads indoor temperatures out of a request, in degrees Fahrenheit or Celsius."""

from __future__ import annotations

from collections.abc import Iterator

from .text import Text

# Words after a number that make it a temperature; a bare number before one of them is in that scale.
_FAHRENHEIT = frozenset({"f", "fahrenheit"})
_CELSIUS = frozenset({"c", "celsius", "摄", "度"})
_DEGREE = frozenset({"degree", "deg"})
# "30度电" counts electricity.
_KILOWATT_HOURS = "电"
# Tokens between the number and its scale: "95 degrees F", "12 摄 氏 度".
_REACH = 3


def degree_signs(reading: Text) -> Iterator[tuple[str, int, int]]:
    """(sign, start, end) for every temperature in the lead: freezing_room, cold_room, hot_room or hot_danger.

    Below 50 °F nobody can live in a room and from 95 °F the heat itself is a danger; between 50 and 66 °F a room is
    too cold and from 80 °F too hot.
    """
    for start in range(reading.lead_end):
        value = _number(reading.forms[start])
        if value is None or _glued(reading, start - 1):
            continue
        found = _fahrenheit(value, reading, start)
        if found is None:
            continue
        degrees, end = found
        sign = _sign(degrees)
        if sign:
            yield sign, start, end


def _number(form: str) -> float | None:
    return float(form) if form[0].isdecimal() and form.isascii() and len(form) <= 5 else None


def _glued(reading: Text, position: int) -> bool:
    """Whether a Latin word or number is written without a space before the next token, as in the job code 42C9GKG."""
    tokens = reading.tokens
    if not 0 <= position < len(tokens) - 1 or tokens[position].end != tokens[position + 1].start:
        return False
    return tokens[position].form.isascii() and tokens[position + 1].form[0].isascii()


def _fahrenheit(value: float, reading: Text, start: int) -> tuple[float, int] | None:
    """The temperature in °F and the token where its scale ends; None when the number is no temperature."""
    degree = False
    following = reading.forms[start + 1 : min(start + 1 + _REACH, reading.lead_end)]
    if _KILOWATT_HOURS in following:
        return None
    for position, form in enumerate(following, start=start + 1):
        near = degree or reading.tokens[position].start - reading.tokens[position - 1].end <= 1
        if form in _FAHRENHEIT | _CELSIUS:
            if not near or _glued(reading, position):
                return None
            return (value if form in _FAHRENHEIT else value * 9 / 5 + 32), position + 1
        if form not in _DEGREE:
            break
        degree = True
    # "95 degrees" with no scale: nobody lives at 95 °C, and nobody complains of 20 °F in words like these.
    return (value if value >= 32 else value * 9 / 5 + 32, start + 2) if degree else None


def _sign(degrees: float) -> str | None:
    if 20 <= degrees < 50:
        return "freezing_room"
    if 50 <= degrees <= 66:
        return "cold_room"
    if 80 <= degrees < 95:
        return "hot_room"
    return "hot_danger" if 95 <= degrees <= 125 else None
