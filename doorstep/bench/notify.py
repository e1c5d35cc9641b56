"""`make bench-notify`: a burst of notices, from the events at the consumer until a mail server took the letters."""

import multiprocessing
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from doorstep.bench import sink
from doorstep.embedded_postgres import EmbeddedPostgres
from services.contracts import tickets, to_event
from services.kit import clock, inbox, migrate
from services.kit.database import make_engine
from services.kit.events import Event, new_id
from services.kit.identity import NOBODY
from services.notify import commands, deliver
from services.notify.channels import Channel, Email
from services.notify.handlers import Handlers
from services.notify.models import inbox as inbox_table
from services.notify.settings import Smtp

SERVICE = "notify"
PEOPLE = 1_000
# As many events as a consumer takes into one transaction.
BATCH = 50
LONGEST_SECONDS = 300.0
PROMISED_SECONDS = 10.0
# The letters that the mail server took so far: message id and moment.
Taken = Callable[[], list[tuple[str, float]]]


def run(count: int, console: Console) -> bool:
    """Measure one burst on a throw-away server and print it; returns whether the promise held."""
    with tempfile.TemporaryDirectory(prefix="doorstep-bench-notify-") as home:
        server = EmbeddedPostgres(Path(home))
        try:
            with _opened(server.start()) as engine, _mail_server() as (port, taken):
                channel: Channel = Email(Smtp("127.0.0.1", port, "desk@example.org", "none"))
                written, seconds = _burst(engine, channel, count, taken)
        finally:
            server.stop()
    console.print(_table(count, written, seconds))
    return len(seconds) == count and _at(seconds, 99) < PROMISED_SECONDS


@contextmanager
def _opened(server_url: str) -> Iterator[Engine]:
    secret = secrets.token_urlsafe(32)
    migrate.provision(server_url, secret, SERVICE)
    migrate.upgrade(server_url, SERVICE)
    engine = make_engine(migrate.database_url(server_url, secret, SERVICE, worker=True), pool_size=8)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _mail_server() -> Iterator[tuple[int, Taken]]:
    spawning = multiprocessing.get_context("spawn")
    ours, theirs = spawning.Pipe()
    process = spawning.Process(target=sink.serve, args=(theirs, theirs), daemon=True)
    process.start()
    port = ours.recv()

    def taken() -> list[tuple[str, float]]:
        ours.send(True)
        found: list[tuple[str, float]] = ours.recv()
        return found

    try:
        yield port, taken
    finally:
        ours.send(False)
        process.join(5)
        ours.close()


def _burst(engine: Engine, channel: Channel, count: int, taken: Taken) -> tuple[float, list[float]]:
    """Let everything happen at once; returns how long writing took, and the seconds of each letter from the event."""
    events = _events(engine, count)
    handlers = Handlers("https://desk.example", [channel])
    stop = threading.Event()
    loops = [
        threading.Thread(target=loop, args=(stop,))
        for loop in deliver.loops(engine, [channel], "https://desk.example").values()
    ]
    for loop in loops:
        loop.start()
    began = time.monotonic()
    for start in range(0, count, BATCH):
        with engine.begin() as db:
            handlers.handle(db, inbox.fresh_events(db, inbox_table, events[start : start + BATCH]))
    written = time.monotonic() - began
    found: list[tuple[str, float]] = []
    while len(found) < count and time.monotonic() - began < LONGEST_SECONDS:
        time.sleep(0.5)
        found = taken()
    stop.set()
    for loop in loops:
        loop.join()
    if len({name for name, _ in found}) != len(found):
        raise RuntimeError("a letter came twice")
    return written, sorted(moment - began for _, moment in found)


def _events(engine: Engine, count: int) -> list[Event]:
    organisation, community = str(new_id()), str(new_id())
    people = [str(new_id()) for _ in range(PEOPLE)]
    with engine.begin() as db:
        for number, person in enumerate(people):
            commands.upsert_contact(
                db,
                person_id=person,
                organisation_id=organisation,
                role="resident",
                revision=1,
                community_ids=[community],
                email=f"resident{number}@example.org",
            )
    return [_event(organisation, community, people[number % PEOPLE], number) for number in range(count)]


def _event(organisation: str, community: str, person: str, number: int) -> Event:
    fact = tickets.TicketDeparted(
        ticket_id=str(new_id()),
        number=f"XF-{number:06}",
        version=3,
        community_id=community,
        unit_id=None,
        requester_id=person,
        status="on_the_way",
        owner_id=str(new_id()),
        owner_desk=None,
        catalogue_code="repair.pipe",
        work_type="repair",
        need_level=1,
        urgency="urgent",
        actor_id=NOBODY,
        actor_role="system",
    )
    return to_event(fact, organisation_id=organisation, subject=fact.ticket_id, at=clock.now())


def _at(seconds: list[float], percent: int) -> float:
    return seconds[min(len(seconds) - 1, len(seconds) * percent // 100)] if seconds else float("inf")


def _table(count: int, written: float, seconds: list[float]) -> Table:
    table = Table("figure", "value", title=f"A burst of {count:,} notices, all due at once, by e-mail")
    table.add_row("taken by the mail server, each once", f"{len(seconds):,} of {count:,}")
    table.add_row("events to notices", f"{written:.1f} s ({count / written:,.0f} a second)")
    for percent in (50, 90, 99):
        table.add_row(f"p{percent} to the channel", f"{_at(seconds, percent):.1f} s")
    last = seconds[-1] if seconds else float("inf")
    table.add_row("the last", f"{last:.1f} s ({len(seconds) / last:,.0f} a second)")
    table.add_row("promised", f"p99 under {PROMISED_SECONDS:.0f} s on two cores")
    return table


def main(count: int) -> None:
    """Run it; ends with exit status 1 where the promise did not hold."""
    if not run(count, Console()):
        raise SystemExit(1)
