"""How long something may take, as a person says it: so many minutes, hours or days, of the clock or of working time."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web.management.cells import Cells

CLOCK, WORKING, EVENING = "clock", "working", "evening"
# The largest first, so that a length is told by the largest unit it is a whole number of.
SECONDS = {"hours": 3600, "minutes": 60, "seconds": 1}
DAY = 86_400
MOST_DIGITS = 9
UNITS = {
    "minutes": _l("minutes"),
    "hours": _l("hours"),
    "days": _l("days"),
    "working_minutes": _l("working minutes"),
    "working_hours": _l("working hours"),
    "working_days": _l("working days"),
    "evening_minutes": _l("minutes, at least until the end of the day"),
    "evening_hours": _l("hours, at least until the end of the day"),
    # Only a document has lengths like these.
    "seconds": _l("seconds"),
    "working_seconds": _l("working seconds"),
    "evening_seconds": _l("seconds, at least until the end of the day"),
}
PLAIN = ("minutes", "hours", "days")
HOURS = ("minutes", "hours", "working_minutes", "working_hours")


def said(target: Mapping[str, Any]) -> tuple[int, str]:
    """Return a target of a document as a number and a unit."""
    working = target.get("basis") == WORKING
    if target.get("days"):
        return target["days"], "working_days" if working else "days"
    seconds = target["seconds"]
    if not working and not target.get("sundown") and seconds % DAY == 0:
        return seconds // DAY, "days"
    name = next(name for name, length in SECONDS.items() if seconds % length == 0)
    kind = f"{WORKING}_" if working else f"{EVENING}_" if target.get("sundown") else ""
    return seconds // SECONDS[name], f"{kind}{name}"


def show(cells: Cells, path: str, target: Mapping[str, Any] | None) -> None:
    """Put a target into its two fields; without one they are empty."""
    number, unit = said(target) if target else ("", "minutes")
    cells.values |= {f"{path}:n": str(number), f"{path}:unit": unit}


def read(cells: Cells, path: str, before: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
    """Return a target from its two fields, None where no number stands there; what cannot be read is refused.

    What says the same as before stays as it was, to the second. A new length has lost the source of the old one.
    """
    number, unit = cells.get(f"{path}:n"), cells.get(f"{path}:unit")
    if not number:
        return None
    if not (number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS) or unit not in UNITS:
        cells.refuse(path, _("Give a whole number, and say of what."))
        return dict(before) if before else None
    if before and said(before) == (int(number), unit):
        return dict(before)
    kept = {name: value for name, value in (before or {}).items() if name in ("warn", "pauses")}
    return {**length(int(number), unit), **kept}


def length(number: int, unit: str) -> dict[str, Any]:
    """Return a number and a unit as a document has them."""
    kind, _sign, name = unit.rpartition("_")
    basis = WORKING if kind == WORKING else CLOCK
    if name == "days":
        return {"days": number, "basis": basis}
    sundown = {"sundown": True} if kind == EVENING else {}
    return {"seconds": number * SECONDS[name], "basis": basis, **sundown}


def seconds(cells: Cells, path: str, before: int | None = None) -> int | None:
    """Return a length of the clock in seconds, where days are twenty-four hours; None where no number stands there."""
    found = read(cells, path, None if before is None else {"seconds": before, "basis": CLOCK})
    if found is None:
        return None
    return found["days"] * DAY if "days" in found else found["seconds"]
