"""Working time: when so many seconds of it will have passed, and how many passed between two moments."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from services.tickets.sla.calendar_json import Closure, join
from services.tickets.sla.country import HolidaysUnknown
from services.tickets.sla.opening import ALWAYS, DAY, WEEK, ZERO, Calendar, moment

__all__ = [
    "ALWAYS",
    "NEXT_OPENING",
    "STAY",
    "Calendar",
    "HolidaysUnknown",
    "NeverDue",
    "add",
    "add_calendar_days",
    "add_days",
    "between",
    "end_of_day",
    "in_seconds",
    "is_closing",
    "next_opening",
    "usual_day_seconds",
    "utc",
]

STAY = "stay"
NEXT_OPENING = "next_opening"
HORIZON = timedelta(days=36_525)
LONGEST_CLOSED = timedelta(days=3_653)

Pause = tuple[datetime, datetime | None]


class NeverDue(ValueError):
    """The calendar stays closed for ten years, or the deadline lies a hundred years away."""


def utc(name: str, value: datetime) -> datetime:
    """The same moment in UTC; one without a zone, or outside the years that can be counted, is refused."""
    zone = value.tzinfo
    if zone is None:
        raise ValueError(f"{name}: the moment has no time zone")
    if not 1900 <= value.year <= 9000:
        raise ValueError(f"{name}: the year {value.year} cannot be counted")
    return value if zone is UTC else value.astimezone(UTC)


def joined_pauses(pauses: Iterable[Pause], end: datetime) -> tuple[Closure, ...]:
    """Pauses in UTC, sorted and joined, one that is still open lasting until `end`. Reversed ones are refused."""
    read = []
    for start, stop in pauses:
        begin, finish = utc("pauses", start), end if stop is None else utc("pauses", stop)
        if stop is not None and finish < begin:
            raise ValueError(f"pauses: the pause from {begin.isoformat()} ends before it begins")
        if begin < finish:
            read.append((begin, finish))
    return join(read)


def _measure(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    if end <= start:
        return ZERO
    if calendar.always_open:
        return end - start
    if end - start > 2 * HORIZON:
        raise ValueError("end: more than two hundred years after start")
    total = ZERO
    first, local_end = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone)
    # Where the clock goes back across midnight, the day after has begun before the repeated hour of this one.
    last = local_end.date() + (DAY if local_end.fold else ZERO)
    day = first
    while day <= last:
        if day > first and day.weekday() == 0 and day + WEEK < last:
            week = calendar.week_total(day)
            if week is not None:
                total += week
                day += WEEK
                continue
        for opens, closes in calendar.open_periods(day):
            total += max(min(closes, end) - max(opens, start), ZERO)
        day += DAY
    return total


def _advance(calendar: Calendar, start: datetime, wanted: timedelta) -> datetime:
    """The earliest moment by which `wanted` of open time has passed since `start`."""
    if wanted <= ZERO:
        return start
    if calendar.always_open:
        return start + wanted
    first = day = start.astimezone(calendar.zone).date()
    last_open = first
    while day - first <= HORIZON:
        week = calendar.week_total(day) if day > first and day.weekday() == 0 else None
        if week is not None and week < wanted:
            wanted -= week
            last_open = day if week else last_open
            day += WEEK
        else:
            for opens, closes in calendar.open_periods(day):
                held = closes - max(opens, start)
                if held >= wanted:
                    return max(opens, start) + wanted
                if held > ZERO:
                    wanted, last_open = wanted - held, day
            day += DAY
        if day - last_open > LONGEST_CLOSED:
            raise NeverDue(f"hours: the calendar does not open for ten years after {last_open}")
    raise NeverDue("seconds: the deadline would lie more than a hundred years away")


def next_opening(calendar: Calendar, at: datetime) -> datetime:
    """The moment itself when the desk is open just after it, else the next moment at which it opens."""
    tick = timedelta(microseconds=1)
    return _advance(calendar, at, tick) - tick


def add(
    calendar: Calendar,
    start: datetime,
    seconds: float,
    pauses: Iterable[Pause] = (),
    *,
    at_closing: str = STAY,
) -> datetime:
    """The moment (aware, UTC) by which `seconds` of open, unpaused time have passed since `start`.

    `at_closing` says what becomes of a deadline that falls exactly on closing time: "stay" (the default, a
    deadline is the last moment that is still in time) or "next_opening". Pauses are (start, end) pairs, each
    with an end, for nobody can say when a clock falls due that is still paused.
    Raises ValueError for negative seconds and NeverDue (a ValueError) or HolidaysUnknown.
    """
    start = utc("start", start)
    if not 0 <= seconds <= HORIZON.total_seconds():
        raise ValueError(f"seconds: {seconds} is not between nothing and a hundred years")
    pauses = list(pauses)
    if any(stop is None for _, stop in pauses):
        raise ValueError("pauses: a pause without an end leaves the deadline open")
    if at_closing not in (STAY, NEXT_OPENING):
        raise ValueError(f"at_closing: {at_closing!r} is neither {STAY} nor {NEXT_OPENING}")
    wanted = timedelta(seconds=seconds)
    if calendar.always_open and not pauses:
        return start + wanted
    for paused, resumed in joined_pauses(pauses, start) if pauses else ():
        run = _measure(calendar, start, paused)
        if wanted <= run:
            break
        wanted, start = wanted - run, max(start, resumed)
    due = _advance(calendar, start, wanted)
    # A pause that begins once the time is used up does not move the deadline, or a breach could be undone.
    return due if at_closing == STAY else next_opening(calendar, due)


def between(calendar: Calendar, start: datetime, end: datetime, pauses: Iterable[Pause] = ()) -> float:
    """Seconds of open, unpaused time from `start` to `end`, 0 when end is not after start.

    An int when they are whole. A pause without an end lasts until `end`. Raises ValueError or HolidaysUnknown.
    """
    start, end = utc("start", start), utc("end", end)
    total = ZERO
    for paused, resumed in joined_pauses(pauses, end) if pauses else ():
        total += _measure(calendar, start, min(paused, end))
        start = max(start, resumed)
    return in_seconds(total + _measure(calendar, start, end))


def in_seconds(length: timedelta) -> float:
    """A length in seconds, an int when they are whole."""
    return length.total_seconds() if length.microseconds else length.days * 86_400 + length.seconds


def add_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The same wall-clock time on the n-th working day after `start` (UTC), where a day is not so many hours.

    From a closed day the first working day after it is the first counted; a day on which closures leave no time
    is no working day, nor is one the zone's calendar left out. Raises ValueError, NeverDue or HolidaysUnknown.
    """
    check_days(days)
    local = utc("start", start).astimezone(calendar.zone)
    day, left = local.date(), days
    while left:
        day += DAY
        left -= bool(calendar.open_periods(day))
        if day - local.date() > HORIZON:
            raise NeverDue("days: the deadline would lie more than a hundred years away")
    return _same_time(calendar, local, day)


def add_calendar_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """The same wall-clock time so many days of the calendar's zone after `start` (UTC), open or not."""
    check_days(days)
    local = utc("start", start).astimezone(calendar.zone)
    return _same_time(calendar, local, local.date() + days * DAY)


def check_days(days: int) -> None:
    """Refuse a number of days that is none, or more than a hundred years of them (ValueError)."""
    if type(days) is not int or not 0 <= days <= HORIZON.days:
        raise ValueError(f"days: {days!r} is not a whole number of days between none and a hundred years")


def _same_time(calendar: Calendar, local: datetime, day: date) -> datetime:
    if day == local.date():
        return local.astimezone(UTC)
    seconds = local.hour * 3600 + local.minute * 60 + local.second
    return moment(calendar.zone, day, seconds) + timedelta(microseconds=local.microsecond)


def usual_day_seconds(calendar: Calendar) -> int:
    """Open seconds of an ordinary working day: the length most open weekdays have, in doubt that of the earlier."""
    lengths = [sum(end - start for start, end in spans) for spans in calendar.hours if spans]
    return max(lengths, key=lengths.count)


def is_closing(calendar: Calendar, at: datetime) -> bool:
    """Whether the desk was open just before this moment and is not just after it."""
    tick = timedelta(microseconds=1)
    return bool(_measure(calendar, at - tick, at)) and not _measure(calendar, at, at + tick)


def end_of_day(calendar: Calendar, at: datetime) -> datetime:
    """The midnight (UTC) that ends the local day on which `at` falls."""
    return moment(calendar.zone, utc("at", at).astimezone(calendar.zone).date() + DAY, 0)
