"""Closing time, days, midnights, and everything that cannot be counted, on one office calendar."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.tickets.sla.calendar import ALWAYS, Calendar, NeverDue, add, add_days, between, end_of_day
from services.tickets.sla.cases import any_differs, evaluate

OFFICE = {day: [["08:30", "12:00"], ["13:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def calendar(tz: str, hours: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tz": tz, "hours": hours, "holidays": [], **more}


SHANGHAI = calendar("Asia/Shanghai", OFFICE)


def test_a_deadline_on_closing_time_moves_to_the_next_opening_when_the_policy_says_so() -> None:
    desk = Calendar.from_json(SHANGHAI)
    friday = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
    assert add(desk, friday, 3600) == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    assert add(desk, friday, 3600, at_closing="next_opening") == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert add(desk, friday, 3599, at_closing="next_opening") == datetime(2026, 11, 20, 9, 29, 59, tzinfo=UTC)


def test_touching_spans_have_no_closing_time_between_them() -> None:
    desk = Calendar.from_json(calendar("UTC", {"mon": [["08:00", "12:00"], ["12:00", "16:00"]]}))
    due = add(desk, datetime(2026, 11, 23, 11, tzinfo=UTC), 3600, at_closing="next_opening")
    assert due == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_working_day_ends_at_the_same_time_on_a_later_open_day() -> None:
    desk = Calendar.from_json(calendar("Asia/Shanghai", OFFICE, holidays=["2026-11-24"]))
    friday = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
    assert add_days(desk, friday, 2) == datetime(2026, 11, 25, 2, 15, tzinfo=UTC)


def test_clock_hours_never_close() -> None:
    start = datetime(2026, 2, 28, 23, 59, 59, 250000, tzinfo=UTC)
    assert ALWAYS.always_open
    assert add(ALWAYS, start, 90061) == start + timedelta(seconds=90061)
    assert between(ALWAYS, start, start + timedelta(seconds=0.5)) == 0.5


def test_the_end_of_the_day_is_the_communitys_own_midnight() -> None:
    desk = Calendar.from_json(SHANGHAI)
    assert end_of_day(desk, datetime(2026, 11, 21, 15, 59, tzinfo=UTC)) == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert end_of_day(desk, datetime(2026, 11, 21, 16, 0, tzinfo=UTC)) == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_a_calendar_that_stays_closed_for_ten_years_says_so() -> None:
    shut = [["2026-12-01T00:00:00Z", "2040-01-01T00:00:00Z"]]
    desk = Calendar.from_json(calendar("UTC", OFFICE, closures=shut))
    with pytest.raises(NeverDue, match="does not open for ten years"):
        add(desk, datetime(2026, 12, 1, tzinfo=UTC), 1)


def test_a_deadline_a_hundred_years_away_is_refused() -> None:
    desk = Calendar.from_json(calendar("UTC", {"mon": [["08:00", "08:01"]]}))
    with pytest.raises(NeverDue, match="hundred years"):
        add(desk, datetime(2026, 12, 1, tzinfo=UTC), 60 * 6000)


@pytest.mark.parametrize(
    ("seconds", "pauses", "sentence"),
    [
        (-1, [], "seconds: -1 is not between"),
        (float("nan"), [], "seconds: nan"),
        (60, [(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))], "ends before it begins"),
        (60, [(datetime(2026, 1, 2, tzinfo=UTC), None)], "leaves the deadline open"),
        (60, [(datetime(2026, 1, 2), datetime(2026, 1, 3))], "pauses: the moment has no time zone"),
    ],
)
def test_what_cannot_be_added_is_refused(seconds: float, pauses: list[Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        add(Calendar.from_json(SHANGHAI), datetime(2026, 1, 1, tzinfo=UTC), seconds, pauses)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="start: the moment has no time zone"):
        between(ALWAYS, datetime(2026, 1, 1), datetime(2026, 1, 2, tzinfo=UTC))


def test_a_refused_case_has_no_answer_and_a_reason() -> None:
    cases = evaluate(
        [{"op": "add", "calendar": {"tz": "Mars/Olympus", "hours": OFFICE}, "start": "2026-01-01T00:00:00Z"}]
    )
    assert cases[0]["actual"] is None
    assert cases[0]["error"] == "tz: 'Mars/Olympus' is not a time zone that is known"
    assert any_differs(cases)
    assert "ok" not in cases[0]
    refused = {key: value for key, value in cases[0].items() if key not in ("actual", "error")}
    for expected, ok in ((None, True), ("2026-01-01T00:00:00Z", False)):
        (answered,) = evaluate([{**refused, "expected": expected}])
        assert answered["ok"] is ok
        assert any_differs([answered]) is not ok


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("start", "0001-01-01T00:00:00+14:00", "start: the year of '0001-01-01T00:00:00+14:00' cannot be counted"),
        ("start", "9999-12-31T00:00:00Z", "start: the year 9999 cannot be counted"),
        ("start", "2026-11-20", "start: '2026-11-20' has no offset"),
        ("seconds", "60", "seconds: '60' is not a number"),
        ("seconds", 1e300, "seconds: 1e+300 is not between"),
        ("pauses", [["2026-11-20T16:30:00Z"]], "pauses: expected a list of"),
        ("pauses", "at noon", "pauses: expected a list of"),
        ("switches", ["stay"], "switches: known are at_closing"),
        ("op", "subtract", "op: 'subtract' is none of"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused_by_its_field(field: str, value: Any, sentence: str) -> None:
    case = {"op": "add", "calendar": SHANGHAI, "start": "2026-11-20T16:30:00+08:00", "seconds": 3600, "pauses": []}
    (answered,) = evaluate([{**case, field: value}])
    assert answered["actual"] is None
    assert answered["error"].startswith(sentence)


def test_a_case_that_only_asks_differs_from_nothing() -> None:
    case = {"op": "add", "calendar": SHANGHAI, "start": "2026-11-20T16:30:00+08:00", "seconds": 3600}
    answered = evaluate([case])
    assert answered[0]["actual"] is not None
    assert not any_differs(answered)
    assert "ok" not in answered[0]
    assert any_differs(evaluate([{**case, "expected": None}]))


def test_a_switch_in_a_case_is_heeded() -> None:
    case = {
        "op": "add",
        "calendar": SHANGHAI,
        "start": "2026-11-20T16:30:00+08:00",
        "seconds": 3600,
        "switches": {"at_closing": "next_opening"},
        "expected": "2026-11-23T08:30:00+08:00",
    }
    (answered,) = evaluate([case])
    assert answered["ok"] is True
    assert answered["actual"] == "2026-11-23T00:30:00+00:00"
    assert not any_differs([answered])


def test_an_open_day_is_told_in_moments() -> None:
    desk = Calendar.from_json(SHANGHAI)
    assert desk.open_periods(date(2026, 11, 21)) == ()
    assert desk.open_periods(date(2026, 11, 23))[0] == (
        datetime(2026, 11, 23, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 4, 0, tzinfo=UTC),
    )
