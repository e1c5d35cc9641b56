"""Targets in days: the same time on a later day, open or not, and what a pause does to it."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.tickets.sla.calendar import Calendar, add_days, usual_day_seconds
from services.tickets.sla.cases import evaluate
from services.tickets.sla.clocks import Clock, compute
from services.tickets.sla.pauses import Event
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target

HOUR = 3600
HOURS = {day: [["08:30", "12:00"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = {"tz": "Asia/Shanghai", "hours": HOURS}
DESK = Calendar.from_json(OFFICE)
TWO_WORKING_DAYS = Target("resolve", 0, basis="working", warn=(0.5,), days=2)
THREE_DAYS = Target("resolve", 0, warn=(0.5,), days=3)
ZONE = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: float = 0) -> datetime:
    """An hour of a day of November 2026 in Shanghai; the 20th is a Friday."""
    return datetime(2026, 11, day, tzinfo=ZONE) + timedelta(hours=hour)


def clock(target: Target, *events: Event, asof: datetime | None = None, **switches: Any) -> Clock:
    return compute(events, [target], DESK, asof=asof, switches=Switches(**switches))[-1]


def test_calendar_days_end_at_the_hour_they_began_open_or_not() -> None:
    found = clock(THREE_DAYS, Event("file", at(20, 10)))
    assert (found.due_at, found.warnings_at) == (at(23, 10), (at(21, 22),))
    assert (found.target_seconds, found.remaining_seconds) == (72 * HOUR, 72 * HOUR)


def test_working_days_skip_the_weekend() -> None:
    found = clock(TWO_WORKING_DAYS, Event("file", at(20, 10)))
    assert found.due_at == at(24, 10)
    # 6 hours of Friday, 7.5 of Monday, 1.5 of Tuesday.
    assert found.target_seconds == 15 * HOUR
    assert found.warnings_at == (at(23, 10),)


def test_a_day_may_mean_its_working_hours() -> None:
    found = clock(TWO_WORKING_DAYS, Event("file", at(20, 18)), day="working_hours")
    assert (found.due_at, found.target_seconds) == (at(24, 17.5), 15 * HOUR)
    assert clock(TWO_WORKING_DAYS, Event("file", at(20, 18))).due_at == at(24, 18)


def test_an_ordinary_day_is_the_one_most_weekdays_are_like() -> None:
    short = {**HOURS, "mon": [["08:30", "12:00"]], "sat": [["09:00", "11:00"]]}
    assert usual_day_seconds(Calendar.from_json({**OFFICE, "hours": short})) == 27_000
    undecided = {"tue": [["08:00", "12:00"]], "wed": [["08:00", "16:00"]]}
    assert usual_day_seconds(Calendar.from_json({**OFFICE, "hours": undecided})) == 4 * HOUR


def test_a_day_closed_for_a_storm_is_no_working_day() -> None:
    storm = Calendar.from_json({**OFFICE, "closures": [["2026-11-23T00:00:00+08:00", "2026-11-24T00:00:00+08:00"]]})
    assert add_days(storm, at(20, 10), 1) == at(24, 10)
    half = Calendar.from_json({**OFFICE, "closures": [["2026-11-23T00:00:00+08:00", "2026-11-23T12:00:00+08:00"]]})
    assert add_days(half, at(20, 10), 1) == at(23, 10)


def test_a_pause_moves_a_deadline_in_days_by_what_would_have_counted() -> None:
    filed, pause = Event("file", at(20, 10)), Event("pause", at(20, 15))
    resumed = Event("resume", at(23, 9.5))
    assert clock(THREE_DAYS, filed, pause, resumed).due_at == at(23, 10) + timedelta(hours=66.5)
    # Friday 15:00–17:30 and Monday 8:30–9:30 are 3.5 hours, which Tuesday has from 10:00 to 12:00 and from 13:30.
    assert clock(TWO_WORKING_DAYS, filed, pause, resumed).due_at == at(24, 15)


def test_a_pause_that_lasts_over_the_day_itself_carries_on_from_its_end() -> None:
    events = [Event("file", at(20, 10)), Event("pause", at(24, 9)), Event("resume", at(24, 14))]
    assert clock(TWO_WORKING_DAYS, *events).due_at == at(24, 15)


def test_a_pause_over_a_closed_night_moves_nothing() -> None:
    events = [Event("file", at(20, 10)), Event("pause", at(20, 18)), Event("resume", at(21, 8))]
    assert clock(TWO_WORKING_DAYS, *events).due_at == at(24, 10)


def test_an_open_pause_leaves_a_day_open_unless_its_end_is_known() -> None:
    filed = Event("file", at(20, 10))
    assert clock(TWO_WORKING_DAYS, filed, Event("pause", at(20, 15))).due_at is None
    bounded = clock(TWO_WORKING_DAYS, filed, Event("pause", at(20, 15), until=at(23, 9.5)))
    assert (bounded.state, bounded.due_at, bounded.paused_until) == ("paused", at(24, 15), at(23, 9.5))


def test_a_pause_after_the_last_working_minute_does_not_save_the_day() -> None:
    evening = Event("file", at(20, 20))
    paused = Event("pause", at(24, 19))
    for asked in (at(24, 19.5), at(24, 20), at(30, 12)):
        assert clock(TWO_WORKING_DAYS, evening, paused, asof=asked).due_at == at(24, 20)
    assert clock(TWO_WORKING_DAYS, evening, paused, asof=at(30, 12)).breached_at == at(24, 20)


def test_a_day_over_before_the_desk_opened_warns_nobody() -> None:
    found = clock(Target("resolve", 0, basis="working", days=1), Event("file", at(21, 6)))
    assert (found.due_at, found.warnings_at, found.target_seconds) == (at(23, 6), (), 0)


def test_a_day_ending_on_closing_time_moves_when_the_policy_says_so() -> None:
    one = Target("resolve", 0, basis="working", days=1)
    on_closing = Event("file", at(19, 17.5))
    assert clock(one, on_closing).due_at == at(20, 17.5)
    assert clock(one, on_closing, at_closing="next_opening").due_at == at(23, 8.5)
    # After closing time is not on closing time, and clock days know no closing.
    assert clock(one, Event("file", at(19, 20)), at_closing="next_opening").due_at == at(20, 20)
    assert clock(THREE_DAYS, on_closing, at_closing="next_opening").due_at == at(22, 17.5)


def test_days_in_a_year_nobody_knows_are_not_guessed() -> None:
    desk = Calendar.from_json({**OFFICE, "country": "CN"})
    filed = Event("file", datetime(2026, 12, 31, 10, tzinfo=ZONE))
    (found,) = compute([filed], [TWO_WORKING_DAYS], desk)
    assert (found.state, found.due_at, found.remaining_seconds) == ("running", None, None)
    assert "CN in 2027" in (found.unknown or "")


# (days, pauses, switches, due)
CASES: list[tuple[Any, list[Any], dict[str, Any], str | None]] = [
    (2, [], {}, "2026-11-24T10:00:00+08:00"),
    (0, [], {}, "2026-11-20T10:00:00+08:00"),
    (2, [], {"day": "working_hours"}, "2026-11-24T10:00:00+08:00"),
    (1, [["2026-11-20T15:00:00+08:00", "2026-11-23T09:30:00+08:00"]], {}, "2026-11-23T15:00:00+08:00"),
    (1, [["2026-11-20T15:00:00+08:00", None]], {}, None),
    (1, [["2026-11-20T15:00:00+08:00", "2026-11-20T14:00:00+08:00"]], {}, None),
    (-1, [], {}, None),
    (1.5, [], {}, None),
    (True, [], {}, None),
    (2, [], {"day": "somehow"}, None),
    (2, [], {"daytime": "same_time"}, None),
]


@pytest.mark.parametrize(("days", "pauses", "switches", "due"), CASES)
@pytest.mark.parametrize("op", ["add", "add_days"])
def test_a_case_may_ask_in_days(op: str, days: Any, pauses: list[Any], switches: dict[str, Any], due: str) -> None:
    case = {"op": op, "calendar": OFFICE, "start": "2026-11-20T10:00:00+08:00", "days": days}
    (answered,) = evaluate([{**case, "pauses": pauses, "switches": switches}])
    if due is None:
        assert answered["actual"] is None
        assert answered["error"]
    else:
        assert datetime.fromisoformat(answered["actual"]) == datetime.fromisoformat(due)
