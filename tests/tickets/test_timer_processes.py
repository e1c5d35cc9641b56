"""Real worker processes: two at once, and one killed with -9 in the middle of a sweep. Nothing is lost or doubled."""

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, func, insert, select, text

from services.kit import clock, testing
from services.kit.database import transaction
from services.kit.testing import free_port
from services.tickets.models import clocks, firings, outbox, tickets
from services.tickets.settings import TicketsSettings
from tests.tickets.test_timers import filed, sweep
from tests.tickets.test_timers_pauses import HOUR, expire, steps, waiting
from tests.waiting import until

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

Start = Callable[[], "subprocess.Popen[bytes]"]
# What is promised: at 10,000 due a minute, and after a kill.
LATE, LATE_AFTER_A_KILL = timedelta(seconds=2), timedelta(seconds=5)


@pytest.fixture(autouse=True)
def _nothing_due_before(worker_engine: Engine) -> None:
    sweep(worker_engine)
    expire(worker_engine)


@pytest.fixture
def start(settings: TicketsSettings, bus_database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a worker and waits until it is ready; all of them end with the test."""
    key = tmp_path / "verify.pem"
    key.write_text(settings.kit.verify_key)
    environment = {name: value for name, value in os.environ.items() if name != "AMQP_URL"} | {
        "TICKETS_DATABASE_URL": settings.kit.database_url,
        "TICKETS_WORKER_DATABASE_URL": settings.kit.worker_database_url,
        "BUS_DATABASE_URL": bus_database_url,
        "DOORSTEP_SECRET": settings.kit.secret,
        "DOORSTEP_VERIFY_KEY_FILE": str(key),
        "DOORSTEP_HOME": str(tmp_path),
    }
    with ExitStack() as ending:

        def run() -> "subprocess.Popen[bytes]":
            port = free_port()
            log = ending.enter_context((tmp_path / f"{port}.log").open("wb"))
            command = [sys.executable, "-m", "services.tickets", "worker"]
            changes = {"TICKETS_METRICS_PORT": str(port)}
            process = subprocess.Popen(command, env={**environment, **changes}, stdout=log, stderr=log)
            ending.callback(end, process)
            until(lambda: ready(port), "the start of a worker")
            return process

        yield run


def ready(port: int) -> bool:
    """Say whether a worker on this port is at work."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def end(process: "subprocess.Popen[bytes]") -> None:
    """Let a worker end its loops; one that was killed has ended."""
    process.terminate()
    assert process.wait(30) in (0, -signal.SIGKILL)


def due(engine: Engine, estate: "Estate", moments: list[datetime]) -> list[str]:
    """Write a ticket with one deadline for each moment, in one transaction; returns their ids in that order."""
    like = filed(estate, timedelta(seconds=1))
    with transaction(engine, estate.people["dispatcher"]) as db:
        ticket = dict(db.execute(select(tickets).where(tickets.c.id == like["id"])).mappings().one())
        wanted = select(clocks).where(clocks.c.ticket_id == like["id"], clocks.c.kind == "attend")
        row = dict(db.execute(wanted).mappings().one())
        ids = [testing.fresh() for _ in moments]
        db.execute(insert(tickets), [{**ticket, "id": key, "number": key} for key in ids])
        beside = {"state": "running", "breached_at": None, "warnings_at": [], "next_level": 0}
        db.execute(
            insert(clocks),
            [
                {**row, **beside, "ticket_id": key, "due_at": moment, "next_fire_at": moment}
                for key, moment in zip(ids, moments, strict=True)
            ],
        )
    return ids


def told(engine: Engine, ids: list[str]) -> Counter:
    """Return how often a breach of each ticket went out."""
    wanted = select(outbox.c.subject).where(outbox.c.subject.in_(ids), outbox.c.type == "sla.breached.v1")
    with engine.connect() as db:
        return Counter(db.execute(wanted).scalars())


def wait_for_all(engine: Engine, ids: list[str]) -> timedelta:
    """Wait until each of the deadlines has fired; returns how late the latest came."""
    of_these = firings.c.ticket_id.in_(ids)

    def all_fired() -> bool:
        with engine.connect() as db:
            return db.execute(select(func.count()).select_from(firings).where(of_these)).scalar_one() >= len(ids)

    until(all_fired, "the last deadline", 60.0)
    with engine.connect() as db:
        late: timedelta = db.execute(
            select(func.max(firings.c.fired_at - firings.c.true_at)).where(of_these)
        ).scalar_one()
    return late


def test_two_processes_catch_up_after_downtime_and_fire_each_of_two_thousand_once(
    estate: "Estate", worker_engine: Engine, web_engine: Engine, start: Start
) -> None:
    over = [waiting(estate, 4 * HOUR, 2 * HOUR) for _ in range(20)]
    began = clock.now() - HOUR
    moments = [began + timedelta(seconds=number) for number in range(2000)]
    ids = due(web_engine, estate, moments)
    start()
    start()
    wait_for_all(worker_engine, ids)
    assert told(worker_engine, ids) == Counter(ids)
    with worker_engine.connect() as db:
        rows = select(outbox.c.subject, outbox.c.occurred_at).where(
            outbox.c.subject.in_(ids), outbox.c.type == "sla.breached.v1"
        )
        assert {row.subject: row.occurred_at for row in db.execute(rows)} == dict(zip(ids, moments, strict=True)), (
            "the true moments"
        )
    until(lambda: all(steps(worker_engine, ticket) for ticket in over), "the end of every pause")
    assert {tuple(steps(worker_engine, ticket)) for ticket in over} == {(("resume", "system"),)}


def test_ten_thousand_due_in_a_minute_are_told_in_time(
    estate: "Estate", worker_engine: Engine, web_engine: Engine, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six seconds of such a minute, with two timers."""
    start()
    start()
    began = clock.now() + timedelta(seconds=1)
    ids = due(web_engine, estate, [began + timedelta(milliseconds=6 * number) for number in range(1000)])
    late = wait_for_all(worker_engine, ids)
    with capsys.disabled():
        print(f"\nat most {late.total_seconds():.2f} s late at 10,000 due a minute")
    assert late <= LATE
    assert told(worker_engine, ids) == Counter(ids)


@contextmanager
def stuck_on(engine: Engine, estate: "Estate", ticket_id: str) -> Iterator[None]:
    """Hold up whoever fires the ticket's deadline, in the middle of the transaction that fires it."""
    with engine.connect() as db:
        row = {"ticket_id": ticket_id, "kind": "attend", "generation": 1, "level": 0, "true_at": clock.now()}
        db.execute(insert(firings), row | {"organisation_id": estate.organisation_id})
        yield
        db.rollback()


def test_a_process_killed_in_the_middle_of_a_sweep_loses_and_doubles_nothing(
    estate: "Estate", worker_engine: Engine, web_engine: Engine, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    first = start()
    began = clock.now() + timedelta(seconds=1)
    moments = [began + timedelta(milliseconds=number / 2) for number in range(2000)]
    ids = due(web_engine, estate, moments)

    def in_the_middle() -> bool:
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"
        with worker_engine.connect() as db:
            return bool(db.execute(text(waits)).scalar_one())

    with stuck_on(worker_engine, estate, ids[0]):
        until(in_the_middle, "a sweep that is under way")
        second = start()
        os.kill(first.pid, signal.SIGKILL)
        first.wait(20)
        killed = clock.now()
    wait_for_all(worker_engine, ids)
    with worker_engine.connect() as db:
        last = db.execute(select(func.max(firings.c.fired_at)).where(firings.c.ticket_id.in_(ids))).scalar_one()
    with capsys.disabled():
        print(f"\nthe last {(last - killed).total_seconds():.2f} s after the kill")
    assert last - killed <= LATE_AFTER_A_KILL
    assert told(worker_engine, ids) == Counter(ids)
    assert second.poll() is None
    assert sweep(worker_engine) == 0
