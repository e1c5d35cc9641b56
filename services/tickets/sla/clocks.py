"""A ticket's clocks, computed from what happened to it: the one function that says met or breached."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

from services.tickets.sla.calendar import Calendar, HolidaysUnknown, NeverDue, between, in_seconds
from services.tickets.sla.deadlines import counted, deadline, hours_of, open_to_pauses
from services.tickets.sla.opening import ZERO
from services.tickets.sla.pauses import Event
from services.tickets.sla.runs import Pause, Run, runs, tell
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import STANDARD_RULE, TOTAL, Target

RUNNING, PAUSED, MET, BREACHED, VOID, UNKNOWN = "running", "paused", "met", "breached", "void", "unknown"
DEFAULT_SWITCHES = Switches()
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Clock:
    """One clock of a ticket, as it stood at the moment asked about. Moments are aware UTC, lengths are seconds.

    `due_at` is None while the clock is paused without an expiry before its time was up, and when `unknown` says why
    it cannot be computed (a year whose holidays nobody has entered, a desk closed for good); while it is paused with
    one (`paused_until`) it is the moment at the latest, and the warnings still to come are too. `breached_at` is the
    due moment once that has passed unanswered, and stays whatever happens later; so does the state "breached", on a
    clock still running (`stopped_at` None) as on a stopped one. `elapsed_seconds` is contract time (open hours,
    without pauses), `lived_seconds` what the resident lived through, `pause_seconds` how much of that it stood
    waiting. `remaining_seconds` is None once stopped, negative when late. `warnings_at` are the moments of the
    warning levels, as far as they are settled; `rule` is the code of the rule whose target is told here.
    `target_seconds` is the target's length in its own hours, for one in days as it came out from this start; with
    `sundown` (due by the end of the day) it is only the least time that the target leaves. `known_at` is when the desk
    heard of what stopped it, where that was later: a phone without signal tells later what was done.
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
    pauses: tuple[Pause, ...] = ()
    breached_at: datetime | None = None
    elapsed_seconds: float | None = None
    lived_seconds: float = 0
    remaining_seconds: float | None = None
    unknown: str | None = None
    rule: str = STANDARD_RULE
    paused_until: datetime | None = None
    pause_seconds: float = 0
    sundown: bool = False
    known_at: datetime | None = None

    @property
    def allowed_seconds(self) -> int:
        """The seconds there were: the target's, and up to the end of the day as they came out from this start."""
        if not self.sundown or self.due_at is None:
            return self.target_seconds
        return round(in_seconds(self.due_at - self.started_at))

    @property
    def backdated_seconds(self) -> float:
        """By how much what stopped the clock counts from before the desk heard of it."""
        if self.known_at is None or self.stopped_at is None:
            return 0.0
        return in_seconds(self.known_at - self.stopped_at)

    @property
    def known_late(self) -> bool:
        """Whether it was met, and looked missed until the desk heard so."""
        late = self.known_at is not None and self.due_at is not None and self.known_at > self.due_at
        return late and self.state == MET


def compute(
    events: Iterable[Event],
    targets: Iterable[Target],
    calendar: Calendar,
    *,
    asof: datetime | None = None,
    switches: Switches = DEFAULT_SWITCHES,
) -> tuple[Clock, ...]:
    """The clocks of one ticket, kinds in the order of `targets`, each kind by generation.

    Of several targets of one kind the strictest is told, see `strictest`. The earliest event is the filing. `asof`
    (default: the last event) says up to when things are told: events after it have not happened yet, and a deadline
    after it has not passed. What was true at one moment stays true at every later one, but for a pause the desk
    disallows, which can only make things worse. Empty when the ticket was not filed yet. Raises ValueError for a
    naive moment.
    """
    told = tell(events, asof)
    if told is None:
        return ()
    return tuple(
        strictest([judge(kind, run, target, calendar, told.asof, switches) for target in asked])
        for kind, asked in by_kind(targets, switches)
        for run in runs(kind, told, switches)
    )


def by_kind(targets: Iterable[Target], switches: Switches) -> list[tuple[str, list[Target]]]:
    """The kinds of clock with the targets they are held against; the total is held against those of resolve."""
    kinds: dict[str, list[Target]] = {}
    for target in targets:
        kinds.setdefault(target.kind, []).append(target)
    if switches.reopening == "both" and "resolve" in kinds:
        kinds[TOTAL] = [*kinds.get(TOTAL, []), *kinds["resolve"]]
    return list(kinds.items())


def strictest(clocks: list[Clock]) -> Clock:
    """Of one run held against several targets, the clock that is due first, a breached one before all others.

    A clock whose deadline nobody can compute is told only when no other is known, or when the run ended and cannot
    be called met; its reason is kept. Each warning level is warned of at the earliest moment any target asks for,
    so that a warning once given stays when a pause makes another target the strictest.
    """
    if len(clocks) == 1:
        return clocks[0]
    best = min(clocks, key=strictness)
    levels = zip_longest(*(clock.warnings_at for clock in clocks), fillvalue=NEVER)
    warnings = tuple(min(moments) for moments in levels)
    unknown = next((clock.unknown for clock in (best, *clocks) if clock.unknown), None)
    return replace(best, warnings_at=warnings, warn_at=warnings[0] if warnings else None, unknown=unknown)


def strictness(clock: Clock) -> tuple[bool, bool, datetime, float]:
    """The order of clocks of one run from the strictest to the mildest."""
    left = clock.target_seconds if clock.remaining_seconds is None else clock.remaining_seconds
    return (clock.breached_at is None, clock.state != UNKNOWN, clock.due_at or NEVER, left)


def judge(kind: str, run: Run, target: Target, calendar: Calendar, asof: datetime, switches: Switches) -> Clock:
    """One run held against one target, as it stood at `asof`."""
    until = run.stopped_at or asof
    hours = hours_of(target, calendar)
    pauses = counted(target, run)
    due: datetime | None = None
    warnings: tuple[datetime, ...] = ()
    elapsed: float | None = None
    unknown = None
    seconds: float | None = target.seconds if target.days is None else None
    try:
        elapsed = between(hours, run.started_at, until, pauses)
        found = deadline(run, target, calendar, switches)
        seconds, due, warnings = found.seconds, found.due, found.warnings
    except (HolidaysUnknown, NeverDue) as reason:
        unknown = str(reason)
    late = due is not None and (until > due or (until == due and switches.at_due == "breached"))
    open_pause = pauses[-1][0] if pauses and pauses[-1][1] is None else None
    # Without a due moment a stopped clock is in time only when the seconds it took can be counted at all.
    known = due is not None or elapsed is not None
    return Clock(
        kind=kind,
        generation=run.generation,
        started_at=run.started_at,
        target_seconds=target.seconds if target.sundown else round(seconds or 0),
        basis=target.basis,
        state=verdict(late, run, open_pause is not None, known),
        warn_at=warnings[0] if warnings else None,
        warnings_at=warnings,
        due_at=due,
        stopped_at=run.stopped_at,
        paused_at=open_pause,
        pauses=pauses,
        breached_at=due if late else None,
        elapsed_seconds=elapsed,
        lived_seconds=in_seconds(max(until - run.started_at, ZERO)),
        remaining_seconds=None if run.stopped_at else left(target, seconds, due, until, elapsed),
        unknown=unknown,
        rule=target.rule,
        paused_until=run.until if open_pause is not None else None,
        pause_seconds=waited(run, until) if open_to_pauses(target) else 0,
        sundown=target.sundown,
        known_at=run.known_at,
    )


def waited(run: Run, until: datetime) -> float:
    """Seconds the resident lived through while this run stood still for a pause."""
    return in_seconds(sum(((end or until) - start for start, end in run.waits), ZERO)) if run.waits else 0


def verdict(late: bool, run: Run, paused: bool, known: bool) -> str:
    """The state of a clock. A breach comes first: neither a stop, a cancellation nor a pause takes it back."""
    if late:
        return BREACHED
    if run.void:
        return VOID
    if run.stopped_at:
        return MET if known else UNKNOWN
    return PAUSED if paused else RUNNING


def left(
    target: Target, seconds: float | None, due: datetime | None, until: datetime, elapsed: float | None
) -> float | None:
    """Seconds left of the target in its own hours, negative when it is late; None when they cannot be counted."""
    if target.sundown:
        return None if due is None else (due - until) / timedelta(seconds=1)
    return None if elapsed is None or seconds is None else seconds - elapsed
