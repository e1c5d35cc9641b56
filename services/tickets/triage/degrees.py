"""Reads indoor temperatures out of a request, in degrees Fahrenheit or Celsius."""

from __future__ import annotations

from collections.abc import Iterator

from .text import Text

# Words after a number that make it a temperature; a bare number before one of them is in that scale.
_FAHRENHEIT = frozenset({"f", "fahrenheit"})
_CELSIUS = frozenset({"c", "celsiu", "celsius", "摄", "度"})
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
        if value is None:
            continue
        found = _fahrenheit(value, reading.forms[start + 1 : min(start + 1 + _REACH, reading.lead_end)])
        if found is None:
            continue
        degrees, length = found
        sign = _sign(degrees)
        if sign:
            yield sign, start, start + 1 + length


def _number(form: str) -> float | None:
    return float(form) if form[0].isdecimal() and form.isascii() and len(form) <= 5 else None


def _fahrenheit(value: float, following: tuple[str, ...]) -> tuple[float, int] | None:
    """The temperature in °F and how many of the following tokens spell its scale; None when it is not one."""
    degree = False
    if _KILOWATT_HOURS in following:
        return None
    for length, form in enumerate(following, start=1):
        if form in _FAHRENHEIT:
            return value, length
        if form in _CELSIUS:
            # "30度" is Celsius; "power is 220 c" is not a temperature, which _sign() leaves out by its range.
            return value * 9 / 5 + 32, length
        if form in _DEGREE:
            degree = True
        elif degree or form != "氏":
            break
    # "95 degrees" with no scale: nobody lives at 95 °C, and nobody complains of 20 °F in words like these.
    return (value if value >= 32 else value * 9 / 5 + 32, 1) if degree else None


def _sign(degrees: float) -> str | None:
    if 20 <= degrees < 50:
        return "freezing_room"
    if 50 <= degrees <= 66:
        return "cold_room"
    if 80 <= degrees < 95:
        return "hot_room"
    return "hot_danger" if 95 <= degrees <= 125 else None
