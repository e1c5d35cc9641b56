"""Quiet hours follow the wall clock, also on the nights it changes."""

from datetime import UTC, datetime, time, timedelta

import pytest

from services.notify.quiet import quiet_end

SHANGHAI, BERLIN = "Asia/Shanghai", "Europe/Berlin"
TEN, SEVEN, ONE, HALF, THREE = time(22), time(7), time(1), time(2, 30), time(3)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


CASES = [
    ("before the evening", SHANGHAI, utc(2026, 3, 4, 13, 59), TEN, SEVEN, None),
    ("from ten sharp", SHANGHAI, utc(2026, 3, 4, 14, 0), TEN, SEVEN, utc(2026, 3, 4, 23, 0)),
    ("after midnight", SHANGHAI, utc(2026, 3, 4, 18, 0), TEN, SEVEN, utc(2026, 3, 4, 23, 0)),
    ("until seven sharp", SHANGHAI, utc(2026, 3, 4, 23, 0), TEN, SEVEN, None),
    ("an afternoon nap", SHANGHAI, utc(2026, 3, 4, 5, 0), time(12), time(14), utc(2026, 3, 4, 6, 0)),
    ("no quiet hours", SHANGHAI, utc(2026, 3, 4, 18, 0), None, None, None),
    ("equal ends", SHANGHAI, utc(2026, 3, 4, 14, 0), TEN, TEN, None),
    ("spring forward: a night of eight hours", BERLIN, utc(2026, 3, 28, 22, 0), TEN, SEVEN, utc(2026, 3, 29, 5)),
    ("autumn back: a night of ten hours", BERLIN, utc(2026, 10, 24, 21, 0), TEN, SEVEN, utc(2026, 10, 25, 6)),
    ("an end that the clock jumps over", BERLIN, utc(2026, 3, 29, 0, 30), ONE, HALF, utc(2026, 3, 29, 1, 30)),
    ("an end that comes twice, first time", BERLIN, utc(2026, 10, 25, 0, 10), ONE, HALF, utc(2026, 10, 25, 0, 30)),
    ("an end that comes twice, second time", BERLIN, utc(2026, 10, 25, 1, 10), ONE, HALF, utc(2026, 10, 25, 1, 30)),
]  # fmt: skip


@pytest.mark.parametrize(("sentence", "zone", "now", "start", "end", "expected"), CASES, ids=[c[0] for c in CASES])
def test_when_the_quiet_ends(
    sentence: str, zone: str, now: datetime, start: time | None, end: time | None, expected: datetime | None
) -> None:
    assert quiet_end(now, zone, start, end) == expected, sentence


def test_the_end_is_always_ahead_and_outside_the_quiet_hours() -> None:
    for day in (utc(2026, 3, 28), utc(2026, 10, 24)):
        for minutes in range(0, 48 * 60, 7):
            now = day + timedelta(minutes=minutes)
            for start, end in ((TEN, SEVEN), (ONE, HALF), (THREE, time(2, 15))):
                until = quiet_end(now, "Europe/Berlin", start, end)
                assert until is None or until > now
