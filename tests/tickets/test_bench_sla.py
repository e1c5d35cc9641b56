"""The benchmark of service levels on a few hundred tickets: what it makes is true, and every figure comes out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from doorstep.bench import sla
from doorstep.bench.sla_filling import fill
from doorstep.bench.sla_measuring import Desk
from doorstep.embedded_postgres import EmbeddedPostgres
from doorstep.replay import Period, Replay
from doorstep.verification import verify
from services.tickets.models import clocks, history, tickets

TICKETS = 300


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk on a server of its own, filled as for the benchmark."""
    server = EmbeddedPostgres(Path(tmp_path_factory.mktemp("bench")))
    try:
        with sla.opened(server.start()) as desk:
            before = indexes(desk)
            filled: list[int] = []
            fill(desk.filling, range(TICKETS), filled.append, processes=1)
            assert sum(filled) == TICKETS
            assert indexes(desk) == before
            yield desk
    finally:
        server.stop()


def indexes(desk: Desk) -> list[tuple[str, ...]]:
    with psycopg.connect(desk.filling.url) as database:
        return database.execute("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1").fetchall()


def problems(desk: Desk) -> list[object]:
    """Return what two commands find wrong: the one for histories and the one for the ledger."""
    with desk.worker.connect() as db:
        replay = Replay(db, Period(), lambda *_: None)
        return [*verify(db, lambda *_: None), *replay.differing()]


def test_nothing_is_wrong_with_what_was_made(desk):
    assert problems(desk) == []
    with desk.worker.connect() as db:
        rows = {table.name: db.execute(select(func.count()).select_from(table)).scalar_one() for table in
                (tickets, history, clocks)}  # fmt: skip
        statuses = set(db.execute(select(tickets.c.status).distinct()).scalars())
        states = set(db.execute(select(clocks.c.state).distinct()).scalars())
        companies = db.execute(select(func.count(tickets.c.organisation_id.distinct()))).scalar_one()
    assert rows["tickets"] == TICKETS
    assert rows["history"] >= 5 * TICKETS
    assert rows["clocks"] >= 4 * TICKETS
    assert {"closed", "confirmed", "cancelled", "in_progress"} <= statuses
    assert {"met", "breached", "void"} <= states
    assert companies == 10


def test_every_figure_comes_out(desk):
    figures = sla.measure(desk, TICKETS, due=40, last=False)
    assert all(one.runs and min(one.runs) > 0 for one in figures)
    assert [one.what for one in figures] == [
        "next due: looked up",
        "sweep of 40 due",
        "month's report: a company of 10 in 100",
        "month's report: the biggest, 30 in 100",
        "one ticket's replay",
    ]


def test_what_was_swept_is_whole_again(desk):
    late = desk.keep_up(7_000_000, 40, ahead=timedelta(seconds=1), within=timedelta(seconds=2))
    assert len(late.runs) == 40
    assert 0 <= min(late.runs) <= late.within(0.99) < 2_000
    assert problems(desk) == []


def test_a_table_shows_the_growth_and_what_was_missed():
    small, great = [sla.Figure("seen", 5.0, (1.0, 2.0, 3.0))], [sla.Figure("seen", 5.0, (6.0, 8.0, 9.0))]
    table = sla.table_of([10, 100], [small, great])
    assert [list(column.cells) for column in table.columns] == [
        ["seen"], ["5"], ["2.0 / 3.0"], ["8.0 / 9.0"], ["× 4.0"], ["MISSED"],
    ]  # fmt: skip
