"""Who is on duty at which moment: past midnight, where the clocks change, on days off."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.kit.errors import Invalid
from services.tickets.duty import Shift, checked_rule, on_duty, windows

BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"
DAILY = "FREQ=DAILY"
MONDAY = date(2026, 11, 23)


def shift(begins="08:00", ends="17:00", rrule=DAILY, timezone=SHANGHAI, first_on=MONDAY, **more):
    values = {"id": "s", "person_id": "crew", "community_id": "c", "last_on": None, **more}
    hours = {"begins": time.fromisoformat(begins), "ends": time.fromisoformat(ends)}
    return Shift(**values, **hours, rrule=rrule, timezone=timezone, first_on=first_on)


def wall(text, timezone=SHANGHAI, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone), fold=fold)


def is_there(one, moment):
    return "crew" in on_duty([one], moment)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-23 07:59:59", False),
        ("2026-11-23 08:00", True),
        ("2026-11-23 16:59:59", True),
        ("2026-11-23 17:00", False),
        ("2026-11-22 12:00", False),
    ],
)
def test_a_shift_begins_on_the_minute_and_has_ended_on_the_minute(moment, there):
    assert is_there(shift(), wall(moment)) is there


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        ("2026-11-23 00:30", False),
        ("2026-11-23 21:59:59", False),
        ("2026-11-23 22:00", True),
        ("2026-11-24 00:00", True),
        ("2026-11-24 05:59:59", True),
        ("2026-11-24 06:00", False),
        ("2026-11-24 22:00", False),
        ("2026-11-25 03:00", False),
    ],
)
def test_a_night_belongs_to_the_day_it_began_on(moment, there):
    night = shift("22:00", "06:00", "FREQ=WEEKLY;BYDAY=MO")
    assert is_there(night, wall(moment)) is there


def test_the_last_night_goes_on_past_the_last_day():
    night = shift("22:00", "06:00", last_on=MONDAY)
    assert is_there(night, wall("2026-11-24 05:00"))
    assert not is_there(night, wall("2026-11-24 23:00"))


def test_a_shift_of_a_whole_day_leaves_no_gap():
    day = shift("08:00", "08:00")
    assert all(is_there(day, wall("2026-11-24 08:00") + timedelta(minutes=number)) for number in range(0, 2880, 7))


def test_a_day_off_takes_its_night_with_it_and_not_the_one_before():
    night = shift("22:00", "06:00", off=frozenset({date(2026, 11, 24)}))
    assert is_there(night, wall("2026-11-24 03:00")), "it began on the 23rd"
    assert not is_there(night, wall("2026-11-24 23:00"))
    assert not is_there(night, wall("2026-11-25 03:00"))
    assert is_there(night, wall("2026-11-25 23:00"))


def test_without_a_rule_a_shift_is_once():
    once = shift(rrule=None, last_on=MONDAY)
    assert is_there(once, wall("2026-11-23 09:00"))
    assert not is_there(once, wall("2026-11-30 09:00"))


def lengths(one, since, until):
    return [window.ends_at - window.begins_at for window in windows(one, since, until)]


def test_a_night_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn():
    night = shift("22:00", "06:00", timezone=BERLIN, first_on=date(2026, 3, 1))
    spring = lengths(night, wall("2026-03-28 22:00", BERLIN), wall("2026-03-29 06:00", BERLIN))
    autumn = lengths(night, wall("2026-10-24 22:00", BERLIN), wall("2026-10-25 06:00", BERLIN))
    assert (spring, autumn) == ([timedelta(hours=7)], [timedelta(hours=9)])


@pytest.mark.parametrize(
    ("handover", "day"),
    [
        ("02:30", date(2026, 3, 29)),
        ("02:00", date(2026, 3, 29)),
        ("02:30", date(2026, 10, 25)),
        ("03:00", date(2026, 10, 25)),
    ],
)
def test_where_the_clocks_change_somebody_is_always_there_and_never_two(handover, day):
    first = shift("20:00", handover, timezone=BERLIN, first_on=day - timedelta(days=1), person_id="first")
    second = shift(handover, "10:00", timezone=BERLIN, first_on=day, person_id="second")
    begins = datetime.combine(day, time(0), tzinfo=UTC) - timedelta(hours=3)
    for minutes in range(0, 9 * 60, 5):
        found = on_duty([first, second], begins + timedelta(minutes=minutes))
        assert len(found) == 1, minutes


def test_an_hour_that_comes_twice_is_the_first_for_both_ends():
    early = shift("00:00", "02:30", timezone=BERLIN, first_on=date(2026, 10, 25))
    assert is_there(early, wall("2026-10-25 02:15", BERLIN))
    assert not is_there(early, wall("2026-10-25 02:15", BERLIN, fold=1))


def test_a_shift_within_the_hour_that_is_skipped_takes_place_after_it():
    skipped = shift("02:10", "02:50", timezone=BERLIN, first_on=date(2026, 3, 29), rrule=None)
    (window,) = windows(skipped, wall("2026-03-29 00:00", BERLIN), wall("2026-03-29 12:00", BERLIN))
    assert window.begins_at == wall("2026-03-29 03:10", BERLIN)
    assert window.ends_at - window.begins_at == timedelta(minutes=40)


def test_the_shift_stays_on_the_wall_over_the_year():
    day = shift(timezone=BERLIN, first_on=date(2026, 1, 1))
    for moment in ("2026-01-15 08:00", "2026-07-15 08:00"):
        assert is_there(day, wall(moment, BERLIN))
        assert not is_there(day, wall(moment, BERLIN) - timedelta(seconds=1))


def test_of_several_shifts_the_one_that_lasts_longest_says_until_when():
    both = [shift(), shift("12:00", "20:00")]
    assert on_duty(both, wall("2026-11-23 13:00"))["crew"].ends_at == wall("2026-11-23 20:00")


def test_rules_may_count_and_skip():
    one = shift(rrule="FREQ=DAILY;INTERVAL=3;COUNT=2")
    days = [window.on for window in windows(one, wall("2026-11-01 00:00"), wall("2026-12-31 00:00"))]
    assert days == [MONDAY, date(2026, 11, 26)]


@pytest.mark.parametrize(
    "rule", ["FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3,15", "FREQ=MINUTELY", "nonsense", "FREQ=DAILY;X=1"]
)
def test_a_rule_that_is_no_shift_is_refused_by_name(rule):
    with pytest.raises(Invalid) as refused:
        checked_rule(rule, MONDAY, None, time(8), SHANGHAI)
    assert list(refused.value.fields) == ["rrule"]


def test_an_end_before_the_start_is_refused_by_name():
    with pytest.raises(Invalid) as refused:
        checked_rule(DAILY, MONDAY, MONDAY - timedelta(days=1), time(8), SHANGHAI)
    assert list(refused.value.fields) == ["last_on"]


def test_years_of_a_daily_shift_are_asked_about_quickly():
    old = shift(first_on=date(2006, 1, 1))
    assert is_there(old, wall("2026-11-23 09:00"))
