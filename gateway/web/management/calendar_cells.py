"""A working calendar as cells of a form, and back: hours of each weekday, closed days, days worked besides."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from gateway.web.management.cells import Cells

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = ("from", "to")
LISTS: dict[str, tuple[str, ...]] = {
    **{f"hours.{day}": SPAN for day in WEEKDAYS},
    "makeup_hours": SPAN,
    "closed": ("first", "last"),
    "yearly": ("day",),
    "workdays": ("day", *SPAN),
    "closures": (*SPAN, "reason"),
    "declared_years": ("year",),
}
# Where the service's names of fields are others than the form's.
ELSEWHERE = {"holidays": "closed"}
TEXTS = ("name", "tz", "country", "subdivision")
# A day's end as a document has it, and as a clock shows it.
DAY_ENDS, MIDNIGHT = "24:00", "00:00"
LONGEST_CLOSED = 400
# What dates, times and names of zones raise that are none.
UNREADABLE = (ValueError, KeyError, OSError)
ONE_DAY = timedelta(days=1)


def shown(document: dict[str, Any]) -> Cells:
    """Return the cells of a calendar."""
    cells = Cells({name: str(document.get(name) or "") for name in TEXTS})
    for day in WEEKDAYS:
        _show_spans(cells, f"hours.{day}", document["hours"].get(day, []))
    _show_spans(cells, "makeup_hours", document.get("makeup_hours", []))
    exact = [text for text in document.get("holidays", []) if len(text) > len("12-25")]
    _show(cells, "closed", ({"first": first, "last": last} for first, last in _stretches(exact)))
    _show(cells, "yearly", ({"day": text} for text in document.get("holidays", []) if text not in exact))
    _show(cells, "workdays", _workdays_shown(document.get("workdays", {})))
    _show(cells, "closures", (_closure_shown(one, document["tz"]) for one in document.get("closures", [])))
    _show(cells, "declared_years", ({"year": str(year)} for year in document.get("declared_years", [])))
    if document.get("accept_estimated_holidays"):
        cells.values["accept_estimated_holidays"] = "yes"
    return cells


def written(cells: Cells, before: dict[str, Any]) -> dict[str, Any]:
    """Return the calendar that the cells say. What it leaves empty it does not have."""
    found: dict[str, Any] = {name: cells.get(name) for name in TEXTS}
    found["hours"] = {day: spans for day in WEEKDAYS if (spans := _spans(cells, f"hours.{day}"))}
    found["makeup_hours"] = _spans(cells, "makeup_hours")
    found["holidays"] = [*_closed(cells), *(row["day"] for row in _rows(cells, "yearly"))]
    found["workdays"] = _workdays(cells, found)
    found["closures"] = _closures(cells, before)
    found["declared_years"] = [_year(cells, row["year"]) for row in _rows(cells, "declared_years")]
    found["accept_estimated_holidays"] = cells.ticked("accept_estimated_holidays")
    needed = {name: found[name] for name in ("tz", "hours")}
    kept = {name: value for name, value in found.items() if value or (name in before and value == before[name])}
    version = {"version": before["version"]} if "version" in before else {}
    return _as_before({**version, **kept, **needed}, before)


def _as_before(found: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Leave a part as it was written where the cells say the same of it, in whatever order or shape."""
    told = shown(before)
    try:
        now = shown(found)
    except UNREADABLE:
        # The desk refuses it by name.
        return found
    for part in ("hours", "makeup_hours", "holidays", "workdays", "closures", "declared_years"):
        names = {"holidays": ("closed", "yearly")}.get(part, (part,))
        if all(_of(told, name) == _of(now, name) for name in names):
            if part in before:
                found[part] = before[part]
            elif part != "hours":
                found.pop(part, None)
    return found


def _of(cells: Cells, name: str) -> list[tuple[str, str]]:
    return sorted((key, value) for key, value in cells.values.items() if key.startswith(f"{name}."))


def _show(cells: Cells, path: str, rows: Iterable[dict[str, str]]) -> None:
    for number, row in enumerate(rows):
        cells.values |= {f"{path}.{number}:{name}": value for name, value in row.items()}


def _rows(cells: Cells, path: str) -> list[dict[str, str]]:
    return [cells.row(path, number) for number in cells.rows(path)]


def _show_spans(cells: Cells, path: str, spans: list[list[str]]) -> None:
    _show(cells, path, ({"from": _padded(begins), "to": _padded(ends)} for begins, ends in spans))


def _padded(text: str) -> str:
    """Return a time as a field of a browser has it, in which a day ends when the next one begins."""
    padded = text if text[:2].isdigit() else f"0{text}"
    return MIDNIGHT if padded == DAY_ENDS else padded


def _spans(cells: Cells, path: str) -> list[list[str]]:
    return [[row.get("from", ""), _end(row.get("to", ""))] for row in _rows(cells, path)]


def _end(text: str) -> str:
    return DAY_ENDS if text == MIDNIGHT else text


def _stretches(days: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Return single days as stretches of days that follow one another; the end of a single day is empty."""
    first = last = None
    for day in sorted({date.fromisoformat(text) for text in days}):
        if last is not None and day == last + ONE_DAY:
            last = day
            continue
        if first is not None and last is not None:
            yield _stretch(first, last)
        first = last = day
    if first is not None and last is not None:
        yield _stretch(first, last)


def _stretch(first: date, last: date) -> tuple[str, str]:
    return first.isoformat(), "" if first == last else last.isoformat()


def _closed(cells: Cells) -> list[str]:
    found: list[str] = []
    for row in _rows(cells, "closed"):
        begins, ends = row.get("first", ""), row.get("last", "") or row.get("first", "")
        try:
            first, last = date.fromisoformat(begins), date.fromisoformat(ends)
        except ValueError:
            cells.refuse("closed", _("Give days such as 2026-10-01."))
            continue
        if not 0 <= (last - first).days < LONGEST_CLOSED:
            cells.refuse("closed", _("The last day comes after the first, within a year."))
            continue
        found += [(first + number * ONE_DAY).isoformat() for number in range((last - first).days + 1)]
    return list(dict.fromkeys(found))


def _workdays_shown(workdays: Any) -> Iterator[dict[str, str]]:
    if isinstance(workdays, list):
        yield from ({"day": day, "from": "", "to": ""} for day in workdays)
        return
    for day, spans in workdays.items():
        yield from ({"day": day, "from": _padded(begins), "to": _padded(ends)} for begins, ends in spans)


def _workdays(cells: Cells, found: dict[str, Any]) -> Any:
    """Return days worked besides: as a list where none has hours of its own, and otherwise each with its hours."""
    rows = _rows(cells, "workdays")
    if not any(row.get("from") or row.get("to") for row in rows):
        return [row["day"] for row in rows]
    usual: list[list[str]] = found["makeup_hours"] or next(iter(found["hours"].values()), [])
    days: dict[str, list[list[str]]] = {}
    for row in rows:
        own = [[row["from"], _end(row["to"])]] if row.get("from") or row.get("to") else usual
        days.setdefault(row["day"], []).extend(own)
    return days


def _closure_shown(closure: Any, tz: str) -> dict[str, str]:
    pair = (closure["from"], closure["to"]) if isinstance(closure, dict) else closure
    reason = str(closure.get("reason", "")) if isinstance(closure, dict) else ""
    begins, ends = (_local(text, tz) for text in pair)
    return {"from": begins, "to": ends, "reason": reason}


def _local(text: str, tz: str) -> str:
    at = datetime.fromisoformat(text)
    wall = at.astimezone(ZoneInfo(tz)).replace(tzinfo=None)
    return wall.isoformat(timespec="seconds" if wall.second else "minutes")


def _closures(cells: Cells, before: dict[str, Any]) -> list[dict[str, str]]:
    rows = _rows(cells, "closures")
    if not rows:
        return []
    try:
        zone = ZoneInfo(cells.get("tz"))
    except UNREADABLE:
        # The desk says that the zone is none; until it is one, the old one reads the times.
        zone = ZoneInfo(before["tz"])
    found = []
    for row in rows:
        try:
            begins, ends = (datetime.fromisoformat(row.get(name, "")).replace(tzinfo=zone) for name in SPAN)
        except ValueError:
            cells.refuse("closures", _("Give the beginning and the end, each with day and time."))
            continue
        closure = {"from": begins.isoformat(), "to": ends.isoformat()}
        found.append({**closure, "reason": row["reason"]} if row.get("reason") else closure)
    return found


def _year(cells: Cells, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 4):
        cells.refuse("declared_years", _("Give years such as 2026."))
        return 0
    return int(text)
