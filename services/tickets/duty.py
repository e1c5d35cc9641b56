"""Who is on duty: shifts that recur on the wall clock of their community, with days off, turned to moments one by one.

A shift that ends at or before the time it begins goes on past midnight. Where the clocks change, a time that is
skipped is read with the offset before the change, and one that comes twice is its first (RFC 5545 §3.3.5). Both ends of
a shift are read so: where one crew's shift ends as the next one's begins, that is one moment, also in such a night.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from services.kit.errors import Invalid, invalid_field
from services.tickets.plans.recurrence import Recurrence, recurrence

_DAY = timedelta(days=1)
# Days that are asked about come again and again: every page of the pool asks about today.
_REMEMBERED = 20_000


@dataclass(frozen=True)
class Shift:
    """Somebody's hours in a community. Without a rule it is once, on `first_on`; `off` are dates it does not begin on.

    `begins` and `ends` are on the wall, dates are those on which a shift begins, `last_on` is the last that counts.
    """

    id: str
    person_id: str
    community_id: str
    timezone: str
    first_on: date
    last_on: date | None
    begins: time
    ends: time
    rrule: str | None
    off: frozenset[date] = field(default=frozenset())


@dataclass(frozen=True)
class Window:
    """One time that somebody is on duty, from a moment until before another."""

    shift: Shift
    on: date
    begins_at: datetime
    ends_at: datetime


def checked_rule(text: str, first_on: date, last_on: date | None, begins: time, timezone: str) -> str:
    """Return a shift's rule in its plain form; raises Invalid naming `rrule` or `last_on`."""
    if last_on is not None and last_on < first_on:
        raise invalid_field("last_on", "The last day lies before the first.", "最后一天早于第一天。")
    try:
        rule = recurrence(text, datetime.combine(first_on, begins), _end_of(last_on), ZoneInfo(timezone)).rule
    except Invalid as refused:
        if "rrule" in refused.fields:
            raise
        raise invalid_field("last_on", refused.en, refused.zh) from refused
    if "FREQ=HOURLY" in rule or "BYHOUR" in rule:
        raise invalid_field(
            "rrule",
            "A shift begins at one time of the day: leave out HOURLY and BYHOUR.",
            "班次每天只有一个开始时间，请勿使用 HOURLY 或 BYHOUR。",
        )
    return rule


def windows(shift: Shift, since: datetime, until: datetime) -> Iterator[Window]:
    """Yield the times on duty that have a moment in common with since ≤ moment < until, in order."""
    zone = ZoneInfo(shift.timezone)
    day, last = since.astimezone(zone).date() - _DAY, until.astimezone(zone).date()
    while day <= last:
        if day not in shift.off and _begins_on(shift, day):
            window = _window(shift, day, zone)
            if window.begins_at < until and window.ends_at > since:
                yield window
        day += _DAY


def on_duty(shifts: Iterable[Shift], moment: datetime) -> dict[str, Window]:
    """Return who is on duty at a moment by person, each with the time that lasts longest."""
    found: dict[str, Window] = {}
    for shift in shifts:
        for window in windows(shift, moment, moment + timedelta(microseconds=1)):
            known = found.get(shift.person_id)
            if known is None or window.ends_at > known.ends_at:
                found[shift.person_id] = window
    return found


def _window(shift: Shift, day: date, zone: ZoneInfo) -> Window:
    until = day if shift.ends > shift.begins else day + _DAY
    return Window(shift, day, _moment(day, shift.begins, zone), _moment(until, shift.ends, zone))


def _moment(day: date, on_the_wall: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, on_the_wall, tzinfo=zone).astimezone(UTC)


def _begins_on(shift: Shift, day: date) -> bool:
    if day < shift.first_on or (shift.last_on is not None and day > shift.last_on):
        return False
    if shift.rrule is None:
        return day == shift.first_on
    return _occurs_on(shift.rrule, shift.first_on, shift.timezone, day)


@lru_cache(maxsize=_REMEMBERED)
def _occurs_on(rule: str, first_on: date, timezone: str, day: date) -> bool:
    """Say whether a rule occurs on a date. At noon, which no clock skips: only the date is asked about."""
    checked = Recurrence(rule, datetime.combine(first_on, time(12)), None, ZoneInfo(timezone))
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(timezone)).astimezone(UTC)
    return checked.next_after(noon - timedelta(seconds=1)) == noon


def _end_of(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time.max.replace(microsecond=0))
