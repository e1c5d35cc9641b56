"""The clock that tests move."""

from datetime import UTC, datetime, timedelta

from services.kit import clock, testing

THEN = datetime(2020, 1, 1, tzinfo=UTC)


def test_the_time_is_real_again_however_moved_blocks_overlap():
    first, second = testing.at(THEN), testing.at(THEN + timedelta(days=1))
    first.__enter__()
    second.__enter__()
    assert clock.now() == THEN + timedelta(days=1)
    first.__exit__(None, None, None)
    assert clock.now() == THEN + timedelta(days=1)
    second.__exit__(None, None, None)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
