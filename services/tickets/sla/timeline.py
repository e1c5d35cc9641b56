"""Why a clock came out as it did: its story from start to sum, in sentences a manager and a resident can read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.tickets.sla import wording
from services.tickets.sla.calendar import Calendar, HolidaysUnknown
from services.tickets.sla.clocks import BREACHED, DEFAULT_SWITCHES, VOID, Clock, compute
from services.tickets.sla.escalation import HALVED
from services.tickets.sla.opening import DAY
from services.tickets.sla.pauses import Event, Wait
from services.tickets.sla.runs import SWITCHES_POLICY, Told, stops, tell
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import CLAIM, WORKING, Target

MOST_CLOSED = 40
# A spell that begins before the end and lasts longer than this is left out rather than guessed at.
LONGEST_SPELL = timedelta(days=400)
# What is told first of what falls on one moment: what ended or came due by then before what begins with it.
ORDER = (
    "started", "reopened", "resumed", "expired", "disallowed", "warned", "due", "breached", "completed", "terms",
    "stopped", "void", "heard", "closed", "more_closed", "paused", "ran_on", "unknown", "sum",
)  # fmt: skip
# What lay between two stretches of a clock that went on, and what began it again, where that is no reopening.
NOTHING_MOVED: Mapping[int, tuple[Clock, Clock]] = {}
IDLE, AGAIN = {CLAIM: "taken"}, {CLAIM: "let_go"}


@dataclass(frozen=True)
class Moment:
    """One line of a clock's story: when, what (a word of `ORDER`), and the sentence by language.

    `until` is the end of what lasted, where it has one.
    """

    at: datetime
    what: str
    says: Mapping[str, str]
    until: datetime | None = None


def explain(
    events: Iterable[Event],
    targets: Iterable[Target],
    calendar: Calendar,
    *,
    kind: str,
    generation: int = 1,
    asof: datetime | None = None,
    switches: Switches = DEFAULT_SWITCHES,
    clock: Clock | None = None,
    moved: Mapping[int, tuple[Clock, Clock]] = NOTHING_MOVED,
) -> tuple[Moment, ...]:
    """The story of one clock up to `asof`, oldest first; the last line is the sum.

    `clock` is the clock to tell when it is known already, for one whose terms changed on the way is not what today's
    targets alone would make of it. `moved` has the clock before and after each change of terms that is known to have
    changed its target, by the number of the event. Raises ValueError when the ticket has no such clock.
    """
    history = list(events)
    told = tell(history, asof)
    if clock is None:
        found = compute(history, targets, calendar, asof=asof, switches=switches)
        clock = next((one for one in found if (one.kind, one.generation) == (kind, generation)), None)
    if clock is None or told is None:
        raise ValueError(f"kind: the ticket has no clock {kind!r} of generation {generation}")
    lines = [
        *begun(clock, calendar),
        *spells(clock, calendar, told.asof),
        *waited(clock, told, calendar),
        *marks(clock, told.asof),
        *changed(clock, told, calendar, moved),
        *ended(clock, told, switches),
    ]
    lines.sort(key=lambda line: (line.at, ORDER.index(line.what)))
    total = summed(clock, told.asof, calendar)
    return (*lines, replace(total, at=max(total.at, clock.known_at or total.at)))


def begun(clock: Clock, calendar: Calendar) -> Iterator[Moment]:
    """The start, and why there is no deadline when there is none to compute."""
    words = {
        "kind": wording.KINDS.get(clock.kind, {wording.ZH: clock.kind, wording.EN: clock.kind}),
        "generation": clock.generation,
        "target": asked(clock, calendar),
        "basis": wording.BASES[clock.basis],
        "rule": clock.rule,
        "zone": calendar.tz,
    }
    says = wording.say("started_sundown" if sundown(clock, calendar) else "started", **words)
    visit = next((kind for kind, rule in HALVED.items() if rule == clock.rule), None)
    if visit is not None:
        says = wording.say("halved", said=says, visit=wording.KINDS[visit])
    yield Moment(clock.started_at, "started", says)
    if clock.unknown:
        yield Moment(clock.started_at, "unknown", wording.say("unknown", why=clock.unknown))


def sundown(clock: Clock, calendar: Calendar) -> bool:
    """Whether the clock was due when its day ended; late in the evening the least time counts instead."""
    return clock.sundown and wording.ends_with_day(calendar.zone, clock.started_at, clock.due_at)


def asked(clock: Clock, calendar: Calendar) -> Mapping[str, str]:
    """What was asked of the clock: a length, or to be in time before the day ends."""
    return wording.BY_SUNDOWN if sundown(clock, calendar) else wording.length(clock.allowed_seconds)


def spells(clock: Clock, calendar: Calendar, asof: datetime) -> Iterator[Moment]:
    """The closed spells of the calendar that a clock in working time met, up to a bound, and how many more."""
    if clock.basis != WORKING:
        return
    end = clock.stopped_at or max(asof, clock.due_at or asof)
    found = list(closed_between(calendar, clock.started_at, end))
    for shut, opens in found[:MOST_CLOSED]:
        says = wording.say("closed", until=wording.local(calendar.zone, opens))
        yield Moment(shut, "closed", says, opens)
    if more := found[MOST_CLOSED:]:
        says = wording.say("more_closed", count=len(more), until=wording.local(calendar.zone, more[-1][1]))
        yield Moment(more[0][0], "more_closed", says, more[-1][1])


def closed_between(calendar: Calendar, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The closed spells that begin before `end`, the first cut to `start`, as far as the calendar is known."""
    day, last = start.astimezone(calendar.zone).date(), end.astimezone(calendar.zone).date() + LONGEST_SPELL
    since = start
    try:
        while since < end and day <= last:
            for opens, closes in calendar.open_periods(day):
                if since < min(opens, end):
                    yield since, opens
                since = max(since, closes)
            day += DAY
    except HolidaysUnknown:
        return


def waited(clock: Clock, told: Told, calendar: Calendar) -> Iterator[Moment]:
    """The pauses while the clock ran, whether they stopped it, were disallowed or are nothing to it."""
    until = clock.stopped_at or told.asof
    credited = {start for start, _ in clock.pauses}
    for wait in told.waits:
        yield from unheard(wait, clock, told, calendar)
        start = max(wait.start, clock.started_at)
        over = wait.until if wait.end is None else wait.end
        if start > until or (over is not None and over <= start):
            continue
        yield from paused(wait, start, start in credited, until, told, calendar)
    idle = {wait.start for wait in told.waits} | {clock.started_at}
    for start, end in clock.pauses:
        if start not in idle and end is not None:
            yield Moment(start, "completed", wording.say(IDLE.get(clock.kind, "completed")), end)
            yield Moment(end, "reopened", wording.say(AGAIN.get(clock.kind, "reopened")))


def unheard(wait: Wait, clock: Clock, told: Told, calendar: Calendar) -> Iterator[Moment]:
    """A pause that a phone told later, and that gave no credit until then."""
    event = told.events[wait.first]
    if event.known_at is None or not clock.started_at <= event.at <= (clock.stopped_at or told.asof):
        return
    since, reason = wording.local(calendar.zone, event.at), wording.reason(event.reason or "")
    yield Moment(event.known_at, "heard", wording.say("heard_pause", since=since, reason=reason))


def paused(
    wait: Wait, start: datetime, credited: bool, until: datetime, told: Told, calendar: Calendar
) -> Iterator[Moment]:
    """One pause: its beginning with its reason, and its end when that came before the clock's."""
    event = told.events[wait.first]
    reason = wording.reason(event.reason or str(event.data.get("waiting_reason") or ""))
    end = wait.end or wait.until
    if not credited and wait.disallowed_by is None:
        yield Moment(start, "ran_on", wording.say("ran_on", reason=reason), end)
        return
    latest = "" if wait.until is None else wording.local(calendar.zone, wait.until)
    sentence = "paused_until" if latest else "paused"
    yield Moment(start, "paused", wording.say(sentence, reason=reason, until=latest), end)
    if wait.disallowed_by is not None and not credited:
        since, taken_at = wording.local(calendar.zone, start), told.events[wait.disallowed_by].at
        yield Moment(taken_at, "disallowed", wording.say("disallowed", since=since))
        if end is None or taken_at <= end:
            return
    if end is not None and (end < until or end == until == told.asof):
        what = "expired" if end == wait.until else "resumed"
        yield Moment(end, what, wording.say(what, length=wording.length((end - start).total_seconds())))


def marks(clock: Clock, asof: datetime) -> Iterator[Moment]:
    """The warnings that came, the due moment, and the breach."""
    until = clock.stopped_at or asof
    for level, at in enumerate(clock.warnings_at, start=1):
        if at <= until:
            yield Moment(at, "warned", wording.say("warned", level=level, levels=len(clock.warnings_at)))
    if clock.due_at is not None and clock.state != VOID:
        still = clock.stopped_at is None and clock.due_at > asof
        sentence = "due" if not still else "due_latest" if clock.paused_until else "due_later"
        if clock.stopped_at is not None and clock.stopped_at < clock.due_at:
            sentence = "due_stopped"
        yield Moment(clock.due_at, "due", wording.say(sentence))
    if clock.breached_at is not None:
        yield Moment(clock.breached_at, "breached", wording.say("breached"))


def changed(clock: Clock, told: Told, calendar: Calendar, moved: Mapping[int, tuple[Clock, Clock]]) -> Iterator[Moment]:
    """The corrections and re-evaluations while the clock ran, and what each changed its target to, where it did."""
    until = clock.stopped_at or told.asof
    for event in told.events:
        if event.action in SWITCHES_POLICY and clock.started_at < event.at < until:
            words, known = wording.done(event.action), moved.get(event.seq)
            if known is None:
                yield Moment(event.at, "terms", wording.say("terms", **words))
                continue
            before, after = (in_full(one, calendar) for one in known)
            yield Moment(event.at, "terms", wording.say("terms_moved", **words, before=before, after=after))


def in_full(clock: Clock, calendar: Calendar) -> Mapping[str, str]:
    """What was asked of the clock, with the hours that count."""
    said = asked(clock, calendar)
    if sundown(clock, calendar):
        return said
    return wording.say("in_hours", length=said, basis=wording.BASES[clock.basis])


def ended(clock: Clock, told: Told, switches: Switches) -> Iterator[Moment]:
    """What stopped the clock, or made it void."""
    if clock.stopped_at is None:
        return
    there = [event for event in told.events if event.at == clock.stopped_at]
    event = next((event for event in there if stops(clock.kind, event, switches)), there[-1] if there else None)
    what = "void" if clock.state == VOID else "stopped"
    yield Moment(clock.stopped_at, what, wording.say(what, **wording.done(event.action if event else "")))
    if clock.known_at is not None:
        sentence = "heard_late" if clock.known_late else "heard"
        yield Moment(clock.known_at, "heard", wording.say(sentence, length=wording.length(clock.backdated_seconds)))


def summed(clock: Clock, asof: datetime, calendar: Calendar) -> Moment:
    """Contract and lived time, the target, and by how much it was late."""
    until = clock.stopped_at or asof
    late = until - clock.due_at if clock.state == BREACHED and clock.due_at is not None else None
    words = {
        "contract": wording.length(clock.elapsed_seconds),
        "lived": wording.length(clock.lived_seconds),
        "paused": wording.length(clock.pause_seconds),
        "target": asked(clock, calendar),
        "verdict": wording.verdict(clock.state, late),
    }
    return Moment(until, "sum", wording.say("sum", **words))
