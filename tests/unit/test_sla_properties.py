"""Properties that working time and clocks keep on any calendar, whatever the clocks of the world do."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.tickets.sla.calendar import Calendar, add, between, end_of_day
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import CHOICES, Switches
from services.tickets.sla.targets import TOTAL, Target

ZONES = (
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Tehran",
    "Australia/Sydney",
    "America/Los_Angeles",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
SECONDS_OF_FOUR_YEARS = 4 * 365 * 86_400
# A busy machine may take its time over one example; that is no failure of the arithmetic.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

moments = st.integers(0, SECONDS_OF_FOUR_YEARS).map(lambda seconds: FIRST + timedelta(seconds=seconds))
lengths = st.integers(0, 20 * 86_400)
targets = st.builds(
    Target,
    st.sampled_from(["acknowledge", "attend", "resolve"]),
    st.integers(1, 3 * 86_400),
    basis=st.sampled_from(["clock", "working"]),
)
switches = st.builds(Switches, **{name: st.sampled_from(choices) for name, choices in CHOICES.items()})


def wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


@st.composite
def day_spans(draw: st.DrawFn, step: int = 1) -> list[list[str]]:
    marks = sorted(draw(st.sets(st.integers(0, 1440 // step), max_size=6)))
    return [[wall(a * step), wall(b * step)] for a, b in zip(marks[::2], marks[1::2], strict=False)]


@st.composite
def calendars(draw: st.DrawFn, step: int = 1) -> Calendar:
    hours = {day: draw(day_spans(step)) for day in DAYS}
    # A desk that opens for minutes a week may owe its deadlines in another century, and says so.
    assume(sum(minutes(end) - minutes(start) for spans in hours.values() for start, end in spans) >= 60)
    days = st.integers(0, 4 * 365).map(lambda n: (FIRST + timedelta(days=n)).date().isoformat())
    opens = draw(moments)
    return Calendar.from_json(
        {
            "tz": draw(st.sampled_from(ZONES)),
            "hours": hours,
            "holidays": draw(st.lists(days, max_size=5)) + draw(st.sampled_from([[], ["12-25", "05-01"]])),
            "closures": [[opens.isoformat(), (opens + timedelta(hours=30)).isoformat()]],
        }
    )


@st.composite
def pauses_from(draw: st.DrawFn, start: datetime) -> list[tuple[datetime, datetime]]:
    pairs = draw(st.lists(st.tuples(st.integers(0, 10 * 86_400), st.integers(0, 2 * 86_400)), max_size=4))
    return [(start + timedelta(seconds=a), start + timedelta(seconds=a + b)) for a, b in pairs]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    actions = [
        "acknowledge",
        "claim",
        "start",
        "pause",
        "resume",
        "release",
        "complete",
        "reopen",
        "cancel",
        "override",
    ]
    steps = draw(st.lists(st.tuples(st.sampled_from(actions), st.integers(0, 2 * 86_400)), max_size=10))
    filed = draw(moments)
    passed = accumulate(seconds for _, seconds in steps)
    rows = zip((action for action, _ in steps), passed, strict=True)
    return [Event("file", filed), *(Event(action, filed + timedelta(seconds=n)) for action, n in rows)]


@PATIENT
@given(calendars(), moments, lengths, st.data())
def test_adding_then_measuring_gives_back_the_duration(
    calendar: Calendar, start: datetime, seconds: int, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_from(start))
    due = add(calendar, start, seconds, pauses)
    assert between(calendar, start, due, pauses) == seconds
    # It is the earliest such moment: a second before it something is still missing.
    assert not seconds or between(calendar, start, due - timedelta(seconds=1), pauses) < seconds


@PATIENT
@given(calendars(), moments, lengths, lengths, st.data())
def test_splitting_a_period_adds_up(
    calendar: Calendar, start: datetime, one: int, other: int, data: st.DataObject
) -> None:
    pauses = data.draw(pauses_from(start))
    middle, end = start + timedelta(seconds=one), start + timedelta(seconds=one + other)
    whole = between(calendar, start, end, pauses)
    assert whole == between(calendar, start, middle, pauses) + between(calendar, middle, end, pauses)


@PATIENT
@given(calendars(), moments, lengths, st.integers(0, 10 * 86_400))
def test_pausing_and_resuming_at_once_changes_nothing(
    calendar: Calendar, start: datetime, seconds: int, when: int
) -> None:
    instant = start + timedelta(seconds=when)
    assert add(calendar, start, seconds, [(instant, instant)]) == add(calendar, start, seconds)
    assert between(calendar, start, instant, [(instant, instant)]) == between(calendar, start, instant)


@PATIENT
@given(calendars(), moments, moments, lengths, lengths)
def test_later_starts_and_longer_targets_are_never_due_sooner(
    calendar: Calendar, one: datetime, other: datetime, short: int, more: int
) -> None:
    early, late = min(one, other), max(one, other)
    assert add(calendar, early, short) <= add(calendar, late, short)
    assert add(calendar, early, short) <= add(calendar, early, short + more)
    assert add(calendar, early, short) <= add(calendar, early, short, at_closing="next_opening")


@PATIENT
@given(calendars(step=30), moments, st.integers(0, 4 * 48))
def test_working_time_agrees_with_looking_at_the_wall_clock(
    calendar: Calendar, start: datetime, half_hours: int
) -> None:
    zone = ZoneInfo(calendar.tz)
    start = start.replace(minute=30 * (start.minute // 30), second=0)
    ticks = [start + timedelta(minutes=30 * n) for n in range(half_hours)]
    # In the days when a clock goes back the hour that repeats could be read either way, so these are left out.
    assume(
        not any(
            tick.astimezone(zone).replace(fold=0).utcoffset() != tick.astimezone(zone).utcoffset() for tick in ticks
        )
    )
    assume(all(tick.astimezone(zone).minute % 30 == 0 for tick in ticks))
    end = start + timedelta(minutes=30 * half_hours)
    assume(not any(shut < end and start < opened for shut, opened in calendar.closures))

    def is_open(tick: datetime) -> bool:
        local = tick.astimezone(zone)
        seconds = local.hour * 3600 + local.minute * 60
        return any(opens <= seconds < closes for opens, closes in calendar.wall_spans(local.date()))

    assert between(calendar, start, end) == 1800 * sum(map(is_open, ticks))


@PATIENT
@given(calendars(), moments)
def test_the_day_ends_after_now_and_within_a_day_and_two_hours(calendar: Calendar, at: datetime) -> None:
    assert at < end_of_day(calendar, at) <= at + timedelta(hours=26)


@PATIENT
@given(
    histories(),
    st.lists(targets, min_size=1, max_size=3),
    calendars(),
    st.lists(lengths, min_size=2, max_size=4),
    switches,
)
def test_what_was_true_once_stays_true_whenever_it_is_evaluated(
    events: list[Event], wanted: list[Target], calendar: Calendar, waits: list[int], chosen: Switches
) -> None:
    asked_at = sorted(events[0].at + timedelta(seconds=wait) for wait in waits)
    told = [by_key(events, wanted, calendar, at, chosen) for at in asked_at]
    for asked, before, after in zip(asked_at, told, told[1:], strict=False):
        for key, clock in before.items():
            later = after[key]
            if clock.breached_at is not None:
                assert (later.state, later.breached_at) == ("breached", clock.breached_at)
            # The total alone runs on when a job is reopened: that is what it is for.
            if clock.stopped_at is not None and clock.kind != TOTAL:
                assert later == clock
            assert later.lived_seconds >= clock.lived_seconds
            assert later.warnings_at[: len(reached(clock, asked))] == reached(clock, asked)


def by_key(
    events: list[Event], wanted: list[Target], calendar: Calendar, at: datetime, chosen: Switches
) -> dict[tuple[int, str, int], Clock]:
    """The clocks at one moment, by the target's place, the kind and the generation."""
    return {
        (place, clock.kind, clock.generation): clock
        for place, target in enumerate(wanted)
        for clock in compute(events, [target], calendar, asof=at, switches=chosen)
    }


def reached(clock: Clock, at: datetime) -> tuple[datetime, ...]:
    """The warnings that had come by then."""
    return tuple(warning for warning in clock.warnings_at if warning <= at)


@PATIENT
@given(histories(), targets, calendars())
def test_a_breach_is_a_deadline_passed_before_the_stop(events: list[Event], target: Target, calendar: Calendar) -> None:
    asof = events[-1].at + timedelta(days=30)
    for clock in compute(events, [target], calendar, asof=asof):
        until = clock.stopped_at or asof
        assert (clock.state == "breached") == (clock.due_at is not None and clock.due_at < until)
        assert clock.elapsed_seconds is not None
        assert clock.elapsed_seconds <= clock.lived_seconds
        if clock.state == "met":
            assert clock.elapsed_seconds <= clock.target_seconds
