"""From a ticket's history to the stretches each of its clocks ran: where they start, stop and stand still."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.tickets.sla.calendar import utc
from services.tickets.sla.pauses import ENDS_RESOLVE, VOIDS, Event, Wait, waits_of
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import CLAIM, TOTAL

ENDS_ATTEND = ENDS_RESOLVE | {"arrive", "start"}
ENDS_ACKNOWLEDGE = ENDS_ATTEND | {"acknowledge", "claim", "assign", "depart"}
ENDS = {
    "acknowledge": ENDS_ACKNOWLEDGE,
    "attend": ENDS_ATTEND,
    "make_safe": ENDS_RESOLVE | {"make_safe"},
    "resolve": ENDS_RESOLVE,
    # Closing is no call: a resident who says nothing was not asked.
    "callback": frozenset({"answer", "confirm", "reopen"}),
    CLAIM: ENDS_ATTEND | {"claim", "assign", "join"},
    TOTAL: ENDS_RESOLVE,
}
# The verb that begins the next generation of a clock once the one before it has ended.
BEGINS_AGAIN = {"resolve": "reopen", TOTAL: "reopen", "callback": "complete", CLAIM: "release"}
# Nobody waits for parts to be called back or claimed, and only what the policy allows stops the first response.
NEVER_WAIT = frozenset({"callback", CLAIM})
SWITCHES_POLICY = frozenset({"override", "reevaluate"})
# These people speak for the desk; what the system or the resident does is no answer to the resident.
NOT_THE_DESK = frozenset({"system", "resident"})
STAFF = frozenset({"crew", "dispatcher", "manager", "admin"})

Pause = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Told:
    """What had happened to a ticket by `asof`: its events in order, and when it waited."""

    events: Sequence[Event]
    waits: Sequence[Wait]
    asof: datetime


@dataclass(frozen=True)
class Run:
    """One stretch of one clock before it is judged: when it started and stopped, and when it stood still.

    `waits` are the pauses, the last of them (start, None) while it lasts, at the latest `until`; `idle` is the time a
    job lay completed before it was reopened, on a clock that goes on afterwards; `known_at` as in Event, of its end.
    """

    generation: int
    started_at: datetime
    stopped_at: datetime | None
    void: bool
    waits: tuple[Pause, ...] = ()
    until: datetime | None = None
    idle: tuple[Pause, ...] = ()
    known_at: datetime | None = None


def tell(events: Iterable[Event], asof: datetime | None) -> Told | None:
    """The history up to `asof` (default: the last event), sorted, in UTC; None when nothing had happened yet."""
    history = sorted((in_utc(event) for event in events), key=lambda event: event.at)
    if not history:
        return None
    asof = utc("asof", asof) if asof else history[-1].at
    if history[-1].at > asof:
        history = [event for event in history if event.at <= asof]
    return Told(history, waits_of(history), asof) if history else None


def in_utc(event: Event) -> Event:
    """The same event with its moments in UTC; a naive moment is refused."""
    at = utc("at", event.at)
    until = None if event.until is None else utc("until", event.until)
    known_at = None if event.known_at is None else utc("known_at", event.known_at)
    if all(moment is None or moment.tzinfo is UTC for moment in (event.at, event.until, event.known_at)):
        return event
    return replace(event, at=at, until=until, known_at=known_at)


def runs(kind: str, told: Told, switches: Switches) -> list[Run]:
    """The generations of one clock.

    One for acknowledge, attend and make_safe; one more for each reopening for resolve, for each completion for
    callback and for each release for claim; for total only one, once the job was reopened. Where a policy counts
    from the switch, each change of targets ends one generation as void and begins the next, so that a breach from
    before it is not forgotten. A job let go goes on being nobody's: what it was without an owner is added up, or
    taking it and letting it go by turns would keep everybody from hearing of it.
    """
    events = told.events
    going_on = kind in (TOTAL, CLAIM) or (kind == "resolve" and switches.reopening == "resume")
    again = BEGINS_AGAIN.get(kind, "")
    first = following(events, 0, "complete") if kind == "callback" else 0
    found, resuming = list[Run](), False
    while first is not None:
        numbers = range(first + 1, len(events))
        last = next((n for n in numbers if stops(kind, events[n], switches)), None)
        run = one_run(len(found) + 1, kind, told, first, last, switches)
        found.append(resumed(found[-1], run) if resuming else run)
        if last is None:
            break
        if begins_anew(kind, events[last], switches):
            first, resuming = last, False
        else:
            first, resuming = following(events, last + 1, again) if again else None, going_on
    if kind == TOTAL:
        return [replace(found[-1], generation=1)] if len(found) > 1 else []
    return found


def following(events: Sequence[Event], start: int, action: str) -> int | None:
    """The number of the first event from `start` on with this verb, but for a letting go of the job it moves with."""
    return next((n for n, e in enumerate(events) if n >= start and e.action == action and "joined" not in e.data), None)


def begins_anew(kind: str, event: Event, switches: Switches) -> bool:
    """Whether new terms end a clock of this kind as void and begin its next generation."""
    if event.action not in SWITCHES_POLICY or kind == TOTAL:
        return False
    return switches.switched_policy == "from_switch" if event.restarts is None else kind in event.restarts


def stops(kind: str, event: Event, switches: Switches) -> bool:
    """Whether an event ends a clock of this kind, for good or as void."""
    action = event.action
    if action in VOIDS or begins_anew(kind, event, switches):
        return True
    if action in ENDS.get(kind, ENDS_RESOLVE):
        return not (kind == "acknowledge" and event.actor_role in NOT_THE_DESK)
    return kind == "callback" and action == "call_back" and event.data.get("outcome") == "reached"


def pausing(kind: str, switches: Switches, wait: Wait) -> bool:
    """Whether waiting stops a clock of this kind; to make safe is a visit and waits no more than one.

    Somebody can go and look whatever is waited for, but not at a home that asked them to come at another time.
    """
    if kind in NEVER_WAIT:
        return False
    if kind == "acknowledge":
        return switches.first_response_pauses
    if kind == "attend" and wait.wished:
        return True
    return switches.attend_pauses if kind in ("attend", "make_safe") else True


def one_run(generation: int, kind: str, told: Told, first: int, last: int | None, switches: Switches) -> Run:
    """The run from the event that started it to the one that ended it, if it has ended."""
    end = None if last is None else told.events[last]
    # Nobody calls about a job they have not heard is done.
    started_at = told.events[first].heard_at if kind == "callback" else told.events[first].at
    stopped_at, known_at, void = (end.at, end.known_at, voids(kind, end)) if end else (None, None, False)
    pauses, until = [], None
    for wait in told.waits:
        part = within(wait, told, first, last) if pausing(kind, switches, wait) else None
        if part is not None:
            pauses.append(part)
            until = wait.until if part[1] is None else until
    return Run(generation, started_at, stopped_at, void, tuple(pauses), until, known_at=known_at)


def voids(kind: str, end: Event) -> bool:
    """Whether what ended a clock leaves nothing to judge: staff who reopen a job have not asked the resident."""
    unasked = kind == "callback" and end.action == "reopen" and end.actor_role in STAFF
    return unasked or end.action in VOIDS or end.action in SWITCHES_POLICY


def within(wait: Wait, told: Told, first: int, last: int | None) -> Pause | None:
    """The part of a pause that stops the run from event `first` to event `last`, if any does.

    A pause that was disallowed stops nothing. Where history does not name the pause, that holds only for runs that
    had not ended by then.
    """
    by = wait.disallowed_by
    if by is not None and (wait.named or last is None or by <= last):
        return None
    start, end = max(wait.start, told.events[first].at), wait.end
    now = told.asof if last is None else told.events[last].at
    if end is None and wait.until is not None and wait.until <= now:
        end = wait.until
    if last is not None:
        end = now if end is None else min(end, now)
    return (start, end) if end is None or end > start else None


def resumed(before: Run, run: Run) -> Run:
    """A reopened run that goes on where the one before it stood, the time it lay completed being no part of it."""
    idle = (before.stopped_at or run.started_at, run.started_at)
    return replace(
        run, started_at=before.started_at, waits=(*before.waits, *run.waits), idle=(*before.idle, idle, *run.idle)
    )
