"""A calendar that could mean two things, or that never opens, is refused with a sentence naming the field."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.tickets.sla.calendar import Calendar, HolidaysUnknown, add, between

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
GOOD: dict[str, Any] = {"tz": "Asia/Shanghai", "hours": WEEK}
CHINA = {**GOOD, "country": "CN"}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tz": "Asia/Beijng"}, r"^tz: 'Asia/Beijng' is not a time zone"),
        ({"tz": "../etc/passwd"}, r"^tz: "),
        ({"tz": "Asia"}, r"^tz: "),
        ({"tz": None}, r"^tz: "),
        ({"hours": {}}, r"^hours: the calendar never opens"),
        ({"hours": {"mon": []}}, r"^hours: the calendar never opens"),
        ({"hours": []}, r"^hours: expected an object"),
        ({"hours": {"monday": [["09:00", "18:00"]]}}, r"^hours: 'monday' is not a weekday"),
        ({"hours": {"mon": [["18:00", "09:00"]]}}, r"^hours.mon: .* ends before it begins"),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, r"^hours.mon: .* ends before it begins"),
        ({"hours": {"mon": [["09:00", "13:00"], ["12:59", "18:00"]]}}, r"^hours.mon: two spans overlap"),
        ({"hours": {"mon": [["09:00", "24:01"]]}}, r"^hours.mon: '24:01' is not a time of day"),
        ({"hours": {"mon": [["09:60", "18:00"]]}}, r"^hours.mon: '09:60'"),
        ({"hours": {"mon": [["9am", "18:00"]]}}, r"^hours.mon: '9am' is not a time such as"),
        ({"hours": {"mon": [["09:00"]]}}, r"^hours.mon: .* is not a span"),
        ({"hours": {"mon": None}}, r"^hours.mon: expected a list"),
        ({"holidays": ["2026-02-30"]}, r"^holidays: '2026-02-30' is not a day"),
        ({"holidays": ["02-30"]}, r"^holidays: .*02-30' is not a day"),
        ({"holidays": ["1 May"]}, r"^holidays: '1 May' is not a date"),
        ({"holidays": "05-01"}, r"^holidays: expected a list"),
        ({"workdays": {"2026-02-14": []}}, r"^workdays.2026-02-14: a workday needs"),
        ({"workdays": {"02-14": [["09:00", "18:00"]]}}, r"^workdays: '02-14' is not a date"),
        ({"workdays": 3}, r"^workdays: expected"),
        ({"workdays": ["2026-02-14"], "holidays": ["2026-02-14"]}, r"^workdays: 2026-02-14 is also listed"),
        ({"closures": [["2026-02-14T10:00:00", "2026-02-14T12:00:00"]]}, r"^closures: .* has no offset"),
        (
            {"closures": [["2026-02-14T10:00:00Z", "2026-02-14T09:00:00Z"]]},
            r"^closures: .* ends before it begins",
        ),
        ({"closures": [["soon", "later"]]}, r"^closures: 'soon' is not a moment"),
        *(
            ({"country": name}, rf"^country: no public holidays are known for '{name}'")
            for name in ("__class__", "country_holidays", "NYSE", "China", "")
        ),
        *(
            ({"tz": name}, rf"^tz: '{name}' is not a time zone that is known")
            for name in ("localtime", "posixrules", "Factory", "right/UTC", "posix/Asia/Shanghai", "asia/shanghai")
        ),
        ({"country": "XX"}, r"^country: no public holidays are known for 'XX'"),
        ({"country": "CN", "subdivision": "ZZ"}, r"^country: no public holidays are known for 'CN ZZ'"),
        ({"subdivision": "BY"}, r"^subdivision: it needs a country"),
        ({"declared_years": ["2027"]}, r"^declared_years: expected a list of years"),
        ({"accept_estimated_holidays": "yes"}, r"^accept_estimated_holidays: "),
        ({"open_always": True}, r"^open_always: a calendar has no such field"),
    ],
)
def test_a_malformed_calendar_is_refused_by_field(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Calendar.from_json({**GOOD, **change})


@pytest.mark.parametrize("missing", ["tz", "hours"])
def test_zone_and_hours_are_required(missing: str) -> None:
    with pytest.raises(ValueError, match=f"^{missing}: a calendar needs it"):
        Calendar.from_json({key: value for key, value in GOOD.items() if key != missing})


def test_a_calendar_whose_every_day_is_a_holiday_is_refused() -> None:
    days = [f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 29)]
    days += [
        f"{m:02}-{d}" for m in range(1, 13) for d in (29, 30, 31) if not (m == 2 or (d == 31 and m in (4, 6, 9, 11)))
    ]
    with pytest.raises(ValueError, match="never opens"):
        Calendar.from_json({**GOOD, "holidays": days})


@pytest.mark.parametrize(
    ("day", "worked", "why"),
    [
        ("2024-02-04", True, "Sunday worked for the Spring Festival"),
        ("2024-10-07", False, "National Day week"),
        ("2025-01-26", True, "Sunday worked for the Spring Festival"),
        ("2025-10-11", True, "Saturday worked for National Day"),
        ("2025-05-05", False, "Labour Day, the day off taken for 27 April"),
        ("2026-02-14", True, "Saturday worked for the Spring Festival"),
        ("2026-02-20", False, "Spring Festival"),
        ("2026-10-10", True, "Saturday worked for National Day"),
        ("2026-10-17", False, "an ordinary Saturday"),
        ("2026-11-23", True, "an ordinary Monday"),
    ],
)
def test_china_works_make_up_days_and_rests_on_holidays(day: str, worked: bool, why: str) -> None:
    assert bool(Calendar.from_json(CHINA).open_periods(date.fromisoformat(day))) is worked, why


def test_a_deadline_that_would_fall_in_a_year_nobody_knows_is_refused_loudly() -> None:
    desk = Calendar.from_json(CHINA)
    december = datetime(2026, 12, 31, 0, 0, tzinfo=UTC)
    assert add(desk, december, 9 * 3600) == datetime(2026, 12, 31, 10, tzinfo=UTC)
    with pytest.raises(HolidaysUnknown, match="the days off of CN in 2027 are not known") as refusal:
        add(desk, december, 10 * 3600)
    assert (refusal.value.country, refusal.value.year) == ("CN", 2027)
    with pytest.raises(HolidaysUnknown):
        between(desk, december, datetime(2027, 1, 5, tzinfo=UTC))


def test_a_year_entered_by_hand_is_counted() -> None:
    by_hand = {**CHINA, "declared_years": [2027], "holidays": ["2027-01-01"], "workdays": ["2027-01-02"]}
    due = add(Calendar.from_json(by_hand), datetime(2026, 12, 31, 0, 0, tzinfo=UTC), 10 * 3600)
    assert due == datetime(2027, 1, 2, 2, tzinfo=UTC)


def test_holidays_that_are_only_estimated_are_not_taken_for_facts() -> None:
    singapore = {"tz": "Asia/Singapore", "hours": WEEK, "country": "SG"}
    start, end = datetime(2035, 1, 1, tzinfo=UTC), datetime(2035, 12, 1, tzinfo=UTC)
    with pytest.raises(HolidaysUnknown, match="only estimated"):
        between(Calendar.from_json(singapore), start, end)
    assert between(Calendar.from_json({**singapore, "accept_estimated_holidays": True}), start, end) > 0


def test_a_country_without_make_up_days_is_known_for_years_to_come() -> None:
    germany = Calendar.from_json({"tz": "Europe/Berlin", "hours": WEEK, "country": "DE", "subdivision": "BY"})
    assert germany.open_periods(date(2030, 11, 1)) == ()
    assert germany.open_periods(date(2029, 5, 31)) == ()
    assert germany.open_periods(date(2029, 5, 30)) != ()


def test_our_own_rules_come_before_the_countrys() -> None:
    desk = Calendar.from_json(
        {
            **CHINA,
            "holidays": ["2026-02-14"],
            "workdays": {"2026-10-01": [["10:00", "12:00"]]},
            "makeup_hours": [["09:00", "15:00"]],
        }
    )
    assert desk.wall_spans(date(2026, 2, 14)) == ()
    assert desk.wall_spans(date(2026, 10, 1)) == ((36000, 43200),)
    assert desk.wall_spans(date(2026, 10, 10)) == ((32400, 54000),)
