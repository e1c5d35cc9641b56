"""Calendar cases from other service desks, worked out by our own arithmetic and set beside what they expect."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tickets.sla.calendar import Calendar, add, between, check_days
from services.tickets.sla.calendar_json import read_moment
from services.tickets.sla.deadlines import deadline
from services.tickets.sla.runs import Pause, Run
from services.tickets.sla.switches import CHOICES, Switches
from services.tickets.sla.targets import WORKING, Target


def evaluate(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same list, each case with `actual` added, and with `ok` where it says what is `expected`.

    A case has `calendar`, `start` and `pauses` and asks by its `op`: "add" (`seconds`, or `days` as the switch `day`
    counts them, answered by a moment as ISO 8601 in UTC), "between" (`end`, answered in seconds) or "add_days"
    (`days` working days). `switches`, when given, holds switches of a policy by name. A case that is refused has
    `actual` null and the reason in `error`. ValueError when the list is no list of cases.
    """
    if not isinstance(cases, list) or not all(isinstance(case, Mapping) for case in cases):
        raise ValueError("cases: expected a JSON list of objects")
    return [evaluate_one(case) for case in cases]


def evaluate_one(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case with its `actual` answer, or null and the reason why there is none, and whether that was expected."""
    worked_out = _worked_out(case)
    return {**worked_out, "ok": not differs(worked_out)} if "expected" in case else worked_out


def _worked_out(case: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {**case, "actual": answer(case)}
    except KeyError as missing:
        return {**case, "actual": None, "error": f"{missing.args[0]}: the case does not have it"}
    except (ValueError, TypeError) as refused:
        return {**case, "actual": None, "error": str(refused)}


def answer(case: Mapping[str, Any]) -> str | float:
    """What our arithmetic says to one case; KeyError, TypeError or ValueError when it cannot be read."""
    calendar = Calendar.from_json(case["calendar"])
    start, pauses = read_moment("start", case["start"]), read_pauses(case.get("pauses"))
    switches = read_switches(case.get("switches"))
    if case["op"] == "between":
        return between(calendar, start, read_moment("end", case["end"]), pauses)
    if case["op"] not in ("add", "add_days"):
        raise ValueError(f"op: {case['op']!r} is none of add, between, add_days")
    if case["op"] == "add" and "days" not in case:
        return add(calendar, start, read_seconds(case["seconds"]), pauses, at_closing=switches.at_closing).isoformat()
    check_days(case["days"])
    return due_after_days(calendar, start, case["days"], pauses, switches).isoformat()


def due_after_days(calendar: Calendar, start: datetime, days: int, pauses: list[Pause], switches: Switches) -> datetime:
    """When so many working days have passed, as the switch `day` counts them; no pause may be open."""
    if any(end is None for _, end in pauses):
        raise ValueError("pauses: a pause without an end leaves the deadline open")
    between(calendar, start, start, pauses)
    target = Target("resolve", 0, basis=WORKING, warn=(), days=days)
    found = deadline(Run(1, start, None, void=False, waits=tuple(pauses)), target, calendar, switches)
    if found.due is None:
        raise ValueError("pauses: the deadline is open")
    return found.due


def read_pauses(value: Any) -> list[Pause]:
    """Pauses as pairs of moments, the second null while one lasts."""
    if value is None:
        return []
    pairs = value if isinstance(value, list | tuple) else [value]
    if any(not isinstance(pair, list | tuple) or len(pair) != 2 for pair in pairs):
        raise ValueError("pauses: expected a list of [from, to] moments")
    return [(read_moment("pauses", begin), None if end is None else read_moment("pauses", end)) for begin, end in pairs]


def read_switches(value: object) -> Switches:
    """The switches a case names, the others at their defaults."""
    if value is None:
        return Switches()
    if not isinstance(value, Mapping) or any(key not in CHOICES for key in value):
        raise ValueError(f"switches: known are {', '.join(CHOICES)}")
    return Switches(**value)


def read_seconds(value: object) -> float:
    """A length in seconds; text, or true and false, is none."""
    if type(value) not in (int, float):
        raise ValueError(f"seconds: {value!r} is not a number of seconds")
    return value  # type: ignore[return-value]


def differs(case: Mapping[str, Any]) -> bool:
    """Whether an evaluated case came out otherwise than expected; moments are compared as moments.

    A case without `expected` only asks, and differs only where there is no answer; `expected` null expects a refusal.
    """
    if "expected" not in case:
        return "error" in case
    expected, actual = case["expected"], case["actual"]
    if isinstance(expected, str) and isinstance(actual, str):
        return read_moment("expected", expected) != datetime.fromisoformat(actual)
    return bool(expected != actual)


def any_differs(cases: list[dict[str, Any]]) -> bool:
    """Whether any evaluated case differs, which is what the command's exit status says."""
    return any(differs(case) for case in cases)
