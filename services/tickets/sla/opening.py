"""When a desk is open: the calendar, its days and weeks, and the moments its wall clock stands for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from services.tickets.sla.calendar_json import DAY_SECONDS, Closure, Spans, join, read_calendar
from services.tickets.sla.country import HolidaysUnknown, known_year

ZERO = timedelta(0)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Calendar:
    """When a community's desk is open.

    `hours` holds seven days, Monday first, each any number of (from, to) spans in seconds of the wall clock.
    What a day is worked is decided by the first that applies: `workdays`, `holidays`, `yearly_holidays`, the
    country's make-up workdays, the country's holidays, the weekday. `closures` are taken off whatever remains.
    A span opens at the first moment the wall clock has reached its time: a time the clock jumps over opens
    (or closes) at the jump, a time that occurs twice at its first occurrence. Hours are counted as they really
    passed, so a day of 23 or 25 hours has 23 or 25.
    """

    tz: str
    hours: tuple[Spans, ...]
    holidays: frozenset[date] = frozenset()
    yearly_holidays: frozenset[tuple[int, int]] = frozenset()
    workdays: tuple[tuple[date, Spans], ...] = ()
    makeup_hours: Spans = ()
    closures: tuple[Closure, ...] = ()
    country: str | None = None
    subdivision: str | None = None
    declared_years: frozenset[int] = frozenset()
    accept_estimated_holidays: bool = False
    name: str = ""
    version: str = ""
    _days: dict[date, tuple[Closure, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _weeks: dict[date, timedelta | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Calendar":
        """A calendar from its JSON object; ValueError with a sentence naming the field that is wrong.

        {"tz", "hours": {"mon": [["08:00", "12:00"], …]}, "holidays": ["2026-10-01", "12-25"],
        "workdays": {"2026-02-14": [["09:00", "18:00"]]} or ["2026-02-14"], "makeup_hours": [[…]],
        "closures": [["2026-03-01T08:00:00+08:00", "…"]], "country": "CN", "subdivision", "declared_years": [2027],
        "accept_estimated_holidays": false, "name", "version"}; only tz and hours are required.
        """
        return cls(**read_calendar(data))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone whose wall clock the spans are read on."""
        return ZoneInfo(self.tz)

    @cached_property
    def always_open(self) -> bool:
        """Whether every second counts, so that arithmetic is plain addition."""
        exceptions = (self.holidays, self.yearly_holidays, self.workdays, self.closures, self.country)
        return not any(exceptions) and all(_whole_day(spans) for spans in self.hours)

    @cached_property
    def usual_hours(self) -> Spans:
        """The hours of a make-up workday: its own, or those of the week's first open day."""
        return self.makeup_hours or next((spans for spans in self.hours if spans), ())

    @cached_property
    def _workdays(self) -> dict[date, Spans]:
        return dict(self.workdays)

    def wall_spans(self, day: date) -> Spans:
        """The day's opening spans in wall seconds, before closures. Raises HolidaysUnknown."""
        if day in self._workdays:
            return self._workdays[day]
        if day in self.holidays or (day.month, day.day) in self.yearly_holidays:
            return ()
        if self.country is not None and day.year not in self.declared_years:
            known = known_year(self.country, self.subdivision, day.year, self.accept_estimated_holidays)
            if day in known.workdays:
                return self.usual_hours
            if day in known.days_off:
                return ()
        return self.hours[day.weekday()]

    def open_periods(self, day: date) -> tuple[Closure, ...]:
        """The moments (UTC) between which the desk is open on a local day, in order. Raises HolidaysUnknown."""
        if day not in self._days:
            spans = (
                (moment(self.zone, day, start), moment(self.zone, day, end)) for start, end in self.wall_spans(day)
            )
            self._days[day] = tuple(_without(join([span for span in spans if span[0] < span[1]]), self.closures))
        return self._days[day]

    def week_total(self, monday: date) -> timedelta | None:
        """Open time in the seven days from a Monday, or None when it reaches into a year that is not known."""
        if monday not in self._weeks:
            try:
                days = (self.open_periods(monday + n * DAY) for n in range(7))
                self._weeks[monday] = self._plain_week(monday) or sum((_length(periods) for periods in days), ZERO)
            except HolidaysUnknown:
                self._weeks[monday] = None
        return self._weeks[monday]

    def _plain_week(self, monday: date) -> timedelta | None:
        """The usual week's total when nothing sets this week apart, which spares reading its days one by one."""
        if any(self.wall_spans(monday + n * DAY) != self.hours[n] for n in range(7)):
            return None
        start, end = moment(self.zone, monday, 0), moment(self.zone, monday + WEEK, 0)
        if end - start != WEEK or any(shut < end and start < opened for shut, opened in self.closures):
            return None
        return timedelta(seconds=sum(end - start for spans in self.hours for start, end in spans))


def _whole_day(spans: Spans) -> bool:
    return (
        bool(spans)
        and spans[0][0] == 0
        and spans[-1][1] == DAY_SECONDS
        and all(before[1] == after[0] for before, after in pairwise(spans))
    )


ALWAYS = Calendar(tz="UTC", hours=(((0, DAY_SECONDS),),) * 7, name="clock hours")


def moment(zone: ZoneInfo, day: date, wall_seconds: int) -> datetime:
    """The moment (UTC) at which a zone's wall clock first shows, or has jumped past, this time of this day."""
    wall = datetime.combine(day, time()) + timedelta(seconds=wall_seconds)
    late = wall.replace(tzinfo=zone).astimezone(UTC)
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    # The clock jumped over this time. Read with the offset after the jump it lies before it, and read with the
    # offset before the jump it lies after it, so the jump is found between the two, to the second.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = early.astimezone(zone).utcoffset()
    seconds = int((late - early).total_seconds())
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if (early + timedelta(seconds=middle)).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return early + timedelta(seconds=high)


def _length(periods: Iterable[Closure]) -> timedelta:
    return sum((end - start for start, end in periods), ZERO)


def _without(periods: Iterable[Closure], closures: tuple[Closure, ...]) -> Iterator[Closure]:
    for start, end in periods:
        for shut, opened in closures:
            if shut < end and start < opened:
                if start < shut:
                    yield start, shut
                start = max(start, opened)
        if start < end:
            yield start, end
