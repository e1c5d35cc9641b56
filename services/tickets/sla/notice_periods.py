"""The part of a pack that says how long before a planned outage residents are to be told."""

from collections.abc import Mapping

from services.tickets.announcing import KINDS, NoticePeriod
from services.tickets.sla.rules import CONFIDENCES, read_code, read_texts
from services.tickets.sla.target_json import read_seconds, read_text, refuse_unknown

FIELDS = ("code", "name", "kinds", "seconds", "source", "confidence", "note")
MOST_PERIODS = 20


def read_periods(where: str, data: object) -> tuple[NoticePeriod, ...]:
    """The notice periods of a pack; ValueError naming the field. Each kind has one period at the most."""
    if not isinstance(data, list | tuple):
        raise ValueError(f"{where}: expected a list of notice periods")
    if len(data) > MOST_PERIODS:
        raise ValueError(f"{where}: more than {MOST_PERIODS} notice periods")
    found = tuple(_read(f"{where}[{number}]", item) for number, item in enumerate(data))
    for names, what in (
        ([one.code for one in found], "are called"),
        ([k for one in found for k in one.kinds], "are for"),
    ):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"{where}: two notice periods {what} {twice!r}")
    return found


def _read(where: str, data: object) -> NoticePeriod:
    if not isinstance(data, Mapping):
        raise ValueError(f"{where}: expected an object with {', '.join(FIELDS)}")
    refuse_unknown(where, data, FIELDS, "a notice period")
    kinds = data.get("kinds")
    if not isinstance(kinds, list | tuple) or not kinds or any(kind not in KINDS for kind in kinds):
        raise ValueError(f"{where}.kinds: expected a list of some of {', '.join(KINDS)}")
    confidence = data.get("confidence")
    if confidence not in CONFIDENCES:
        raise ValueError(f"{where}.confidence: {confidence!r} is none of {', '.join(CONFIDENCES)}")
    return NoticePeriod(
        code=read_code(f"{where}.code", data.get("code")),
        name=read_texts(f"{where}.name", data.get("name")),
        kinds=tuple(kinds),
        seconds=read_seconds(f"{where}.seconds", data.get("seconds")),
        source=read_text(f"{where}.source", data.get("source")),
        confidence=str(confidence),
        note=read_texts(f"{where}.note", data["note"]) if "note" in data else None,
    )
