"""When a run is due and when to warn, from its target: seconds, days, or the end of the day."""

from dataclasses import dataclass
from datetime import datetime

from services.tickets.sla.calendar import (
    ALWAYS,
    NEXT_OPENING,
    Calendar,
    add,
    add_calendar_days,
    add_days,
    between,
    end_of_day,
    is_closing,
    next_opening,
    usual_day_seconds,
)
from services.tickets.sla.runs import Pause, Run
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import WORKING, Target


@dataclass(frozen=True)
class Deadline:
    """What a target asks of a run: the due moment, or None while nobody can say, and the warnings settled so far.

    `seconds` is the length of the target in its own hours, `hours` the calendar that counts them, `pauses` what
    does not count.
    """

    seconds: float
    due: datetime | None
    warnings: tuple[datetime, ...]


def open_to_pauses(target: Target) -> bool:
    """Whether waiting extends the target. The end of a day and a statute wait for nobody."""
    return target.pauses and not target.sundown


def counted(target: Target, run: Run) -> tuple[Pause, ...]:
    """The time that does not count for this target, the last of it (start, None) while it lasts."""
    if not run.waits and not run.idle:
        return ()
    if not open_to_pauses(target):
        return run.idle
    return tuple(sorted((*run.idle, *run.waits), key=lambda pause: pause[0]))


def hours_of(target: Target, calendar: Calendar) -> Calendar:
    """The calendar that counts the target's seconds."""
    return calendar if target.basis == WORKING else ALWAYS


def deadline(run: Run, target: Target, calendar: Calendar, switches: Switches) -> Deadline:
    """The due moment and the warnings of a run. Raises HolidaysUnknown or NeverDue.

    A pause with an expiry is taken to last until then, so that `due` says "at the latest" while it lasts; one
    without leaves everything after it open.
    """
    start = run.started_at
    if target.sundown:
        due = max(end_of_day(calendar, start), add(ALWAYS, start, target.seconds))
        seconds = (due - start).total_seconds()
        return Deadline(seconds, due, tuple(add(ALWAYS, start, round(part * seconds)) for part in target.warn))
    hours = hours_of(target, calendar)
    pauses, open_at = assumed(counted(target, run), run.until)
    seconds, day = length(target, start, calendar, switches)
    warnings = (reached(hours, start, round(part * seconds), pauses, open_at, switches) for part in target.warn)
    # A day that ends before the desk opened once leaves no time in which to warn anybody.
    settled = tuple(at for at in warnings if at is not None) if seconds else ()
    if day is None:
        return Deadline(seconds, reached(hours, start, seconds, pauses, open_at, switches), settled)
    return Deadline(seconds, reached_day(hours, start, day, pauses, open_at, switches), settled)


def length(target: Target, start: datetime, calendar: Calendar, switches: Switches) -> tuple[float, datetime | None]:
    """The target in seconds of its own hours, and the moment it names when it names one rather than a length."""
    if target.days is None:
        return target.seconds, None
    if target.basis == WORKING and switches.day == "working_hours":
        return target.days * usual_day_seconds(calendar), None
    later = add_days if target.basis == WORKING else add_calendar_days
    day = later(calendar, start, target.days)
    return between(hours_of(target, calendar), start, day), day


def assumed(
    pauses: tuple[Pause, ...], until: datetime | None
) -> tuple[list[tuple[datetime, datetime]], datetime | None]:
    """The pauses with their ends, one that lasts taken to last until its expiry; and the start of one without."""
    if not pauses:
        return [], None
    closed = [(start, end) for start, end in pauses if end is not None]
    open_at = next((start for start, end in pauses if end is None), None)
    if open_at is None or until is None:
        return closed, open_at
    return [*closed, (open_at, until)], None


def reached(
    hours: Calendar,
    start: datetime,
    seconds: float,
    pauses: list[tuple[datetime, datetime]],
    open_at: datetime | None,
    switches: Switches,
) -> datetime | None:
    """When so many counted seconds have passed, or None when an open pause began before that."""
    if open_at is not None and between(hours, start, open_at, pauses) < seconds:
        return None
    return add(hours, start, seconds, pauses, at_closing=switches.at_closing)


def reached_day(
    hours: Calendar,
    start: datetime,
    day: datetime,
    pauses: list[tuple[datetime, datetime]],
    open_at: datetime | None,
    switches: Switches,
) -> datetime | None:
    """The moment named by a day, later by the counted time that was paused before it; None as in `reached`.

    The time that was paused counts only where the clock would have run, so a pause over a closed night costs
    nothing here either.
    """
    owed = between(hours, start, day) - between(hours, start, day, pauses)
    due = add(hours, day, owed, [pause for pause in pauses if pause[1] > day]) if owed else day
    if open_at is not None and open_at < due and between(hours, max(open_at, start), due):
        return None
    if switches.at_closing == NEXT_OPENING and hours is not ALWAYS and is_closing(hours, due):
        return next_opening(hours, due)
    return due
