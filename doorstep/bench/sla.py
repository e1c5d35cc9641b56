"""`make bench-sla`: what service levels cost with ten thousand, a hundred thousand and a million tickets."""

import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from doorstep.bench import sla_world
from doorstep.bench.sla_casting import TABLES
from doorstep.bench.sla_filling import Filling, fill
from doorstep.bench.sla_measuring import DUE, Desk, Figure
from doorstep.embedded_postgres import EmbeddedPostgres
from services.kit import clock, migrate
from services.kit.database import make_engine

STAGES = (10_000, 100_000, 1_000_000)
SERVICE = "tickets"
# Which company reports beside the biggest: one of middling size, with eight of a hundred tickets.
MIDDLING = 3
# The deadlines of the sweeps have ticket numbers of their own, far above the others.
SWEPT = 100_000_000


def run(tickets: int, console: Console) -> None:
    """Fill a throw-away server up to so many tickets, measure at each stage on the way, print, and remove it."""
    stages = [*(stage for stage in STAGES if stage < tickets), tickets]
    measured: list[list[Figure]] = []
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-sla-") as home:
        server = EmbeddedPostgres(Path(home))
        try:
            with opened(server.start()) as desk:
                for before, stage in zip((0, *stages), stages, strict=False):
                    desk = replace(desk, filling=replace(desk.filling, now=clock.now()))
                    _fill(desk.filling, range(before, stage), console)
                    measured.append(measure(desk, stage, min(DUE, tickets), last=stage == tickets))
        finally:
            server.stop()
    console.print(table_of(stages, measured))


@contextmanager
def opened(server_url: str) -> Iterator[Desk]:
    """Open a desk without tickets on a server, and close its connections in the end."""
    secret = secrets.token_urlsafe(32)
    migrate.provision(server_url, secret, SERVICE)
    migrate.upgrade(server_url, SERVICE)
    web = make_engine(migrate.database_url(server_url, secret, SERVICE))
    worker = make_engine(migrate.database_url(server_url, secret, SERVICE, worker=True))
    try:
        filling = Filling(migrate.owner_url(server_url, SERVICE), sla_world.found(worker), clock.now())
        yield Desk(filling, web, worker)
    finally:
        web.dispose()
        worker.dispose()


def _fill(filling: Filling, numbers: range, console: Console) -> None:
    begun = time.perf_counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Filling up to {numbers.stop:,} tickets", total=len(numbers))
        fill(filling, numbers, lambda count: progress.advance(task, count), os.cpu_count() or 1)
    rows = ", ".join(f"{count:,} {name}" for name, count in _counts(filling.url).items())
    console.print(f"Filled in {time.perf_counter() - begun:.0f} s: {rows}")


def _counts(url: str) -> dict[str, int]:
    with psycopg.connect(url) as database:
        return {
            table.name: database.execute(f"SELECT count(*) FROM {table.name}".encode()).fetchall()[0][0]  # noqa: S608
            for table in TABLES
        }


def measure(desk: Desk, stage: int, due: int, *, last: bool) -> list[Figure]:
    """Measure a filled desk; only the last stage waits a whole minute to see that the timers keep up."""
    biggest, middling = desk.filling.organisations[0], desk.filling.organisations[MIDDLING]
    swept = desk.sweep(SWEPT + stage, due)
    figures = [
        desk.look_ups(),
        swept,
        desk.reports(middling, f"a company of {middling.share} in 100"),
        desk.reports(biggest, f"the biggest, {biggest.share} in 100"),
        desk.replays(),
    ]
    return [*figures, desk.keep_up(2 * SWEPT + stage, due)] if last else figures


def table_of(stages: Sequence[int], measured: Sequence[Sequence[Figure]]) -> Table:
    """Return what was measured at each stage; a figure that only the last stage has is empty in the others."""
    table = Table(title="Milliseconds, median and p99, by tickets there are")
    table.add_column("what")
    table.add_column("aim", justify="right")
    for stage in stages:
        table.add_column(f"{stage:,}", justify="right")
    table.add_column("growth", justify="right")
    table.add_column("", justify="left")
    for place, figure in enumerate(measured[-1]):
        seen = [figures[place] for figures in measured if place < len(figures)]
        told = [f"{one.median:,.1f} / {one.within(0.99):,.1f}" for one in seen]
        growth = f"× {figure.median / seen[0].median:.1f}" if len(seen) > 1 else ""
        kept = "kept" if figure.median <= figure.aim_milliseconds else "MISSED"
        padding = [""] * (len(stages) - len(told))
        table.add_row(figure.what, f"{figure.aim_milliseconds:,.0f}", *padding, *told, growth, kept)
    return table


def main(tickets: int) -> None:
    """Run the benchmark with so many tickets and print it."""
    run(tickets, Console(width=int(os.environ.get("COLUMNS", "120"))))
