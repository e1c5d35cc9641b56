"""Calendar cases from other service desks, worked out by our own arithmetic and set beside what they expect."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.tickets.sla.calendar import STAY, Calendar, add, add_days, between
from services.tickets.sla.calendar_json import read_moment


def evaluate(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same list, each case with `actual` added.

    A case has `calendar`, `start` and `pauses` and asks by its `op`: "add" (`seconds`, answered by a moment as
    ISO 8601 in UTC), "between" (`end`, answered in seconds) or "add_days" (`days`, same wall time on a later
    working day). `switches`, when given, may name `at_closing`. A case that is refused has `actual` null and the
    reason in `error`. ValueError when the list is no list of cases.
    """
    if not isinstance(cases, list) or not all(isinstance(case, Mapping) for case in cases):
        raise ValueError("cases: expected a JSON list of objects")
    return [evaluate_one(case) for case in cases]


def evaluate_one(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case with its `actual` answer, or null and the reason why there is none."""
    try:
        return {**case, "actual": answer(case)}
    except KeyError as missing:
        return {**case, "actual": None, "error": f"{missing.args[0]}: the case does not have it"}
    except (ValueError, TypeError) as refused:
        return {**case, "actual": None, "error": str(refused)}


def answer(case: Mapping[str, Any]) -> str | float:
    """What our arithmetic says to one case; KeyError, TypeError or ValueError when it cannot be read."""
    calendar = Calendar.from_json(case["calendar"])
    start = read_moment("start", case["start"])
    pauses = [
        (read_moment("pauses", begin), None if end is None else read_moment("pauses", end))
        for begin, end in case.get("pauses") or []
    ]
    if case["op"] == "add":
        at_closing = (case.get("switches") or {}).get("at_closing", STAY)
        return add(calendar, start, case["seconds"], pauses, at_closing=at_closing).isoformat()
    if case["op"] == "between":
        return between(calendar, start, read_moment("end", case["end"]), pauses)
    if case["op"] == "add_days":
        return add_days(calendar, start, case["days"]).isoformat()
    raise ValueError(f"op: {case['op']!r} is none of add, between, add_days")


def differs(case: Mapping[str, Any]) -> bool:
    """Whether an evaluated case came out otherwise than expected; moments are compared as moments.

    A case without `expected` only asks, and cannot differ; `expected` null expects a refusal.
    """
    if "expected" not in case:
        return False
    expected, actual = case["expected"], case["actual"]
    if isinstance(expected, str) and isinstance(actual, str):
        return read_moment("expected", expected) != datetime.fromisoformat(actual)
    return bool(expected != actual)


def any_differs(cases: list[dict[str, Any]]) -> bool:
    """Whether any evaluated case differs, which is what the command's exit status says."""
    return any(differs(case) for case in cases)
