"""Recurrence: the wall clock stays when the clocks change, and whatever is written as a rule is read or refused."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.kit.errors import Invalid
from services.tickets.plans import kinds
from services.tickets.plans.due import IN_TIME, file_at, outcome_of
from services.tickets.plans.recurrence import Recurrence, recurrence

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2031, 3, 3, 9, 0)
HOUR = timedelta(hours=1)


def first(rule: str, count: int = 3, *, starts: datetime = START, zone: ZoneInfo = BERLIN) -> list[datetime]:
    return list(islice(recurrence(rule, starts, None, zone).after(None), count))


def test_nine_on_mondays_is_nine_on_mondays_all_year() -> None:
    found = [at.astimezone(BERLIN) for at in first("FREQ=WEEKLY;BYDAY=MO", 60)]
    assert {(at.weekday(), at.hour, at.minute) for at in found} == {(0, 9, 0)}
    assert len({at.utcoffset() for at in found}) == 2
    gaps = {later - earlier for earlier, later in zip(found, found[1:], strict=False)}
    assert gaps == {timedelta(days=7)}


def test_an_hour_the_clocks_skip_is_read_with_the_offset_before() -> None:
    # On 30 March 2031 in Berlin there is no half past two: RFC 5545 takes the offset before the change.
    found = first("FREQ=DAILY", 2, starts=datetime(2031, 3, 30, 2, 30))
    assert found == [datetime(2031, 3, 30, 1, 30, tzinfo=UTC), datetime(2031, 3, 31, 0, 30, tzinfo=UTC)]


def test_an_hour_that_comes_twice_occurs_once() -> None:
    found = first("FREQ=HOURLY", 4, starts=datetime(2031, 10, 26, 1, 30))
    assert [at.hour for at in found] == [23, 0, 2, 3]
    assert len(set(found)) == 4


def test_two_times_on_the_wall_that_are_one_moment_occur_once() -> None:
    found = first("FREQ=HOURLY", 5, starts=datetime(2031, 3, 30, 1, 0))
    assert [later - earlier for earlier, later in zip(found, found[1:], strict=False)] == [HOUR] * 4


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("RRULE:FREQ=MONTHLY;BYDAY=-1FR", ["2031-03-28", "2031-04-25", "2031-05-30"]),
        ("freq=monthly;bymonthday=31", ["2031-03-31", "2031-05-31", "2031-07-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2032-02-29", "2036-02-29", "2040-02-29"]),
        ("FREQ=DAILY;UNTIL=20310304", ["2031-03-03", "2031-03-04"]),
        ("FREQ=DAILY;UNTIL=20310304T075959Z", ["2031-03-03"]),
        ("FREQ=WEEKLY;INTERVAL=2;COUNT=2", ["2031-03-03", "2031-03-17"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2031-03-31", "2031-04-30", "2031-05-30"]),
    ],
)
def test_rules_are_read_as_the_standard_says(rule: str, expected: list[str]) -> None:
    assert [at.astimezone(BERLIN).date().isoformat() for at in first(rule)] == expected


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("", "FREQ=WEEKLY"),
        ("every monday", "no part"),
        ("FREQ=FORTNIGHTLY", "FREQ must be"),
        ("BYDAY=MO", "FREQ must be"),
        ("FREQ=MINUTELY", "once an hour"),
        ("FREQ=SECONDLY;COUNT=5", "once an hour"),
        ("FREQ=DAILY;BYMINUTE=0,30", "once an hour"),
        ("FREQ=DAILY;BYSECOND=0", "once an hour"),
        ("FREQ=DAILY;COUNT=1001", "COUNT=1001"),
        ("FREQ=DAILY;COUNT=0", "COUNT=0"),
        ("FREQ=DAILY;COUNT=5;UNTIL=20320101", "not both"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0"),
        ("FREQ=DAILY;FREQ=WEEKLY", "says again"),
        ("FREQ=DAILY;BYEASTER=1", "no part BYEASTER"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR=24"),
        ("FREQ=DAILY;BYMONTHDAY=0", "BYMONTHDAY=0"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "no meaning"),
        ("FREQ=MONTHLY;BYWEEKNO=5", "no meaning"),
        ("FREQ=WEEKLY;BYDAY=2MO", "numbered weekday"),
        ("FREQ=DAILY;BYSETPOS=1", "BYSETPOS chooses"),
        ("FREQ=DAILY;UNTIL=20319999", "UNTIL=20319999"),
        ("FREQ=DAILY;UNTIL=20300101", "never occurs"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "never occurs"),
        ("FREQ=YEARLY;INTERVAL=1000;BYMONTH=1", "never occurs"),
        ("FREQ=HOURLY;INTERVAL=24;BYHOUR=3", "cannot be read"),
    ],
)
def test_nonsense_is_refused_by_name(rule: str, word: str) -> None:
    with pytest.raises(Invalid) as refusal:
        recurrence(rule, START, None, BERLIN)
    assert word in refusal.value.en
    assert set(refusal.value.fields) == {"rrule"}
    assert refusal.value.zh


def test_an_end_before_the_start_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        recurrence("FREQ=DAILY", START, START - HOUR, BERLIN)
    assert set(refusal.value.fields) == {"ends_at"}


def test_a_plans_own_end_holds_beside_count() -> None:
    found = recurrence("FREQ=DAILY;COUNT=9", START, START + timedelta(days=1), BERLIN)
    assert len(list(found.after(None))) == 2


PARTS = st.sampled_from(
    ["INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYDAY", "BYHOUR", "BYSETPOS",
     "WKST", "BYSECOND", "X-NOTE"]
)  # fmt: skip
VALUES = st.one_of(
    st.integers(-400, 1200).map(str),
    st.lists(st.integers(-60, 60), min_size=1, max_size=4).map(lambda found: ",".join(map(str, found))),
    st.sampled_from(["MO", "1MO,-1FR", "SU,SA", "53TU", "20310304", "20400101T000000Z", "99999999", "", "٣"]),
    st.text(max_size=6),
)
RULES = st.one_of(
    st.text(max_size=40),
    st.tuples(
        st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "x"]),
        st.lists(st.tuples(PARTS, VALUES), max_size=4),
    ).map(lambda rule: ";".join([f"FREQ={rule[0]}", *(f"{name}={value}" for name, value in rule[1])])),
)


@settings(max_examples=300, deadline=None)
@given(RULES)
@example("FREQ=DAILY;BYMONTHDAY=29;BYMONTH=2;INTERVAL=366")
@example("FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTH=7")
@example("RRULE:RRULE:FREQ=DAILY")
def test_whatever_is_written_is_read_or_clearly_refused(rule: str) -> None:
    found, refused = None, set()
    try:
        found = recurrence(rule, START, None, SHANGHAI)
    except Invalid as refusal:
        refused = set(refusal.fields)
    assert (found is None) == (refused == {"rrule"})
    if found is None:
        return
    times = list(islice(found.after(None), 3))
    assert times
    assert times == sorted(set(times))
    assert all(later - earlier >= HOUR for earlier, later in zip(times, times[1:], strict=False))
    assert Recurrence(found.rule, START, None, SHANGHAI).next_after(times[0]) == (times[1] if times[1:] else None)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=DAILY;INTERVAL=3", "FREQ=YEARLY"]),
    st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_moving_by_whole_cycles_of_the_calendar_changes_no_date(rule: str, starts: datetime) -> None:
    plain = list(islice(rrulestr(rule, dtstart=starts), 20))
    moved = list(islice(recurrence(rule, starts, None, SHANGHAI).after(None), 20))
    assert [at.astimezone(SHANGHAI).replace(tzinfo=None) for at in moved] == plain


AT = datetime(2031, 3, 3, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("late", "lead", "state", "if_missed", "expected"),
    [
        (timedelta(0), 0, "active", "skip", ("filed", None)),
        (IN_TIME, 0, "active", "skip", ("filed", None)),
        (IN_TIME + HOUR, 0, "active", "skip", ("skipped", "missed")),
        (IN_TIME + HOUR, 0, "active", "file", ("filed_late", None)),
        (25 * HOUR, 0, "active", "file", ("skipped", "missed")),
        (-2 * HOUR, 24, "active", "skip", ("filed_late", None)),
        (-24 * HOUR, 24, "active", "skip", ("filed", None)),
        (HOUR, 24, "active", "skip", ("skipped", "missed")),
        (timedelta(0), 0, "paused", "file", ("skipped", "paused")),
    ],
)
def test_what_becomes_of_a_due_time(
    late: timedelta, lead: int, state: str, if_missed: str, expected: tuple[str, str | None]
) -> None:
    assert outcome_of(AT, lead, AT + late, state=state, if_missed=if_missed, late_hours=24) == expected
    assert file_at(AT, lead) == AT - lead * HOUR
    assert expected[0] in kinds.OUTCOMES
