"""A ticket's clocks, computed from what happened to it: the one function that says met or breached."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from services.tickets.sla.calendar import ALWAYS, Calendar, HolidaysUnknown, NeverDue, add, between, end_of_day, utc
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import STANDARD_RULE, WORKING, Target

RUNNING, PAUSED, MET, BREACHED, VOID, UNKNOWN = "running", "paused", "met", "breached", "void", "unknown"
WAITING = "waiting"
ENDS_RESOLVE = frozenset({"complete", "confirm", "close"})
ENDS_ATTEND = ENDS_RESOLVE | {"arrive", "start"}
ENDS_ACKNOWLEDGE = ENDS_ATTEND | {"acknowledge", "claim", "assign", "depart"}
ENDS = {"acknowledge": ENDS_ACKNOWLEDGE, "attend": ENDS_ATTEND, "resolve": ENDS_RESOLVE}
VOIDS = frozenset({"cancel", "decline"})
OVERRIDE = "override"
# A job that is let go or worked on again waits for nobody any more, even when nobody pressed "resume".
ENDS_PAUSE = ENDS_RESOLVE | VOIDS | {"resume", "release", "claim", "depart", "arrive", "start", "reopen"}
# These people speak for the desk; what the system or the resident does is no answer to the resident.
NOT_THE_DESK = frozenset({"system", "resident"})
DEFAULT_SWITCHES = Switches()


@dataclass(frozen=True)
class Event:
    """One row of a ticket's history: the verb (`file`, `claim`, …), its moment, and who did it.

    `status` is the ticket's status after it; when given, waiting is read from it rather than from the verb.
    `until` is when a pause ends by itself; `data` is what else the row recorded, such as a call's `outcome`.
    """

    action: str
    at: datetime
    reason: str | None = None
    actor_role: str = ""
    status: str = ""
    until: datetime | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


Told = tuple[Event, bool]


@dataclass(frozen=True)
class Clock:
    """One clock of a ticket, as it stood at the moment asked about. Moments are aware UTC, lengths are seconds.

    `due_at` is None while the clock is paused before its time was up, and when `unknown` says why it cannot be
    computed (a year whose holidays nobody has entered, a desk closed for good). `breached_at` is the due moment
    once that has passed
    unanswered, and stays whatever happens later; so does the state "breached", on a clock still running
    (`stopped_at` None) as on a stopped one. `elapsed_seconds` is contract time (open hours, without pauses),
    `lived_seconds` what the resident lived through. `remaining_seconds` is None once stopped, negative when late.
    `warnings_at` are the moments of the policy's warning levels reached before any pause still open.
    """

    kind: str
    generation: int
    started_at: datetime
    target_seconds: int
    basis: str
    state: str
    warn_at: datetime | None = None
    warnings_at: tuple[datetime, ...] = ()
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    paused_at: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    breached_at: datetime | None = None
    elapsed_seconds: float | None = None
    lived_seconds: float = 0
    remaining_seconds: float | None = None
    unknown: str | None = None
    rule: str = STANDARD_RULE
    paused_until: datetime | None = None
    pause_seconds: float = 0


@dataclass(frozen=True)
class Run:
    """One stretch of one clock before it is judged: when it started and stopped, and when it stood still."""

    generation: int
    started_at: datetime
    stopped_at: datetime | None
    void: bool
    pauses: tuple[tuple[datetime, datetime | None], ...]


def compute(
    events: Iterable[Event],
    targets: Iterable[Target],
    calendar: Calendar,
    *,
    asof: datetime | None = None,
    switches: Switches = DEFAULT_SWITCHES,
) -> tuple[Clock, ...]:
    """The clocks of one ticket, in the order of `targets`, each kind by generation.

    The earliest event is the filing. `asof` (default: the last event) says up to when things are told: events
    after it have not happened yet, and a deadline after it has not passed. What was true at one moment stays
    true at every later one. Empty when the ticket was not filed yet. Raises ValueError for a naive moment.
    """
    history = sorted((replace(event, at=utc("at", event.at)) for event in events), key=lambda event: event.at)
    if not history:
        return ()
    asof = utc("asof", asof) if asof else history[-1].at
    told = with_waiting(event for event in history if event.at <= asof)
    return tuple(
        judge(run, target, calendar, asof, switches) for target in targets for run in runs(target.kind, told, switches)
    )


def runs(kind: str, events: Sequence[Told], switches: Switches) -> list[Run]:
    """The generations of one clock: one for acknowledge and attend, one more for each reopening for resolve.

    Where a policy counts from the switch, each override ends one generation as void and begins the next, so
    that a breach from before the override is not forgotten.
    """
    pausing = {"acknowledge": switches.first_response_pauses, "attend": switches.attend_pauses}.get(kind, True)
    overriding = switches.switched_policy == "from_switch"
    found: list[Run] = []
    first, resuming = 0, False
    while first < len(events):
        ends = (n for n in range(first + 1, len(events)) if stops(kind, events[n][0], overriding))
        last = next(ends, None)
        stretch = events[first : None if last is None else last + 1]
        run = one_run(len(found) + 1, stretch, last is not None, pausing)
        found.append(resumed(found[-1], run) if resuming else run)
        if last is None:
            break
        if overriding and events[last][0].action == OVERRIDE:
            first, resuming = last, False
        elif kind == "resolve":
            first = next((n for n in range(last + 1, len(events)) if events[n][0].action == "reopen"), len(events))
            resuming = switches.reopening == "resume"
        else:
            break
    return found


def resumed(before: Run, run: Run) -> Run:
    """A reopened run that goes on where the one before it stood, the time between them being a pause."""
    idle = (before.stopped_at or run.started_at, run.started_at)
    return replace(run, started_at=before.started_at, pauses=(*before.pauses, idle, *run.pauses))


def stops(kind: str, event: Event, overriding: bool) -> bool:
    """Whether an event ends a clock of this kind, for good or as void."""
    if event.action in VOIDS or (overriding and event.action == OVERRIDE):
        return True
    return event.action in ENDS.get(kind, ENDS_RESOLVE) and not (
        kind == "acknowledge" and event.actor_role in NOT_THE_DESK
    )


def one_run(generation: int, stretch: Sequence[Told], stopped: bool, pausing: bool) -> Run:
    """The run told by the events from the one that started it to the one that ended it, if it has ended."""
    last = stretch[-1][0]
    stopped_at = last.at if stopped else None
    void = stopped and (last.action in VOIDS or last.action == OVERRIDE)
    return Run(generation, stretch[0][0].at, stopped_at, void, pauses_of(stretch, stopped_at) if pausing else ())


def with_waiting(events: Iterable[Event]) -> list[Told]:
    """Each event with whether the job waits after it, from the status when history tells it, else from the verb."""
    waiting, told = False, []
    for event in events:
        if event.status:
            waiting = event.status == WAITING
        else:
            waiting = event.action == "pause" or (waiting and event.action not in ENDS_PAUSE)
        told.append((event, waiting))
    return told


def pauses_of(stretch: Iterable[Told], stopped_at: datetime | None) -> tuple[tuple[datetime, datetime | None], ...]:
    """When the job waited; the last pause ends with the clock, or is still open (None)."""
    pauses: list[tuple[datetime, datetime | None]] = []
    since: datetime | None = None
    for event, waiting in stretch:
        if waiting and since is None:
            since = event.at
        elif not waiting and since is not None:
            pauses.append((since, event.at))
            since = None
    if since is not None:
        pauses.append((since, stopped_at))
    return tuple(pauses)


def reached(calendar: Calendar, run: Run, seconds: float, switches: Switches) -> datetime | None:
    """When so many counted seconds have passed, or None when an open pause began before that."""
    closed = [(start, end) for start, end in run.pauses if end is not None]
    for paused_at, end in run.pauses:
        if end is None and between(calendar, run.started_at, paused_at, closed) < seconds:
            return None
    return add(calendar, run.started_at, seconds, closed, at_closing=switches.at_closing)


def deadlines(
    run: Run, target: Target, calendar: Calendar, switches: Switches
) -> tuple[datetime | None, tuple[datetime, ...]]:
    """The due moment and the warning moments, as far as they are settled. Raises HolidaysUnknown or NeverDue."""
    if target.sundown:
        minimum = add(ALWAYS, run.started_at, target.seconds)
        due = max(end_of_day(calendar, run.started_at), minimum)
        length = (due - run.started_at).total_seconds()
        return due, tuple(add(ALWAYS, run.started_at, round(part * length)) for part in target.warn)
    hours = calendar if target.basis == WORKING else ALWAYS
    warnings = (reached(hours, run, round(part * target.seconds), switches) for part in target.warn)
    settled = tuple(at for at in warnings if at is not None)
    return reached(hours, run, target.seconds, switches), settled


def judge(run: Run, target: Target, calendar: Calendar, asof: datetime, switches: Switches) -> Clock:
    """One run held against its target, as it stood at `asof`."""
    until = run.stopped_at or asof
    hours = calendar if target.basis == WORKING else ALWAYS
    due: datetime | None = None
    warnings: tuple[datetime, ...] = ()
    elapsed: float | None = None
    unknown = None
    try:
        elapsed = between(hours, run.started_at, until, run.pauses)
        due, warnings = deadlines(run, target, calendar, switches)
    except (HolidaysUnknown, NeverDue) as reason:
        unknown = str(reason)
    late = due is not None and (until > due or (until == due and switches.at_due == "breached"))
    open_pause = run.pauses[-1][0] if run.pauses and run.pauses[-1][1] is None else None
    # Without a due moment a stopped clock is in time only when the seconds it took can be counted at all.
    known = due is not None or elapsed is not None
    state = verdict(late, run, open_pause is not None, known)
    return Clock(
        kind=target.kind,
        generation=run.generation,
        started_at=run.started_at,
        target_seconds=target.seconds,
        basis=target.basis,
        state=state,
        warn_at=warnings[0] if warnings else None,
        warnings_at=warnings,
        due_at=due,
        stopped_at=run.stopped_at,
        paused_at=open_pause,
        pauses=run.pauses,
        breached_at=due if late else None,
        elapsed_seconds=elapsed,
        lived_seconds=between(ALWAYS, run.started_at, until),
        remaining_seconds=None if run.stopped_at else left(target, hours, due, until, elapsed),
        unknown=unknown,
    )


def verdict(late: bool, run: Run, paused: bool, known: bool) -> str:
    """The state of a clock. A breach comes first: neither a stop, a cancellation nor a pause takes it back."""
    if late:
        return BREACHED
    if run.void:
        return VOID
    if run.stopped_at:
        return MET if known else UNKNOWN
    return PAUSED if paused else RUNNING


def left(target: Target, hours: Calendar, due: datetime | None, until: datetime, elapsed: float | None) -> float | None:
    """Seconds left of the target in its own hours, negative when it is late; None when they cannot be counted."""
    if target.sundown:
        return None if due is None else (due - until) / timedelta(seconds=1)
    return None if elapsed is None else target.seconds - elapsed
