"""Accepted means kept: every process, the broker and the database are killed while requests come in."""

import contextlib
import os
import signal
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, select, text
from story_people import Desk, Person

from doorstep.verification import verify
from services.kit import inbox, migrate
from services.kit.database import make_engine
from services.notify.models import notices
from services.tickets.models import tickets
from tests.waiting import until

# A whole desk starts within these: seconds on a quiet machine, a minute on a busy one.
pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
THINGS = ("postgres", "rabbitmq", *(f"{s}-{p}" for s in migrate.SERVICES for p in ("web", "worker")))


@contextlib.contextmanager
def database(desk: Desk, service: str) -> Iterator[Engine]:
    """Yield an engine on a service's database that sees every tenant."""
    engine = make_engine(desk.stack.env[f"{service.upper()}_WORKER_DATABASE_URL"], pool_size=2)
    yield engine
    engine.dispose()


def test_killing_anything_loses_and_doubles_nothing(desk: Desk, person: People) -> None:
    """Each in turn is killed with -9 while a household files; whatever was accepted is there once, and told once."""
    resident = person("resident1")
    mark = uuid.uuid4().hex
    stop = threading.Event()
    accepted: list[str] = []

    def file_on_and_on() -> None:
        while not stop.wait(0.1):
            accepted.append(resident.file_patiently(f"走廊的灯坏了 {mark}")["id"])

    with ThreadPoolExecutor(2) as pool:
        filing = [pool.submit(file_on_and_on) for _ in range(2)]
        try:
            for name in [name for name in THINGS if name in desk.stack.pids]:
                before = desk.stack.pids[name]
                os.kill(before, signal.SIGKILL)
                until(lambda: desk.stack.pids.get(name, before) != before, f"the restart of {name}")  # noqa: B023
                until(desk.stack.ready, f"the desk after {name} was killed", 60.0)
        finally:
            stop.set()
        for future in filing:
            future.result()

    assert len(accepted) > len(THINGS)
    with database(desk, "tickets") as engine, engine.connect() as db:
        filed = db.execute(select(tickets.c.id).where(tickets.c.description.endswith(mark))).scalars().all()
    assert Counter(filed) == Counter(accepted)
    with database(desk, "notify") as engine:
        told = select(notices.c.ticket_id).where(
            notices.c.kind == "ticket.filed",
            notices.c.person_id == resident.get("/me")["id"],
            notices.c.ticket_id.in_(accepted),
        )

        def everybody_told() -> list[str]:
            with engine.connect() as db:
                found = list(db.execute(told).scalars())
            return found if len(found) >= len(accepted) else []

        assert Counter(until(everybody_told, "a notice for each request", 60.0)) == Counter(accepted)


def test_nothing_died_of_a_message(desk: Desk) -> None:
    """After all of it no event waits for a person, and no relay holds one back."""
    for service in migrate.SERVICES:
        with database(desk, service) as engine:
            models = __import__(
                f"{'gateway' if service == 'gateway' else f'services.{service}'}.models", fromlist=["_"]
            )
            with engine.connect() as db:
                assert inbox.dead_letters(db, models.inbox) == [], service

            def all_out(engine: Engine = engine, models: object = models) -> bool:
                with engine.connect() as db:
                    waiting = text("SELECT count(*) FROM outbox WHERE published_at IS NULL")
                    return not hasattr(models, "outbox") or db.execute(waiting).scalar_one() == 0

            until(all_out, f"an empty outbox of {service}")


def test_every_history_is_whole_and_a_changed_one_is_found(desk: Desk, person: People) -> None:
    """The check says yes to all that was done so far, and names the ticket that somebody with all rights changed."""
    ticket = person("resident1").file("门禁坏了")
    engine = make_engine(migrate.owner_url(desk.stack.server_url, "tickets"), pool_size=1)
    with engine.connect() as db:
        assert list(verify(db, lambda *_: None)) == []
        db.execute(text("ALTER TABLE history DISABLE TRIGGER ALL"))
        db.execute(
            text('UPDATE history SET data = data || \'{"urgency": "routine", "x": 1}\' WHERE ticket_id = :id'),
            {"id": ticket["id"]},
        )
        assert [sentence.split()[1] for sentence in verify(db, lambda *_: None)] == [ticket["number"]]
        db.rollback()
        db.execute(
            text("UPDATE clocks SET target_seconds = target_seconds + 60 WHERE ticket_id = :id"), {"id": ticket["id"]}
        )
        assert "target_seconds" in next(verify(db, lambda *_: None))
        db.rollback()
    engine.dispose()


@pytest.fixture(autouse=True)
def _the_desk_is_whole_afterwards(desk: Desk) -> Iterator[None]:
    yield
    until(desk.stack.ready, "the desk's recovery", 60.0)
