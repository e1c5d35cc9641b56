"""One effect per event: inbox row, effect and outgoing events commit together, then the ack goes out."""

import secrets
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from opentelemetry import context as tracing
from opentelemetry import propagate
from prometheus_client import Counter
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert
from sqlalchemy.exc import OperationalError

from services.kit import clock
from services.kit.bus import Delivery, Subscription
from services.kit.events import Event, MalformedEvent, Message, from_message, new_id

log = structlog.get_logger()

CONSUMED = Counter("doorstep_inbox_events_total", "Events by what became of them.", ["service", "outcome"])

BATCH = 50
MAX_ATTEMPTS = 8
# A message that was delivered this often without being settled kills its consumer; it is set aside unhandled.
POISON_DELIVERIES = 10
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 600.0
KEEP = "14 days"

Handle = Callable[[Connection, Sequence[Event]], None]


class PermanentError(Exception):
    """The event can never be handled; trying again would only repeat the refusal."""


def define(metadata: MetaData) -> Table:
    """Add the inbox table. `state` is done, retry, dead or discarded; a message is kept only while it may be needed."""
    table = Table(
        "inbox",
        metadata,
        Column("event_id", UUID(as_uuid=False), primary_key=True),
        Column("type", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("attempts", Integer, nullable=False, server_default="0"),
        Column("next_attempt_at", DateTime(timezone=True)),
        Column("reason", Text),
        Column("headers", JSONB),
        Column("body", LargeBinary),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    )
    Index("ix_inbox_retry", table.c.next_attempt_at, postgresql_where=table.c.state == "retry")
    Index("ix_inbox_dead", table.c.received_at, postgresql_where=table.c.state == "dead")
    return table


def fresh_events(connection: Connection, table: Table, events: Sequence[Event]) -> list[Event]:
    """Record `events` as done in the caller's transaction; return those not seen before, in order."""
    unique = {event.id: event for event in events}
    statement = (
        insert(table)
        .values([{"event_id": e.id, "type": e.type, "state": "done"} for e in unique.values()])
        .on_conflict_do_nothing()
        .returning(table.c.event_id)
    )
    new = set(connection.execute(statement).scalars())
    return [event for event in unique.values() if event.id in new]


def handle_once(connection: Connection, table: Table, event: Event, handle: Handle) -> bool:
    """Apply `event` in the caller's transaction unless it was applied before; returns whether it was new."""
    new = fresh_events(connection, table, [event])
    if new:
        handle(connection, new)
    return bool(new)


class Consumer:
    """Takes batches from a subscription into `handle`, retries one by one, sets aside what cannot be handled."""

    def __init__(self, service: str, engine: Engine, table: Table, handle: Handle) -> None:
        self._service = service
        self._engine = engine
        self._table = table
        self._handle = handle

    def run(self, subscription: Subscription, stop: threading.Event) -> None:
        """Consume until `stop`; raises BusDown, and the caller opens a new subscription."""
        try:
            while not stop.is_set():
                deliveries = subscription.receive(BATCH, 0.5)
                if deliveries:
                    self._take_in(subscription, deliveries, stop)
                self._when_database_answers(subscription, self.retry_due, stop)
        finally:
            subscription.close()

    def _take_in(self, subscription: Subscription, batch: list[Delivery], stop: threading.Event) -> None:
        if self._when_database_answers(subscription, lambda: self.process(batch), stop):
            subscription.settle(batch)

    def _when_database_answers(
        self, subscription: Subscription, step: Callable[[], Any], stop: threading.Event
    ) -> bool:
        """Run `step`, keeping the messages in hand while the database is away.

        Giving them back would count as a delivery each time, and a long outage would dead-letter good events.
        """
        pause = 0.2
        while not stop.is_set():
            try:
                step()
                return True
            except OperationalError:
                log.warning("inbox.database_away", service=self._service, retry_in=pause)
                subscription.idle(pause)
                pause = min(pause * 2, 5.0)
        return False

    def process(self, batch: Sequence[Delivery]) -> None:
        """Handle a batch in one transaction; if that fails, one message at a time, so a bad one spoils only itself."""
        events = []
        for delivery in batch:
            try:
                event = from_message(delivery.message)
            except MalformedEvent as problem:
                self._bury(delivery.message, str(problem))
                continue
            if delivery.attempts >= POISON_DELIVERIES:
                self._bury(delivery.message, f"delivered {delivery.attempts} times without being settled")
                continue
            events.append((event, delivery.message))
        if not events:
            return
        try:
            with self._engine.begin() as connection:
                new = fresh_events(connection, self._table, [event for event, _ in events])
                if new:
                    self._handle_in_context(connection, new)
            CONSUMED.labels(self._service, "done").inc(len(new))
            CONSUMED.labels(self._service, "repeated").inc(len(events) - len(new))
        except OperationalError:
            raise
        except Exception as problem:
            if len(events) == 1:
                self._postpone(events[0][0], events[0][1], problem, attempts=1)
                return
            log.warning("inbox.batch_split", service=self._service, size=len(events), problem=repr(problem))
            for event, message in events:
                self._process_one(event, message, attempts=1)

    def _process_one(self, event: Event, message: Message, attempts: int) -> None:
        try:
            with self._engine.begin() as connection:
                new = handle_once(connection, self._table, event, self._handle_in_context)
            CONSUMED.labels(self._service, "done" if new else "repeated").inc()
        except OperationalError:
            raise
        except Exception as problem:
            self._postpone(event, message, problem, attempts)

    def _handle_in_context(self, connection: Connection, events: Sequence[Event]) -> None:
        first = events[0]
        token = tracing.attach(propagate.extract({"traceparent": first.traceparent}))
        try:
            correlation = first.correlation_id if len(events) == 1 else ""
            with structlog.contextvars.bound_contextvars(correlation_id=correlation):
                self._handle(connection, events)
        finally:
            tracing.detach(token)

    def retry_due(self) -> int:
        """Try what is due again, one transaction each; returns how many were tried."""
        table = self._table
        due = (
            select(table)
            .where(table.c.state == "retry", table.c.next_attempt_at <= func.now())
            .order_by(table.c.next_attempt_at)
            .limit(BATCH)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(due).mappings().all()
        for row in rows:
            message = Message(row["type"], row["headers"], bytes(row["body"]))
            self._retry(from_message(message), message, row["attempts"])
        return len(rows)

    def _retry(self, event: Event, message: Message, attempts: int) -> None:
        table = self._table
        take = (
            update(table)
            .where(table.c.event_id == event.id, table.c.state == "retry")
            .values(state="done", next_attempt_at=None, headers=None, body=None)
        )
        try:
            with self._engine.begin() as connection:
                if connection.execute(take).rowcount:
                    self._handle_in_context(connection, [event])
            CONSUMED.labels(self._service, "retried").inc()
        except OperationalError:
            raise
        except Exception as problem:
            self._postpone(event, message, problem, attempts + 1)

    def _postpone(self, event: Event, message: Message, problem: Exception, attempts: int) -> None:
        """Write down that handling failed: again later with a growing, jittered delay, or never."""
        reason = f"{type(problem).__name__}: {problem}"[:2000]
        dead = isinstance(problem, PermanentError) or attempts >= MAX_ATTEMPTS
        jitter = 0.8 + secrets.randbelow(400) / 1000
        delay = min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), LONGEST_RETRY_SECONDS) * jitter
        values = {
            "state": "dead" if dead else "retry",
            "attempts": attempts,
            "reason": reason,
            "next_attempt_at": None if dead else clock.now() + timedelta(seconds=delay),
            "headers": dict(message.headers),
            "body": message.body,
        }
        with self._engine.begin() as connection:
            connection.execute(
                insert(self._table)
                .values(event_id=event.id, type=event.type, **values)
                .on_conflict_do_update(index_elements=["event_id"], set_=values, where=self._table.c.state == "retry")
            )
        CONSUMED.labels(self._service, "dead" if dead else "postponed").inc()
        report = log.error if dead else log.warning
        report("inbox.dead" if dead else "inbox.postponed", event_id=event.id, type=event.type, reason=reason)

    def _bury(self, message: Message, reason: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                insert(self._table)
                .values(
                    event_id=str(new_id()),
                    type=message.key,
                    state="dead",
                    reason=reason,
                    headers=dict(message.headers),
                    body=message.body,
                )
                .on_conflict_do_nothing()
            )
        CONSUMED.labels(self._service, "dead").inc()
        log.error("inbox.dead", type=message.key, reason=reason)


def dead_letters(connection: Connection, table: Table, limit: int = 100) -> list[dict[str, Any]]:
    """Return the newest dead letters with their reasons, without bodies."""
    columns = (table.c.event_id, table.c.type, table.c.attempts, table.c.reason, table.c.received_at)
    rows = connection.execute(
        select(*columns).where(table.c.state == "dead").order_by(table.c.received_at.desc()).limit(limit)
    )
    return [dict(row) for row in rows.mappings()]


def dead_letter(connection: Connection, table: Table, event_id: str) -> dict[str, Any] | None:
    """Return one dead letter whole, or None."""
    row = connection.execute(select(table).where(table.c.event_id == event_id, table.c.state == "dead"))
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def replay(connection: Connection, table: Table, event_id: str) -> bool:
    """Let the consumer try a dead letter again at once; returns whether there was one."""
    again = (
        update(table)
        .where(table.c.event_id == event_id, table.c.state == "dead")
        .values(state="retry", attempts=0, next_attempt_at=func.now())
    )
    return connection.execute(again).rowcount == 1


def discard(connection: Connection, table: Table, event_id: str) -> bool:
    """Give a dead letter up for good; its row stays as evidence until it is swept."""
    gone = update(table).where(table.c.event_id == event_id, table.c.state == "dead").values(state="discarded")
    return connection.execute(gone).rowcount == 1


def sweep(connection: Connection, table: Table) -> int:
    """Delete what was settled longer than a fortnight ago; returns how many rows went."""
    old = table.c.received_at < func.now() - text(f"interval '{KEEP}'")
    return connection.execute(table.delete().where(old, table.c.state.in_(["done", "discarded"]))).rowcount
