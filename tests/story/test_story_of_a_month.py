"""A month lived in minutes, shortened: it ends now, follows from its history, and leaves the time as it is."""

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from doorstep.embedded_postgres import EmbeddedPostgres
from doorstep.month.living import live
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
