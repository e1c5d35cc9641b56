"""Events written with the rows they speak of, and the relay that carries them to the bus afterwards."""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any, cast

import psycopg
import structlog
from opentelemetry import propagate
from prometheus_client import Counter, Gauge
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Identity,
    Index,
    Insert,
    MetaData,
    Table,
    Text,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from services.kit.bus import Outcome, Publisher
from services.kit.events import Event, to_message
from services.kit.pace import Pace

log = structlog.get_logger()

RELAYED = Counter("doorstep_outbox_relayed_total", "Events confirmed by the bus.", ["service"])
PARKED = Counter("doorstep_outbox_parked_total", "Events nobody was bound for.", ["service"])
PENDING = Gauge("doorstep_outbox_batch", "Events read in the last pass of the relay.", ["service"])

CHANNEL = "outbox"
BATCH = 200
# Two seconds is only the safety net: the waker's NOTIFY brings a row to the bus in milliseconds.
SLOW_POLL_SECONDS = 2.0
LOOK_UP_SECONDS = 0.25
PARKED_RETRY = "1 minute"
KEEP = "7 days"


def define(metadata: MetaData) -> Table:
    """Add the outbox table. The web role may only insert; the relay reads, marks and sweeps."""
    table = Table(
        "outbox",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("event_id", UUID(as_uuid=False), nullable=False, unique=True),
        Column("type", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("organisation_id", UUID(as_uuid=False), nullable=False),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("correlation_id", Text, nullable=False),
        Column("traceparent", Text, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("written_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("published_at", DateTime(timezone=True)),
        Column("parked_at", DateTime(timezone=True)),
    )
    Index("ix_outbox_unpublished", table.c.id, postgresql_where=table.c.published_at.is_(None))
    return table


def emit(connection: Connection, table: Table, *events: Event) -> None:
    """Write events in the caller's transaction; the caller commits and then wakes the relay."""
    if events:
        connection.execute(_insert(table), [row_of(event) for event in events])


def _insert(table: Table) -> Insert:
    # Inline: asking for the new id back would need the right to read, and the web role may only insert.
    return insert(table).inline()


def row_of(event: Event) -> dict[str, Any]:
    """Return the outbox row of an event, for a caller who writes it with others in one statement."""
    context = structlog.contextvars.get_contextvars()
    carrier: dict[str, str] = {}
    propagate.inject(carrier)
    return {
        "event_id": event.id,
        "type": event.type,
        "subject": event.subject,
        "organisation_id": event.organisation_id,
        "occurred_at": event.occurred_at,
        "correlation_id": event.correlation_id or context.get("correlation_id", ""),
        "traceparent": event.traceparent or carrier.get("traceparent", ""),
        "data": event.data,
    }


class Waker:
    """Sends NOTIFY after commits, debounced, from a thread and connection of its own.

    Inside the writing transaction NOTIFY takes a global lock at commit and serialises the writers.
    Losing a wake-up loses nothing: the relay's slow poll finds the row.
    """

    DEBOUNCE_SECONDS = 0.003

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="waker", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that something was committed. Returns at once."""
        self._pending.set()

    def close(self) -> None:
        """End the thread and its connection."""
        self._closed = True
        self._pending.set()
        self._thread.join(timeout=5)
        self._engine.dispose()

    def _run(self) -> None:
        pause = threading.Event()
        while True:
            self._pending.wait()
            self._pending.clear()
            if self._closed:
                return
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text(f"NOTIFY {CHANNEL}"))
            except Exception:
                log.warning("outbox.wake_failed", exc_info=True)
                pause.wait(1.0)
            pause.wait(self.DEBOUNCE_SECONDS)


class Relay:
    """Publishes unpublished rows in order, one relay per service at a time.

    It reads rows that are unpublished, never "ids above the last one": a transaction that commits late
    would be skipped. A kill between confirm and mark publishes twice; the inbox makes that one effect.
    """

    def __init__(self, service: str, engine: Engine, table: Table, open_publisher: Callable[[], Publisher]) -> None:
        self._service = service
        self._engine = engine
        self._table = table
        self._open_publisher = open_publisher

    def run(self, stop: threading.Event) -> None:
        """Relay until `stop`; raises on a lost database or broker, and the caller starts it again."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self._become_the_only_one(connection, stop):
                return
            try:
                connection.execute(text(f"LISTEN {CHANNEL}"))
                pace = Pace(stop.wait)
                with closing(self._open_publisher()) as publisher:
                    while not stop.is_set():
                        settled = self.step(connection, publisher)
                        if settled < BATCH:
                            if settled:
                                pace.taken()
                            self._wait(connection, stop)
                            pace.gather()
            finally:
                connection.invalidate()  # LISTEN and the advisory lock must not return to the pool.

    def _become_the_only_one(self, connection: Connection, stop: threading.Event) -> bool:
        take = text("SELECT pg_try_advisory_lock(hashtext('doorstep.relay'))")
        while not connection.execute(take).scalar_one():
            if stop.wait(0.5):
                return False
        return True

    def step(self, connection: Connection, publisher: Publisher) -> int:
        """Publish one batch; returns how many rows were settled. What the bus refused is tried in the next."""
        table = self._table
        due = (
            select(table)
            .where(table.c.published_at.is_(None))
            .where(table.c.parked_at.is_(None) | (table.c.parked_at < func.now() - text(f"interval '{PARKED_RETRY}'")))
            .order_by(table.c.id)
            .limit(BATCH)
        )
        rows = connection.execute(due).mappings().all()
        PENDING.labels(self._service).set(len(rows))
        if not rows:
            return 0
        messages = [to_message(_event(self._service, dict(row))) for row in rows]
        outcomes = publisher.publish(messages)
        confirmed = [r["id"] for r, o in zip(rows, outcomes, strict=True) if o is Outcome.CONFIRMED]
        unroutable = [r for r, o in zip(rows, outcomes, strict=True) if o is Outcome.UNROUTABLE]
        if confirmed:
            connection.execute(
                update(table)
                .where(table.c.id == func.any(confirmed))
                .values(published_at=func.clock_timestamp(), parked_at=None)
            )
            RELAYED.labels(self._service).inc(len(confirmed))
        if unroutable:
            connection.execute(
                update(table)
                .where(table.c.id == func.any([row["id"] for row in unroutable]))
                .values(parked_at=func.clock_timestamp())
            )
            PARKED.labels(self._service).inc(len(unroutable))
            log.error("outbox.parked", types=sorted({row["type"] for row in unroutable}), count=len(unroutable))
        return len(confirmed) + len(unroutable)

    def _wait(self, connection: Connection, stop: threading.Event) -> None:
        """Return when woken, when the slow poll is due, or soon after `stop`."""
        raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
        for _ in range(int(SLOW_POLL_SECONDS / LOOK_UP_SECONDS)):
            if stop.is_set() or list(raw.notifies(timeout=LOOK_UP_SECONDS, stop_after=1)):
                return


def sweep(connection: Connection, table: Table) -> int:
    """Delete what was published longer than a week ago; returns how many rows went."""
    old = table.c.published_at < func.now() - text(f"interval '{KEEP}'")
    return connection.execute(table.delete().where(old)).rowcount


def _event(source: str, row: dict[str, Any]) -> Event:
    return Event(
        id=row["event_id"],
        type=row["type"],
        source=source,
        subject=row["subject"],
        occurred_at=row["occurred_at"],
        organisation_id=row["organisation_id"],
        correlation_id=row["correlation_id"],
        traceparent=row["traceparent"],
        data=row["data"],
    )
