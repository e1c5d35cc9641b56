"""Deadlines across the nights on which the clocks of Berlin, São Paulo, Tehran, Sydney and Los Angeles changed."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.sla.calendar import Calendar, add, add_calendar_days, add_days, between, end_of_day
from services.tickets.sla.clocks import Clock, compute
from services.tickets.sla.pauses import Event
from services.tickets.sla.targets import Target

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NIGHT = {day: [["00:00", "06:00"], ["22:00", "24:00"]] for day in DAYS}
DAYTIME = {day: [["09:00", "17:00"]] for day in DAYS}
HOUR = 3600


def desk(zone: str, hours: dict[str, list[list[str]]]) -> Calendar:
    return Calendar.from_json({"tz": zone, "hours": hours})


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# (zone, the evening before at ten, the morning after at six, hours that night really had)
NIGHTS = [
    ("Europe/Berlin", "2026-03-28T22:00+01:00", "2026-03-29T06:00+02:00", 7),
    ("Europe/Berlin", "2026-10-24T22:00+02:00", "2026-10-25T06:00+01:00", 9),
    ("America/Sao_Paulo", "2018-11-03T22:00-03:00", "2018-11-04T06:00-02:00", 7),
    ("America/Sao_Paulo", "2019-02-16T22:00-02:00", "2019-02-17T06:00-03:00", 9),
    ("Asia/Tehran", "2022-03-21T22:00+03:30", "2022-03-22T06:00+04:30", 7),
    ("Asia/Tehran", "2022-09-21T22:00+04:30", "2022-09-22T06:00+03:30", 9),
    ("Australia/Sydney", "2026-10-03T22:00+10:00", "2026-10-04T06:00+11:00", 7),
    ("Australia/Sydney", "2026-04-04T22:00+11:00", "2026-04-05T06:00+10:00", 9),
    ("America/Los_Angeles", "2026-03-07T22:00-08:00", "2026-03-08T06:00-07:00", 7),
    ("America/Los_Angeles", "2026-10-31T22:00-07:00", "2026-11-01T06:00-08:00", 9),
]


@pytest.mark.parametrize(("zone", "evening", "morning", "hours"), NIGHTS)
def test_a_night_shift_works_the_hours_the_night_really_had(zone: str, evening: str, morning: str, hours: int) -> None:
    calendar = desk(zone, NIGHT)
    assert between(calendar, moment(evening), moment(morning)) == hours * HOUR
    assert add(calendar, moment(evening), hours * HOUR) == moment(morning)
    # One second more is worked that evening, after a day off.
    assert add(calendar, moment(evening), hours * HOUR + 1) == moment(morning) + timedelta(hours=16, seconds=1)


@pytest.mark.parametrize(("zone", "evening", "morning", "hours"), NIGHTS)
def test_a_desk_that_sleeps_at_night_notices_nothing(zone: str, evening: str, morning: str, hours: int) -> None:
    calendar = desk(zone, DAYTIME)
    assert between(calendar, moment(evening), moment(morning)) == 0
    assert add(calendar, moment(evening) - timedelta(hours=6), 2 * HOUR) == moment(morning) + timedelta(hours=4)


@pytest.mark.parametrize(("zone", "evening", "morning", "hours"), NIGHTS)
def test_a_day_later_is_the_same_wall_time_however_long_the_night(
    zone: str, evening: str, morning: str, hours: int
) -> None:
    calendar = desk(zone, DAYTIME)
    next_evening = moment(morning) + timedelta(hours=16)
    assert add_calendar_days(calendar, moment(evening), 1) == next_evening
    assert add_days(calendar, moment(evening), 1) == next_evening
    (clock,) = compute([Event("file", moment(evening))], [Target("resolve", 0, days=1)], calendar)
    assert (clock.due_at, clock.target_seconds) == (next_evening.astimezone(UTC), (hours + 16) * HOUR)


@pytest.mark.parametrize(("zone", "evening", "morning", "hours"), NIGHTS)
def test_a_pause_over_the_night_is_as_long_as_the_night(zone: str, evening: str, morning: str, hours: int) -> None:
    filed = moment(evening) - timedelta(hours=1)
    events = [Event("file", filed), Event("pause", moment(evening), until=moment(morning))]
    asked = moment(morning) + timedelta(hours=1)
    (clock,) = compute(events, [Target("resolve", 4 * HOUR)], desk(zone, NIGHT), asof=asked)
    assert (clock.pause_seconds, clock.elapsed_seconds) == (hours * HOUR, 2 * HOUR)
    assert clock.due_at == moment(morning) + timedelta(hours=3)


# (zone, filed at a wall time that the next day lacks or has twice, due a calendar day later)
ODD_HOURS = [
    ("Europe/Berlin", "2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00"),
    ("Europe/Berlin", "2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00"),
    ("America/Sao_Paulo", "2018-11-03T00:30-03:00", "2018-11-04T01:00-02:00"),
    ("America/Sao_Paulo", "2019-02-15T23:30-02:00", "2019-02-16T23:30-02:00"),
    ("Asia/Tehran", "2022-03-21T00:30+03:30", "2022-03-22T01:00+04:30"),
    ("Asia/Tehran", "2022-09-20T23:30+04:30", "2022-09-21T23:30+04:30"),
    ("Australia/Sydney", "2026-10-03T02:30+10:00", "2026-10-04T03:00+11:00"),
    ("Australia/Sydney", "2026-04-04T02:30+11:00", "2026-04-05T02:30+11:00"),
    ("America/Los_Angeles", "2026-03-07T02:30-08:00", "2026-03-08T03:00-07:00"),
    ("America/Los_Angeles", "2026-10-31T01:30-07:00", "2026-11-01T01:30-07:00"),
]


@pytest.mark.parametrize(("zone", "filed", "due"), ODD_HOURS)
def test_a_wall_time_that_is_missing_is_due_at_the_jump_and_one_that_repeats_at_its_first_pass(
    zone: str, filed: str, due: str
) -> None:
    (clock,) = compute([Event("file", moment(filed))], [Target("resolve", 0, days=1)], desk(zone, DAYTIME))
    assert clock.due_at == moment(due)


# (zone, filed, the midnight that ends that local day): the day began at one, or had its last hour twice.
MIDNIGHTS = [
    ("America/Sao_Paulo", "2018-11-03T20:00-03:00", "2018-11-04T01:00-02:00"),
    ("America/Sao_Paulo", "2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00"),
    ("America/Sao_Paulo", "2019-02-16T23:30-02:00", "2019-02-17T00:00-03:00"),
    ("America/Sao_Paulo", "2019-02-16T23:30-03:00", "2019-02-17T00:00-03:00"),
    ("Asia/Tehran", "2022-03-21T20:00+03:30", "2022-03-22T01:00+04:30"),
    ("Asia/Tehran", "2022-09-21T23:30+04:30", "2022-09-22T00:00+03:30"),
    ("Europe/Berlin", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
    ("Australia/Sydney", "2026-10-04T00:00+10:00", "2026-10-05T00:00+11:00"),
    ("America/Los_Angeles", "2026-11-01T01:30-07:00", "2026-11-02T00:00-08:00"),
]


@pytest.mark.parametrize(("zone", "filed", "midnight"), MIDNIGHTS)
def test_the_sundown_rule_ends_with_the_day_the_residents_lived(zone: str, filed: str, midnight: str) -> None:
    calendar = desk(zone, DAYTIME)
    assert end_of_day(calendar, moment(filed)) == moment(midnight)
    clock = sundown(calendar, filed)
    assert clock.due_at == moment(midnight)
    assert clock.remaining_seconds == (moment(midnight) - moment(filed)).total_seconds()


def sundown(calendar: Calendar, filed: str) -> Clock:
    (clock,) = compute([Event("file", moment(filed))], [Target("acknowledge", 60, sundown=True)], calendar)
    return clock


def test_a_day_that_samoa_left_out_was_no_working_day() -> None:
    calendar = desk("Pacific/Apia", DAYTIME)
    assert add_days(calendar, moment("2011-12-29T10:00-10:00"), 1) == moment("2011-12-31T10:00+14:00")


def test_a_shift_that_lies_in_the_hour_berlin_skips_is_not_worked() -> None:
    calendar = desk("Europe/Berlin", {"sun": [["02:00", "03:00"]], "mon": [["09:00", "10:00"]]})
    assert add_days(calendar, moment("2026-03-28T12:00+01:00"), 1) == moment("2026-03-30T12:00+02:00")
    assert add(calendar, moment("2026-03-28T12:00+01:00"), HOUR) == moment("2026-03-30T10:00+02:00")


# (zone, a moment before the clock went back across midnight, so that a day that had begun was interrupted)
ACROSS_MIDNIGHT = [
    ("America/St_Johns", "2010-11-07T00:00+00:00"),
    ("America/Moncton", "2005-10-29T23:00+00:00"),
    ("Antarctica/Casey", "2010-03-04T12:00+00:00"),
]


@pytest.mark.parametrize(("zone", "start"), ACROSS_MIDNIGHT)
@pytest.mark.parametrize("hours", [[["00:00", "24:00"]], [["00:00", "00:30"], ["23:00", "24:00"]]])
def test_a_clock_that_goes_back_across_midnight_loses_no_time(zone: str, start: str, hours: list[list[str]]) -> None:
    calendar = Calendar.from_json({"tz": zone, "hours": dict.fromkeys(DAYS, hours), "holidays": ["12-25"]})
    first, last = moment(start), moment(start) + timedelta(hours=30)
    whole = between(calendar, first, last)
    for quarter in range(0, 30 * 4 + 1):
        middle = first + timedelta(minutes=15 * quarter)
        passed = between(calendar, first, middle)
        assert passed + between(calendar, middle, last) == whole
        assert between(calendar, first, add(calendar, first, passed)) == passed
    if hours == [["00:00", "24:00"]]:
        assert whole == 30 * HOUR
