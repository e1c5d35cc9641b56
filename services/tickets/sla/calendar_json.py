"""Reading a working calendar from JSON, refusing everything that could not mean one thing only."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from services.tickets.sla.country import check_country

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_SECONDS = 86_400
FIELDS = (
    "name",
    "version",
    "tz",
    "hours",
    "holidays",
    "workdays",
    "makeup_hours",
    "closures",
    "country",
    "subdivision",
    "declared_years",
    "accept_estimated_holidays",
)
# Files beside the zones: the machine's own zone, the rules for zones that name none, and none at all.
NO_PLACES = {"localtime", "posixrules", "Factory"}
TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
YEARLY = re.compile(r"\d{2}-\d{2}", re.ASCII)
EXACT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Span = tuple[int, int]
Spans = tuple[Span, ...]
Closure = tuple[datetime, datetime]


def wall_seconds(field: str, text: object) -> int:
    """Seconds after midnight on the wall clock of "HH:MM" or "HH:MM:SS"; "24:00" is the day's end."""
    match = TIME.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{field}: {text!r} is not a time such as 08:30")
    hour, minute, second = (int(part or 0) for part in match.groups())
    total = hour * 3600 + minute * 60 + second
    if minute > 59 or second > 59 or total > DAY_SECONDS:
        raise ValueError(f"{field}: {text!r} is not a time of day")
    return total


def read_spans(field: str, value: object) -> Spans:
    """Opening spans of one day in wall seconds, sorted; reversed, empty and overlapping ones are refused."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{field}: expected a list of [from, to] spans")
    spans = []
    for pair in value:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{field}: {pair!r} is not a span [from, to]")
        start, end = (wall_seconds(field, part) for part in pair)
        if start >= end:
            raise ValueError(
                f"{field}: the span {pair[0]}–{pair[1]} ends before it begins; "
                "a span over midnight is written as two, one on each day"
            )
        spans.append((start, end))
    spans.sort()
    for (_, before), (after, _) in pairwise(spans):
        if after < before:
            raise ValueError(f"{field}: two spans overlap")
    return tuple(spans)


def read_hours(value: object) -> tuple[Spans, ...]:
    """Seven days of spans, Monday first; a weekday left out is closed."""
    if not isinstance(value, Mapping):
        raise ValueError("hours: expected an object with a list of spans for each weekday")
    unknown = sorted(str(key) for key in value if key not in WEEKDAYS)
    if unknown:
        raise ValueError(f"hours: {unknown[0]!r} is not a weekday; use {', '.join(WEEKDAYS)}")
    week = tuple(read_spans(f"hours.{day}", value.get(day, [])) for day in WEEKDAYS)
    if not any(week):
        raise ValueError("hours: the calendar never opens, so no deadline could ever fall")
    return week


def read_date(field: str, text: object) -> date:
    """One exact day written YYYY-MM-DD."""
    if not isinstance(text, str) or not EXACT.fullmatch(text):
        raise ValueError(f"{field}: {text!r} is not a date such as 2026-10-01")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{field}: {text!r} is not a day of the calendar") from None


def read_holidays(value: object) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    """Exact days and days that return each year (MM-DD); a year-long list of the latter is all-closed."""
    if not isinstance(value, list | tuple):
        raise ValueError("holidays: expected a list of dates, YYYY-MM-DD or MM-DD for every year")
    exact, yearly = set(), set()
    for text in value:
        if isinstance(text, str) and YEARLY.fullmatch(text):
            # 2000 was a leap year, so 02-29 is a day here and 02-30 is not.
            day = read_date("holidays", f"2000-{text}")
            yearly.add((day.month, day.day))
        else:
            exact.add(read_date("holidays", text))
    if len(yearly) >= 365:
        raise ValueError("holidays: every day of the year is a holiday, so the calendar never opens")
    return frozenset(exact), frozenset(yearly)


def read_workdays(value: object, usual: Spans) -> tuple[tuple[date, Spans], ...]:
    """Extra workdays: {date: spans}, or a list of dates that are worked with the usual hours."""
    if isinstance(value, Mapping):
        given = {read_date("workdays", key): read_spans(f"workdays.{key}", spans) for key, spans in value.items()}
    elif isinstance(value, list | tuple):
        given = {read_date("workdays", key): usual for key in value}
    else:
        raise ValueError("workdays: expected an object of date to spans, or a list of dates")
    for day, spans in given.items():
        if not spans:
            raise ValueError(f"workdays.{day}: a workday needs at least one span; list a free day in holidays")
    return tuple(sorted(given.items()))


def read_moment(field: str, text: object) -> datetime:
    """An aware moment in UTC from ISO 8601 text; one without an offset could mean any of them and is refused."""
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ValueError(f"{field}: {text!r} is not a moment such as 2026-02-01T08:00:00+08:00") from None
    if moment.tzinfo is None:
        raise ValueError(f"{field}: {text!r} has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{field}: the year of {text!r} cannot be counted") from None


def read_closures(value: object) -> tuple[Closure, ...]:
    """One-off closures as [from, to] moments or {"from", "to", "reason"}; overlapping ones are joined."""
    if not isinstance(value, list | tuple):
        raise ValueError("closures: expected a list of [from, to] moments")
    read: list[Closure] = []
    for item in value:
        pair = (item.get("from"), item.get("to")) if isinstance(item, Mapping) else item
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"closures: {item!r} is not a pair of moments")
        start, end = (read_moment("closures", part) for part in pair)
        if start >= end:
            raise ValueError(f"closures: {pair[0]} to {pair[1]} ends before it begins")
        read.append((start, end))
    return join(read)


def join(periods: list[Closure]) -> tuple[Closure, ...]:
    """Periods sorted, with those that touch or overlap made one, so that no second counts twice."""
    joined: list[Closure] = []
    for start, end in sorted(periods):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def read_zone(value: object) -> str:
    """The name of a zone of the IANA database."""
    if not isinstance(value, str) or not value:
        raise ValueError("tz: expected the name of a time zone such as Asia/Shanghai")
    if value not in zones():
        raise ValueError(f"tz: {value!r} is not a time zone that is known")
    return value


@cache
def zones() -> frozenset[str]:
    """The zones of the IANA database, without files that mean what each machine likes, or count leap seconds."""
    return frozenset(name for name in available_timezones() - NO_PLACES if not name.startswith(("right/", "posix/")))


def read_country(data: Mapping[str, Any]) -> dict[str, Any]:
    """The country whose public holidays apply, and the years entered by hand instead."""
    country, subdivision = data.get("country"), data.get("subdivision")
    for field, text in (("country", country), ("subdivision", subdivision)):
        if text is not None and not isinstance(text, str):
            raise ValueError(f"{field}: expected a code such as CN")
    if country is not None:
        check_country(country, subdivision)
    elif subdivision is not None:
        raise ValueError("subdivision: it needs a country")
    years = data.get("declared_years", [])
    if not isinstance(years, list | tuple) or any(type(year) is not int for year in years):
        raise ValueError("declared_years: expected a list of years")
    accept = data.get("accept_estimated_holidays", False)
    if not isinstance(accept, bool):
        raise ValueError("accept_estimated_holidays: expected true or false")
    return {
        "country": country,
        "subdivision": subdivision,
        "declared_years": frozenset(years),
        "accept_estimated_holidays": accept,
    }


def read_calendar(data: object) -> dict[str, Any]:
    """The fields of a Calendar from its JSON object; ValueError with a sentence naming the field at fault."""
    if not isinstance(data, Mapping):
        raise ValueError("calendar: expected an object with tz and hours")
    unknown = sorted(str(key) for key in data if key not in FIELDS)
    if unknown:
        raise ValueError(f"{unknown[0]}: a calendar has no such field")
    for field in ("tz", "hours"):
        if field not in data:
            raise ValueError(f"{field}: a calendar needs it")
    for field in ("name", "version"):
        if not isinstance(data.get(field, ""), str):
            raise ValueError(f"{field}: expected text")
    hours = read_hours(data["hours"])
    makeup = read_spans("makeup_hours", data.get("makeup_hours", []))
    usual = makeup or next(spans for spans in hours if spans)
    exact, yearly = read_holidays(data.get("holidays", []))
    workdays = read_workdays(data.get("workdays", {}), usual)
    for day, _ in workdays:
        if day in exact:
            raise ValueError(f"workdays: {day} is also listed in holidays")
    return {
        "tz": read_zone(data["tz"]),
        "hours": hours,
        "holidays": exact,
        "yearly_holidays": yearly,
        "workdays": workdays,
        "makeup_hours": makeup,
        "closures": read_closures(data.get("closures", [])),
        "name": data.get("name", ""),
        "version": data.get("version", ""),
        **read_country(data),
    }
