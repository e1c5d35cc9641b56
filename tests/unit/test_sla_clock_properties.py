"""Properties of whole clocks on any history: nothing is forgotten, nothing depends on who looked when."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.tickets.sla.calendar import ALWAYS, Calendar
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.pauses import ENDS_PAUSE
from services.tickets.sla.switches import CHOICES, Switches
from services.tickets.sla.targets import ALL_KINDS, TOTAL, Target

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
FILED = datetime(2026, 10, 23, 7, 30, tzinfo=UTC)
HALF = timedelta(minutes=30)
DAYS = ("mon", "tue", "wed", "thu", "fri")
BERLIN = Calendar.from_json(
    {"tz": "Europe/Berlin", "hours": {day: [["08:30", "12:00"], ["13:00", "17:30"]] for day in DAYS}}
)
NIGHTS = Calendar.from_json(
    {"tz": "Europe/Berlin", "hours": {"sat": [["20:00", "24:00"]], "sun": [["00:00", "06:00"]]}, "holidays": ["12-25"]}
)
VERBS = (
    "acknowledge", "claim", "arrive", "start", "pause", "resume", "release", "make_safe", "complete", "call_back",
    "answer", "confirm", "close", "reopen", "cancel", "override", "reevaluate", "comment",
)  # fmt: skip

calendars = st.sampled_from([ALWAYS, BERLIN, NIGHTS])
switches = st.builds(Switches, **{name: st.sampled_from(choices) for name, choices in CHOICES.items()})
bases = st.sampled_from(["clock", "working"])
warnings = st.sampled_from([(), (0.5,), (0.25, 0.75)])
in_seconds = st.builds(
    Target,
    st.sampled_from(ALL_KINDS),
    st.integers(1, 3 * 86_400),
    basis=bases,
    warn=warnings,
    pauses=st.booleans(),
    rule=st.sampled_from(["standard", "lift", "heating"]),
)
in_days = st.builds(
    Target,
    st.sampled_from(ALL_KINDS),
    st.just(0),
    basis=bases,
    warn=warnings,
    days=st.integers(1, 4),
    pauses=st.booleans(),
)
targets = st.one_of(in_seconds, in_days)


def some_time(halves: int) -> timedelta:
    return halves * HALF


gaps = st.integers(0, 36).map(some_time)


@st.composite
def histories(draw: st.DrawFn, *more: str, length: int = 10) -> list[Event]:
    """A filing and what followed it, in any order that could ever be written down, every moment a half hour."""
    verbs = draw(st.lists(st.sampled_from((*VERBS, "pause", "pause", *more)), max_size=length))
    at = [FILED + passed for passed in accumulate((draw(gaps) for _ in verbs), initial=timedelta(0))]
    events = [Event("file", FILED, actor_role="resident")]
    for verb, when in zip(verbs, at[1:], strict=True):
        until = when + draw(gaps) if verb == "pause" and draw(st.booleans()) else None
        data = {"outcome": draw(st.sampled_from(["reached", "not_reached"]))} if verb == "call_back" else {}
        events.append(Event(verb, when, actor_role="crew", until=until, data=data))
    return events


asked = st.lists(st.integers(0, 20 * 48), min_size=2, max_size=4).map(
    lambda halves: [FILED + number * HALF for number in sorted(halves)]
)


def told(
    events: list[Event], wanted: list[Target], desk: Calendar, at: datetime, chosen: Switches
) -> dict[tuple[str, int], Clock]:
    found = compute(events, wanted, desk, asof=at, switches=chosen)
    return {(clock.kind, clock.generation): clock for clock in found}


@PATIENT
@given(histories(), st.lists(targets, min_size=1, max_size=4), calendars, asked, switches)
def test_a_verdict_is_the_same_whenever_it_is_looked_at(
    events: list[Event], wanted: list[Target], desk: Calendar, looks: list[datetime], chosen: Switches
) -> None:
    tellings = [(at, told(events, wanted, desk, at, chosen)) for at in looks]
    for (at, before), (_, after) in zip(tellings, tellings[1:], strict=False):
        for key, clock in before.items():
            later = after[key]
            if clock.breached_at is not None:
                assert (later.state, later.breached_at) == ("breached", clock.breached_at)
            elif later.breached_at is not None:
                assert later.breached_at >= at
            if clock.stopped_at is not None and clock.kind != TOTAL:
                assert later == clock
            given_by_then = tuple(warning for warning in clock.warnings_at if warning <= at)
            assert later.warnings_at[: len(given_by_then)] == given_by_then


@PATIENT
@given(histories("disallow", "disallow"), st.lists(targets, min_size=1, max_size=3), calendars, asked, switches)
def test_a_breach_once_true_stays_and_disallowing_only_makes_things_worse(
    events: list[Event], wanted: list[Target], desk: Calendar, looks: list[datetime], chosen: Switches
) -> None:
    tellings = [told(events, wanted, desk, at, chosen) for at in looks]
    for before, after in zip(tellings, tellings[1:], strict=False):
        for key, clock in before.items():
            if clock.breached_at is not None:
                assert after[key].state == "breached"
                assert (after[key].breached_at or looks[-1]) <= clock.breached_at


@PATIENT
@given(histories("disallow"), st.lists(targets, min_size=1, max_size=3), calendars, asked, switches)
def test_what_comes_later_is_not_known_earlier(
    events: list[Event], wanted: list[Target], desk: Calendar, looks: list[datetime], chosen: Switches
) -> None:
    for at in looks:
        known = [event for event in events if event.at <= at]
        assert told(events, wanted, desk, at, chosen) == told(known, wanted, desk, at, chosen)


@PATIENT
@given(histories(), targets, calendars, asked, switches)
def test_time_only_ever_passes(
    events: list[Event], target: Target, desk: Calendar, looks: list[datetime], chosen: Switches
) -> None:
    tellings = [told(events, [target], desk, at, chosen) for at in looks]
    for before, after in zip(tellings, tellings[1:], strict=False):
        for key, clock in before.items():
            later = after[key]
            assert later.lived_seconds >= clock.lived_seconds >= clock.pause_seconds
            assert later.pause_seconds >= clock.pause_seconds
            assert (later.elapsed_seconds or 0) >= (clock.elapsed_seconds or 0)


@PATIENT
@given(histories(), targets, calendars, switches)
def test_a_breach_is_a_deadline_passed_before_the_stop(
    events: list[Event], target: Target, desk: Calendar, chosen: Switches
) -> None:
    asof = events[-1].at + timedelta(days=30)
    for clock in compute(events, [target], desk, asof=asof, switches=chosen):
        until = clock.stopped_at or asof
        late = clock.due_at is not None and (
            clock.due_at < until or (clock.due_at == until and chosen.at_due == "breached")
        )
        assert (clock.state == "breached") == late
        if clock.state == "met":
            assert (clock.elapsed_seconds or 0) <= clock.target_seconds


@PATIENT
@given(histories(length=4), st.integers(1, 40), st.integers(0, 40), targets, calendars, switches, asked)
def test_an_expiry_noticed_late_changes_nothing(
    events: list[Event], lasts: int, lag: int, target: Target, desk: Calendar, chosen: Switches, looks: list[datetime]
) -> None:
    paused_at = events[-1].at + HALF
    until = paused_at + lasts * HALF
    before = [*events, Event("resume", paused_at), Event("pause", paused_at, until=until)]
    in_time = [*before, Event("resume", until, actor_role="system", data={"expired": True})]
    late = [*before, Event("resume", until + lag * HALF, actor_role="system", data={"expired": True})]
    for at in [until, *(until + (look - FILED) for look in looks)]:
        one, other, silent = (told(story, [target], desk, at, chosen) for story in (in_time, late, before))
        assert one == other == silent


@PATIENT
@given(histories(), st.integers(0, 40), targets, calendars, switches)
def test_pausing_and_resuming_at_once_changes_no_verdict(
    events: list[Event], place: int, target: Target, desk: Calendar, chosen: Switches
) -> None:
    # Within a pause, a second one would change when that ends; so the moment is put where the job does not wait.
    active = [n for n, event in enumerate(events) if n == 0 or event.action in ENDS_PAUSE]
    number = active[place % len(active)]
    when = events[number].at
    blink = [Event("pause", when), Event("resume", when)]
    asof = events[-1].at + timedelta(days=9)
    told_with = told([*events[: number + 1], *blink, *events[number + 1 :]], [target], desk, asof, chosen)
    assert told_with == told(events, [target], desk, asof, chosen)


@PATIENT
@given(
    histories(), st.sampled_from(ALL_KINDS), st.integers(1, 99_999), st.integers(0, 99_999), bases, calendars, switches
)
def test_a_stricter_target_is_never_due_later(
    events: list[Event], kind: str, seconds: int, more: int, basis: str, desk: Calendar, chosen: Switches
) -> None:
    asof = events[-1].at + timedelta(days=2)
    strict = told(events, [Target(kind, seconds, basis)], desk, asof, chosen)
    mild = told(events, [Target(kind, seconds + more, basis)], desk, asof, chosen)
    for key, clock in strict.items():
        later = mild[key].due_at
        if later is not None:
            assert clock.due_at is not None
            assert clock.due_at <= later


@PATIENT
@given(histories("disallow"), st.lists(targets, min_size=2, max_size=4), calendars, switches)
def test_of_several_rules_none_is_due_before_the_one_that_is_told(
    events: list[Event], wanted: list[Target], desk: Calendar, chosen: Switches
) -> None:
    asof = events[-1].at + timedelta(days=2)
    together = told(events, wanted, desk, asof, chosen)
    for target in wanted:
        for key, clock in told(events, [target], desk, asof, chosen).items():
            found = together[key]
            if clock.due_at is not None:
                assert found.due_at is not None
                assert found.due_at <= clock.due_at
            assert found.breached_at is not None or clock.breached_at is None
            for level, warning in enumerate(clock.warnings_at):
                assert found.warnings_at[level] <= warning


@PATIENT
@given(histories("disallow", "disallow"), st.integers(1, 60), bases, calendars, st.integers(0, 12 * 48))
def test_the_first_resolution_agrees_with_watching_the_desk_every_half_hour(
    events: list[Event], halves: int, basis: str, desk: Calendar, look: int
) -> None:
    asof = FILED + look * HALF
    hours = desk if basis == "working" else ALWAYS
    target = Target("resolve", halves * 1800, basis)
    clock = told(events, [target], desk, asof, Switches())["resolve", 1]
    stop = clock.stopped_at or asof
    ticks = [FILED + n * HALF for n in range(int((stop - FILED) / HALF))]
    ran = [tick for tick in ticks if is_open(hours, tick) and tick not in stood_still(events, stop)]
    assert clock.elapsed_seconds == 1800 * len(ran)
    # The deadline is the end of the tick in which the target was used up.
    due = ran[halves - 1] + HALF if len(ran) >= halves else None
    assert clock.breached_at == (due if due is not None and due < stop else None)


def is_open(hours: Calendar, tick: datetime) -> bool:
    day = tick.astimezone(hours.zone).date()
    return any(opens <= tick < closes for opens, closes in hours.open_periods(day))


def stood_still(events: list[Event], stop: datetime) -> set[datetime]:
    """The half hours before `stop` in which the job waited, by replaying what was known until then, naively."""
    still: set[datetime] = set()
    spell: set[datetime] = set()
    ends: list[datetime | None] = []
    known = [event for event in events if event.at <= stop]
    first_end = next(
        (n for n, event in enumerate(known) if event.action in ("complete", "confirm", "close", "cancel")), None
    )
    known = known if first_end is None else known[: first_end + 1]
    for event, following in zip(known, [*known[1:], None], strict=True):
        if event.action == "pause":
            if not any(end is None or end > event.at for end in ends):
                still |= spell
                spell = set()
            ends.append(event.until)
        elif event.action in ENDS_PAUSE:
            still |= set() if event.action == "disallow" else spell
            ends, spell = [], set()
        tick, last = event.at, stop if following is None else following.at
        while tick < last:
            if any(end is None or end > tick for end in ends):
                spell.add(tick)
            tick += HALF
    return still | spell
