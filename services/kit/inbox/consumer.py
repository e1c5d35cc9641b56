"""Takes events from the bus into a service: in batches, again where it failed, aside where it never will work."""

import contextvars
import secrets
import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import ColumnElement, Connection, Engine, RowMapping, Table, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.kit import clock
from services.kit.bus import Delivery, Subscription
from services.kit.database import is_away
from services.kit.events import Event, MalformedEvent, Message, PermanentError, from_message
from services.kit.inbox.context import EventsInContext
from services.kit.inbox.once import Handle, handle_once
from services.kit.pace import Pace

log = structlog.get_logger()

CONSUMED = Counter("doorstep_inbox_events_total", "Events by what became of them.", ["service", "outcome"])

BATCH = 50
MAX_ATTEMPTS = 8
# A message that was delivered this often without being settled may be what kills its consumer, or was only
# prefetched beside it; it is stored and tried alone, so that its neighbours live.
SUSPECT_DELIVERIES = 3
# How long a try may be under way before it counts as one that died with its process.
CRASH_RETRY_SECONDS = 30.0
FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 600.0


class Consumer:
    """Takes batches from a subscription into `handle`, retries one by one, sets aside what cannot be handled."""

    def __init__(
        self,
        service: str,
        engine: Engine,
        table: Table,
        handle: Handle,
        committed: Callable[[], None] = lambda: None,
    ) -> None:
        """`committed` is called after each commit with an effect, for a service that wakes its relay."""
        self._service = service
        self._engine = engine
        self._table = table
        self._handle = handle
        self._committed = committed

    def run(self, subscription: Subscription, stop: threading.Event) -> None:
        """Consume until `stop`; raises BusDown, and the caller opens a new subscription."""
        pace = Pace(subscription.idle)
        try:
            while not stop.is_set():
                pace.gather()
                deliveries = subscription.receive(BATCH, 0.5)
                if deliveries:
                    self._take_in(subscription, deliveries, stop)
                    if len(deliveries) < BATCH:
                        pace.taken()
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
            except (DBAPIError, PoolTimeout) as problem:
                if not is_away(problem):
                    raise
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
            if delivery.attempts >= SUSPECT_DELIVERIES:
                self._suspect(event, delivery)
            else:
                events.append((event, delivery.message))
        if len(events) > 1:
            try:
                self._apply([event for event, _ in events])
                return
            except Exception as problem:
                if is_away(problem):
                    raise
                log.warning("inbox.batch_split", service=self._service, size=len(events), problem=repr(problem))
        for event, message in events:
            try:
                self._apply([event])
            except Exception as problem:
                if is_away(problem):
                    raise
                self._postpone(event, message, problem, attempts=1)

    def _apply(self, events: Sequence[Event]) -> None:
        with self._engine.begin() as connection:
            new = handle_once(connection, self._table, events, self._handle_in_context)
        if new:
            self._committed()
        CONSUMED.labels(self._service, "done").inc(len(new))
        CONSUMED.labels(self._service, "repeated").inc(len(events) - len(new))

    def _handle_in_context(self, connection: Connection, events: Sequence[Event]) -> None:
        # A copy of the context ends with the call, so that nothing of these events stays behind.
        contextvars.copy_context().run(lambda: self._handle(connection, EventsInContext(events)))

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
            self._retry(row)
        return len(rows)

    def _retry(self, row: RowMapping) -> None:
        table, attempts = self._table, row["attempts"] + 1
        mine = (table.c.event_id == row["event_id"]) & (table.c.state == "retry")
        headers = dict(row["headers"])
        message = Message(row["type"], headers, bytes(row["body"]), headers.pop("content-type", "application/json"))
        if attempts > MAX_ATTEMPTS:
            self._settle_dead(mine, message, f"its consumer ended {MAX_ATTEMPTS} times while handling it")
            return
        # Counted before it is handled, in a transaction of its own: what kills the process uses up its tries too.
        later = clock.now() + timedelta(seconds=max(CRASH_RETRY_SECONDS, _delay(attempts)))
        with self._engine.begin() as connection:
            count = update(table).where(mine, table.c.attempts == row["attempts"])
            if not connection.execute(count.values(attempts=attempts, next_attempt_at=later)).rowcount:
                return
        try:
            event = from_message(message)
        except MalformedEvent as problem:
            self._settle_dead(mine, message, str(problem))
            return
        try:
            with self._engine.begin() as connection:
                done = {"state": "done", "next_attempt_at": None, "headers": None, "body": None}
                if connection.execute(update(table).where(mine).values(**done)).rowcount:
                    self._handle_in_context(connection, [event])
            CONSUMED.labels(self._service, "retried").inc()
        except Exception as problem:
            if is_away(problem):
                raise
            self._postpone(event, message, problem, attempts)

    def _suspect(self, event: Event, delivery: Delivery) -> None:
        """Store an event that may have killed its consumer; the retries count its tries, and try it alone."""
        self._store(
            event.id,
            delivery.message,
            state="retry",
            attempts=0,
            next_attempt_at=clock.now(),
            reason=f"delivered {delivery.attempts} times without being settled",
        )
        CONSUMED.labels(self._service, "suspected").inc()
        log.warning("inbox.suspected", event_id=event.id, type=event.type, deliveries=delivery.attempts)

    def _postpone(self, event: Event, message: Message, problem: Exception, attempts: int) -> None:
        """Write down that handling failed: again later with a growing, jittered delay, or never."""
        reason = _storable(f"{type(problem).__name__}: {problem}")[:2000]
        dead = isinstance(problem, PermanentError) or attempts >= MAX_ATTEMPTS
        self._store(
            event.id,
            message,
            state="dead" if dead else "retry",
            attempts=attempts,
            reason=reason,
            next_attempt_at=None if dead else clock.now() + timedelta(seconds=_delay(attempts)),
        )
        CONSUMED.labels(self._service, "dead" if dead else "postponed").inc()
        report = log.error if dead else log.warning
        report("inbox.dead" if dead else "inbox.postponed", event_id=event.id, type=event.type, reason=reason)

    def _bury(self, message: Message, reason: str) -> None:
        # The same broken message brought twice is one dead letter.
        whole = f"{message.key}\n{sorted(message.headers.items())}\n{message.body.hex()}"
        self._store(str(uuid.uuid5(uuid.NAMESPACE_OID, whole)), message, state="dead", reason=_storable(reason)[:2000])
        self._report_dead(message, reason)

    def _settle_dead(self, mine: ColumnElement[bool], message: Message, reason: str) -> None:
        with self._engine.begin() as connection:
            values = {"state": "dead", "reason": _storable(reason)[:2000], "next_attempt_at": None}
            connection.execute(update(self._table).where(mine).values(**values))
        self._report_dead(message, reason)

    def _report_dead(self, message: Message, reason: str) -> None:
        CONSUMED.labels(self._service, "dead").inc()
        log.error("inbox.dead", type=message.key, reason=reason)

    def _store(self, event_id: str, message: Message, **values: Any) -> None:
        """Keep a message with its state; what is already done, dead or discarded stays so."""
        headers = {**message.headers, "content-type": message.content_type}
        kept = values | {
            "headers": {_storable(name): _storable(value) for name, value in headers.items()},
            "body": message.body,
        }
        statement = insert(self._table).values(event_id=event_id, type=_storable(message.key), **kept)
        waiting = self._table.c.state == "retry"
        with self._engine.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["event_id"], set_=kept, where=waiting))


def _delay(attempts: int) -> float:
    """Return the seconds until the next try: doubling, spread by a fifth so that a crowd does not come back at once."""
    jitter = 0.8 + secrets.randbelow(400) / 1000
    return min(FIRST_RETRY_SECONDS * 2 ** (attempts - 1), LONGEST_RETRY_SECONDS) * jitter


def _storable(words: str) -> str:
    """Return text that PostgreSQL can keep: no NUL, no lone surrogate."""
    return words.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
