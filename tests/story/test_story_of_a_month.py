"""A month lived in minutes, shortened: it ends now, follows from its history, and leaves the time as it is."""

import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from doorstep.embedded_postgres import EmbeddedPostgres
from doorstep.month.living import live
from doorstep.month.loose_ends import last_call_from
from doorstep.month.people import ZONE
from doorstep.processes import CannotStart
from doorstep.replay import Period, Replay
from doorstep.verification import verify
from services.kit import clock, migrate
from services.kit.database import make_engine

DAYS = 2
# Two days are some thousand requests and rounds of the loops, one after another.
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which two days were lived."""
    home = tmp_path_factory.mktemp("month") / "home"
    before = clock.now
    assert live(home, Console(file=io.StringIO()), DAYS)["requests"] > 5
    assert clock.now is before
    return home


@pytest.fixture(scope="module")
def server_of_month(lived: Path) -> Iterator[str]:
    """Yield the address of its database server."""
    server = EmbeddedPostgres(lived)
    try:
        yield server.start()
    finally:
        server.stop()


def test_a_month_follows_from_its_history_like_any_other(server_of_month: str) -> None:
    engine = make_engine(migrate.owner_url(server_of_month, "tickets"), pool_size=1)
    with engine.connect() as db:
        assert list(verify(db, lambda *_: None)) == []
        replay = Replay(db, Period(None, None, None), lambda *_: None)
        assert [told.name for told, _found in replay.differing()] == []
        assert replay.figures.clocks > replay.figures.tickets > 10
    engine.dispose()


def test_a_month_spreads_over_its_days_and_ends_now(server_of_month: str) -> None:
    with psycopg.connect(migrate.owner_url(server_of_month, "tickets")) as db:
        span = db.execute("SELECT min(filed_at), max(at) FROM tickets, history").fetchone()
    assert span is not None
    assert timedelta(days=DAYS) > clock.now() - span[0] > timedelta(days=DAYS - 1)
    assert clock.now() - span[1] < timedelta(hours=12)


def test_a_month_leaves_somebody_to_ring_up(server_of_month: str) -> None:
    with psycopg.connect(migrate.owner_url(server_of_month, "surveys")) as db:
        left = db.execute("SELECT count(*) FROM callbacks WHERE state = 'open' AND next_call_at <= now()").fetchone()
    assert left is not None
    assert left[0] >= 1


@pytest.mark.parametrize(
    ("ends", "called"),
    [("15:00", "13:00"), ("21:30", "19:30"), ("22:10", "19:00"), ("01:00", "-19:00"), ("10:59", "-19:00")],
)
def test_the_last_call_is_by_day(ends: str, called: str) -> None:
    day = datetime(2026, 11, 22, tzinfo=ZONE)

    def at(hours: str) -> datetime:
        hour, minute = hours.lstrip("-").split(":")
        return day.replace(hour=int(hour), minute=int(minute)) - timedelta(days=hours.startswith("-"))

    assert last_call_from(at(ends)) == at(called)


@pytest.mark.parametrize("service", migrate.SERVICES)
def test_every_database_has_the_real_time_again(server_of_month: str, service: str) -> None:
    with psycopg.connect(migrate.owner_url(server_of_month, service)) as db:
        moved = db.execute("SELECT public.clock_timestamp() - pg_catalog.clock_timestamp()").fetchone()
        path = db.execute("SHOW search_path").fetchone()
        left = db.execute("SELECT to_regclass('public.moved_clock')").fetchone()
    assert moved is not None
    assert abs(moved[0]) < timedelta(seconds=5)
    assert path == ('"$user", public',)
    assert left == (None,)


def test_a_folder_that_has_a_desk_is_refused(lived: Path, server_of_month: str) -> None:
    with pytest.raises(CannotStart, match="already"):
        live(lived, Console(file=io.StringIO()), 1)
