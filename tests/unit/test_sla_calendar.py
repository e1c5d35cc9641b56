"""Working time on calendars with lunch breaks, holidays, closures and clocks that jump: a table of our own."""

from typing import Any

import pytest

from services.tickets.sla.cases import differs, evaluate

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_THE_CLOCK = {day: [["00:00", "24:00"]] for day in DAYS}
OFFICE = {day: [["08:30", "12:00"], ["13:30", "17:30"]] for day in DAYS[:5]}
NIGHT_SHIFT = {day: [["00:00", "06:00"], ["22:00", "24:00"]] for day in DAYS}


def calendar(tz: str, hours: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"tz": tz, "hours": hours, "holidays": [], **more}


SHANGHAI = calendar("Asia/Shanghai", OFFICE)
EARLY_BERLIN = calendar("Europe/Berlin", {"sun": [["02:30", "05:00"]]})

# (what is shown, calendar, start, seconds, pauses, due)
ADD = [
    ("lunch is not counted", SHANGHAI, "2026-11-23T11:59:30+08:00", 60, [], "2026-11-23T13:30:30+08:00"),
    (
        "Friday evening waits for Monday",
        SHANGHAI,
        "2026-11-20T18:00:00+08:00",
        1,
        [],
        "2026-11-23T08:30:01+08:00",
    ),
    (
        "closing time itself is in time",
        SHANGHAI,
        "2026-11-20T16:30:00+08:00",
        3600,
        [],
        "2026-11-20T17:30:00+08:00",
    ),
    (
        "a pause over lunch costs the open part only",
        SHANGHAI,
        "2026-11-23T11:00:00+08:00",
        3600,
        [("2026-11-23T11:30:00+08:00", "2026-11-23T14:00:00+08:00")],
        "2026-11-23T14:30:00+08:00",
    ),
    (
        "overlapping pauses count once",
        SHANGHAI,
        "2026-11-23T09:00:00+08:00",
        3600,
        [
            ("2026-11-23T09:10:00+08:00", "2026-11-23T09:30:00+08:00"),
            ("2026-11-23T09:20:00+08:00", "2026-11-23T09:40:00+08:00"),
        ],
        "2026-11-23T10:30:00+08:00",
    ),
    (
        "a pause at night costs nothing",
        SHANGHAI,
        "2026-11-23T17:00:00+08:00",
        3600,
        [("2026-11-23T18:00:00+08:00", "2026-11-24T08:00:00+08:00")],
        "2026-11-24T09:00:00+08:00",
    ),
    (
        "a holiday that returns each year",
        calendar("Asia/Shanghai", OFFICE, holidays=["11-24"]),
        "2026-11-23T17:00:00+08:00",
        3600,
        [],
        "2026-11-25T09:00:00+08:00",
    ),
    (
        "a make-up Saturday is worked",
        calendar("Asia/Shanghai", OFFICE, workdays={"2026-11-28": [["09:00", "10:00"]]}),
        "2026-11-27T17:00:00+08:00",
        5400,
        [],
        "2026-11-28T10:00:00+08:00",
    ),
    (
        "a closure cuts a hole into the day",
        calendar("Asia/Shanghai", OFFICE, closures=[["2026-11-23T09:00:00+08:00", "2026-11-23T10:00:00+08:00"]]),
        "2026-11-23T08:30:00+08:00",
        3600,
        [],
        "2026-11-23T10:30:00+08:00",
    ),
    (
        "Berlin loses an hour of the night shift in spring",
        calendar("Europe/Berlin", NIGHT_SHIFT),
        "2026-03-29T00:00:00+01:00",
        6 * 3600,
        [],
        "2026-03-29T23:00:00+02:00",
    ),
    (
        "a desk that opens in the hour Berlin skips opens at the jump",
        EARLY_BERLIN,
        "2026-03-29T00:00:00+01:00",
        3600,
        [],
        "2026-03-29T04:00:00+02:00",
    ),
    (
        "a desk that opens in the hour Berlin repeats opens at its first pass",
        EARLY_BERLIN,
        "2026-10-25T00:00:00+02:00",
        3600,
        [],
        "2026-10-25T02:30:00+01:00",
    ),
    (
        "Los Angeles repeats an hour and both are counted",
        calendar("America/Los_Angeles", NIGHT_SHIFT),
        "2026-11-01T00:00:00-07:00",
        7 * 3600,
        [],
        "2026-11-01T06:00:00-08:00",
    ),
    (
        "Sydney's spring day has 23 hours",
        calendar("Australia/Sydney", ROUND_THE_CLOCK, holidays=["2026-12-25"]),
        "2026-10-04T00:00:00+10:00",
        23 * 3600,
        [],
        "2026-10-05T00:00:00+11:00",
    ),
    (
        "Lord Howe moves by half an hour",
        calendar("Australia/Lord_Howe", ROUND_THE_CLOCK, holidays=["2026-12-25"]),
        "2026-10-04T00:00:00+10:30",
        int(23.5 * 3600),
        [],
        "2026-10-05T00:00:00+11:00",
    ),
    (
        "Samoa skipped a whole day",
        calendar("Pacific/Apia", OFFICE),
        "2011-12-29T17:00:00-10:00",
        3600,
        [],
        "2012-01-02T09:00:00+14:00",
    ),
    (
        "São Paulo's day began at one",
        calendar("America/Sao_Paulo", {"sun": [["00:00", "08:00"]]}),
        "2017-10-14T12:00:00-03:00",
        7 * 3600,
        [],
        "2017-10-15T08:00:00-02:00",
    ),
    (
        "Tehran's day began at one",
        calendar("Asia/Tehran", ROUND_THE_CLOCK, holidays=["12-25"]),
        "2022-03-21T12:00:00+03:30",
        86400,
        [],
        "2022-03-22T13:00:00+04:30",
    ),
]

# (what is shown, calendar, start, end, pauses, seconds)
BETWEEN = [
    ("one working week", SHANGHAI, "2026-11-16T00:00:00+08:00", "2026-11-23T00:00:00+08:00", [], 5 * 27000),
    ("seconds are not rounded", SHANGHAI, "2026-11-23T08:30:01+08:00", "2026-11-23T08:30:58+08:00", [], 57),
    (
        "a pause before the start takes nothing off",
        SHANGHAI,
        "2026-11-23T09:00:00+08:00",
        "2026-11-23T10:00:00+08:00",
        [("2026-11-23T08:30:00+08:00", "2026-11-23T09:15:00+08:00")],
        2700,
    ),
    (
        "a pause beyond the end takes off what lies inside",
        SHANGHAI,
        "2026-11-23T09:00:00+08:00",
        "2026-11-23T10:00:00+08:00",
        [("2026-11-23T09:30:00+08:00", None)],
        1800,
    ),
    (
        "an end before the start is nothing",
        SHANGHAI,
        "2026-11-24T09:00:00+08:00",
        "2026-11-23T09:00:00+08:00",
        [],
        0,
    ),
    (
        "Berlin's long night",
        calendar("Europe/Berlin", NIGHT_SHIFT),
        "2026-10-25T00:00:00+02:00",
        "2026-10-25T12:00:00+01:00",
        [],
        7 * 3600,
    ),
    (
        "ten years of office hours are counted week by week",
        SHANGHAI,
        "2016-01-04T00:00:00+08:00",
        "2026-01-05T00:00:00+08:00",
        [],
        522 * 5 * 27000,
    ),
]


def as_cases() -> list[dict[str, Any]]:
    adds = [
        {
            "id": row[0],
            "op": "add",
            "calendar": row[1],
            "start": row[2],
            "seconds": row[3],
            "pauses": row[4],
            "expected": row[5],
        }
        for row in ADD
    ]
    betweens = [
        {
            "id": row[0],
            "op": "between",
            "calendar": row[1],
            "start": row[2],
            "end": row[3],
            "pauses": row[4],
            "expected": row[5],
        }
        for row in BETWEEN
    ]
    return adds + betweens


@pytest.mark.parametrize("case", as_cases(), ids=lambda case: case["id"])
def test_working_time_comes_out_as_the_table_says(case: dict[str, Any]) -> None:
    (evaluated,) = evaluate([case])
    assert not differs(evaluated), (evaluated["expected"], evaluated["actual"], evaluated.get("error"))
