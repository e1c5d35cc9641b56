"""When a household is asked: never at night by its own clock, also where the clock is changed."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.settings import Reader, SettingsError
from services.surveys.settings import NIGHT, load, read_night
from services.surveys.visiting import Night, Rules, due_at, out_of_night

DEFAULT = Night(time(21), time(9))
EARLY = Night(time(0), time(6))
TO_0130 = Night(time(21), time(1, 30))
TO_0230 = Night(time(21), time(2, 30))
SHANGHAI, BERLIN, NEW_YORK, LORD_HOWE, APIA = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)


@pytest.mark.parametrize(
    ("sentence", "zone", "night", "moment", "expected"),
    [
        ("noon is a fine time", SHANGHAI, DEFAULT, "2026-03-04T12:00+08:00", "2026-03-04T12:00+08:00"),
        ("nine in the morning is day", SHANGHAI, DEFAULT, "2026-03-04T09:00+08:00", "2026-03-04T09:00+08:00"),
        ("a minute to nine waits for it", SHANGHAI, DEFAULT, "2026-03-04T08:59+08:00", "2026-03-04T09:00+08:00"),
        ("nine in the evening is night", SHANGHAI, DEFAULT, "2026-03-04T21:00+08:00", "2026-03-05T09:00+08:00"),
        ("a second before is not", SHANGHAI, DEFAULT, "2026-03-04T20:59:59+08:00", "2026-03-04T20:59:59+08:00"),
        ("midnight waits for the same day", SHANGHAI, DEFAULT, "2026-03-05T00:00+08:00", "2026-03-05T09:00+08:00"),
        ("new year's eve waits for next year", SHANGHAI, DEFAULT, "2026-12-31T23:00+08:00", "2027-01-01T09:00+08:00"),
        ("without a night any time is fine", SHANGHAI, None, "2026-03-05T03:00+08:00", "2026-03-05T03:00+08:00"),
        ("a night may lie within one day", BERLIN, EARLY, "2026-05-01T05:00+02:00", "2026-05-01T06:00+02:00"),
        ("and then the evening is day", BERLIN, EARLY, "2026-05-01T23:59+02:00", "2026-05-01T23:59+02:00"),
        ("a night is shorter in spring", BERLIN, DEFAULT, "2026-03-28T22:00+01:00", "2026-03-29T09:00+02:00"),
        ("a night is longer in autumn", BERLIN, DEFAULT, "2026-10-24T22:00+02:00", "2026-10-25T09:00+01:00"),
        ("America goes forward on another day", NEW_YORK, DEFAULT, "2026-03-07T23:00-05:00", "2026-03-08T09:00-04:00"),
        ("an end that does not occur", NEW_YORK, TO_0230, "2026-03-08T01:00-05:00", "2026-03-08T03:30-04:00"),
        ("before an end that occurs twice", NEW_YORK, TO_0130, "2026-11-01T00:50-04:00", "2026-11-01T01:30-05:00"),
        ("between an end that occurs twice", NEW_YORK, TO_0130, "2026-11-01T01:10-05:00", "2026-11-01T01:30-05:00"),
        ("a change of half an hour", LORD_HOWE, DEFAULT, "2026-04-04T22:00+11:00", "2026-04-05T09:00+10:30"),
        ("a day that was left out", APIA, DEFAULT, "2011-12-29T22:00-10:00", "2011-12-31T09:00+14:00"),
    ],
)  # fmt: skip
def test_a_due_moment_leaves_the_night(sentence: str, zone: str, night: Night, moment: str, expected: str) -> None:
    moved = out_of_night(datetime.fromisoformat(moment), ZoneInfo(zone), night)
    assert moved == datetime.fromisoformat(expected), sentence
    assert moved.tzinfo is UTC


@given(
    moment=st.datetimes(datetime(2005, 1, 1), datetime(2035, 1, 1)),
    zone=st.sampled_from([SHANGHAI, BERLIN, NEW_YORK, LORD_HOWE, APIA, "Africa/Casablanca", "Asia/Tehran"]),
    start=st.times().map(lambda t: t.replace(microsecond=0)),
    length=st.integers(1, 23 * 60),
)
def test_whatever_the_zone_nobody_is_asked_at_night_nor_earlier_than_due(
    moment: datetime, zone: str, start: time, length: int
) -> None:
    end = (datetime.combine(datetime(2000, 1, 1), start) + timedelta(minutes=length)).time()
    night = Night(start, end)
    due = moment.replace(tzinfo=UTC)
    moved = out_of_night(due, ZoneInfo(zone), night)
    assert not night.covers(moved.astimezone(ZoneInfo(zone)).time())
    assert due <= moved <= due + timedelta(hours=50)
    assert out_of_night(moved, ZoneInfo(zone), night) == moved


def test_the_default_is_a_day_after_completion_in_the_community_s_time() -> None:
    completed = datetime(2026, 3, 4, 22, 30, tzinfo=ZoneInfo(SHANGHAI))
    assert due_at(completed, ZoneInfo(SHANGHAI), Rules()) == datetime(2026, 3, 6, 9, tzinfo=ZoneInfo(SHANGHAI))
    afternoon = datetime(2026, 3, 4, 15, 30, tzinfo=ZoneInfo(SHANGHAI))
    assert due_at(afternoon, ZoneInfo(SHANGHAI), Rules()) == afternoon + timedelta(hours=24)


@pytest.mark.parametrize("written", ["", "21:00", "21:00-", "9-21", "21:00-21:00", "25:00-09:00", "21:00-09:00-10:00"])
def test_a_night_that_cannot_be_read_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_night(written)


def test_settings_name_every_variable_that_is_wrong() -> None:
    environ = {NIGHT: "late", "DOORSTEP_RETURN_VISIT_DELAY": "a day"}
    with pytest.raises(SettingsError) as refused:
        load(Reader(environ))
    for name in (NIGHT, "DOORSTEP_RETURN_VISIT_DELAY", "SURVEYS_DATABASE_URL", "DOORSTEP_SECRET"):
        assert name in str(refused.value)


def test_settings_read_the_rules_of_the_visit(tmp_path: object) -> None:
    key = f"{tmp_path}/key.pem"
    with open(key, "w") as file:
        file.write("key")
    environ = {
        "SURVEYS_DATABASE_URL": "postgresql://one",
        "SURVEYS_WORKER_DATABASE_URL": "postgresql://two",
        "AMQP_URL": "amqp://three",
        "DOORSTEP_VERIFY_KEY_FILE": key,
        "DOORSTEP_SECRET": "secret",
    }
    assert load(Reader(environ)).rules == Rules()
    changed = environ | {"DOORSTEP_RETURN_VISIT_DELAY": "PT2S", NIGHT: "none"}
    assert load(Reader(changed)).rules == Rules(delay=timedelta(seconds=2), night=None)
