"""What became of promised times, whatever else happened to the ticket."""

from datetime import UTC, datetime, timedelta

import pytest

from services.surveys.promises import Step, judge

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def steps(*told: tuple[str, float] | tuple[str, float, float]) -> list[Step]:
    """Return steps from (name, hours after noon[, promised hours after noon]), in order."""
    return [
        Step(one[0], NOON + timedelta(hours=one[1]), NOON + timedelta(hours=one[2]) if len(one) > 2 else None)
        for one in told
    ]


@pytest.mark.parametrize(
    ("sentence", "told", "became", "late_hours"),
    [
        ("done in time", [("filed", 0), ("promised", 0, 4), ("completed", 3)], ["kept"], [None]),
        ("done to the second", [("promised", 0, 4), ("completed", 4)], ["kept"], [None]),
        ("done an hour late", [("promised", 0, 4), ("completed", 5)], ["broken"], [1]),
        ("not done yet, and there is time", [("promised", 0, 99)], ["open"], [None]),
        ("not done, and the time is up", [("promised", 0, 4)], ["broken"], [None]),
        ("another promise in time", [("promised", 0, 4), ("promised", 1, 9), ("completed", 8)],
         ["replaced", "kept"], [None, None]),
        ("another promise when it was late", [("promised", 0, 4), ("promised", 5, 9), ("completed", 8)],
         ["broken", "kept"], [4, None]),
        ("withdrawn before", [("promised", 0, 4), ("ended", 1)], ["withdrawn"], [None]),
        ("withdrawn after", [("promised", 0, 4), ("ended", 5)], ["broken"], [None]),
        ("kept, though opened again", [("promised", 0, 4), ("completed", 3), ("reopened", 5), ("completed", 20)],
         ["kept"], [None]),
    ],
)  # fmt: skip
def test_a_promise_is_judged_by_what_came_after_it(
    sentence: str, told: list[tuple[str, float]], became: list[str], late_hours: list[float | None]
) -> None:
    now = NOON + timedelta(hours=50)
    found = judge(steps(*told), now)
    assert [one.became for one in found] == became, sentence
    assert [None if one.late_seconds is None else one.late_seconds / 3600 for one in found] == late_hours, sentence
