"""The live stream: one LISTEN per web process reads new events once and hands them to the streams they concern."""

import queue
import threading
from collections.abc import Iterator, Mapping
from typing import Any, cast

import psycopg
import structlog
from sqlalchemy import Connection, Engine, text

from gateway import queries
from gateway.visibility import may_see
from services.kit.database import transaction
from services.kit.identity import Actor

log = structlog.get_logger()

CHANNEL = "stream"
# Whoever writes events holds this lock until the commit, so that ids become visible in their order and a reader who
# asks for "ids above the last one" misses none.
IN_ORDER = text("SELECT pg_advisory_xact_lock(hashtext('doorstep.stream'))")
BATCH = 500
# Only a safety net: a lost wake-up delays an event by this much.
SLOW_POLL_SECONDS = 2.0
# A client that does not read is cut off; it comes back with Last-Event-ID and misses nothing.
MOST_WAITING = 1000
# Phones, tablets and tabs of one person; more is a mistake in a client, and each costs a connection.
MOST_STREAMS = 12
END = None

Row = Mapping[str, Any]


class Subscriber:
    """One open stream: whose it is, and the events waiting to be written to it."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.waiting: queue.Queue[Row | None] = queue.Queue()

    def offer(self, row: Row) -> None:
        """Queue an event if it concerns this person; end the stream when too many wait."""
        if may_see(self.actor, row):
            self.waiting.put(row if self.waiting.qsize() < MOST_WAITING else END)

    def events(self, seconds: float) -> Iterator[Row]:
        """Yield what waits, waiting at most `seconds` for the first; raises StreamEnded."""
        try:
            row = self.waiting.get(timeout=max(seconds, 0))
            while True:
                if row is END:
                    raise StreamEnded
                yield row
                row = self.waiting.get_nowait()
        except queue.Empty:
            return


class StreamEnded(Exception):
    """The process stops or the client was too slow; it reconnects by itself."""


class Feed:
    """Starts with the first subscriber; every stream of the process shares its one connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        # In the order in which they came.
        self._subscribers: dict[Subscriber, None] = {}
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()
        self._stop = threading.Event()
        self._last: int | None = None

    def subscribe(self, actor: Actor) -> Subscriber:
        """Add a stream; where this person has enough of them, their oldest ends.

        A browser that goes from page to page leaves streams behind, which are noticed only when something is written
        to them: whoever comes now is there, and the oldest is the likeliest to be gone.
        When this returns, every event committed from now on will be offered to it.
        """
        subscriber = Subscriber(actor)
        with self._lock:
            theirs = [one for one in self._subscribers if one.actor.id == actor.id]
            for oldest in theirs[: max(0, len(theirs) + 1 - MOST_STREAMS)]:
                self._subscribers.pop(oldest)
                oldest.waiting.put(END)
            self._subscribers[subscriber] = None
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="feed", daemon=True)
                self._thread.start()
        self._listening.wait(5.0)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """Remove a stream."""
        with self._lock:
            self._subscribers.pop(subscriber, None)

    def close(self) -> None:
        """End every stream, so that the process can stop at once."""
        self._stop.set()
        with self._lock:
            for subscriber in self._subscribers:
                subscriber.waiting.put(END)
            started = self._thread is not None
        if started:
            with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text(f"NOTIFY {CHANNEL}"))  # The listener need not wait for its slow poll.

    def join(self) -> None:
        """Wait until the listener has ended after `close`."""
        if self._thread is not None:
            self._thread.join(SLOW_POLL_SECONDS + 5)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listener:
                    self._listen(listener)
            except Exception:
                self._listening.clear()
                log.warning("feed.lost", exc_info=True)
                self._stop.wait(1.0)

    def _listen(self, listener: Connection) -> None:
        """Deliver until told to stop or until the connection goes; a new connection goes on after the last event."""
        try:
            listener.execute(text(f"LISTEN {CHANNEL}"))
            if self._last is None:
                self._last = self._newest()
            self._listening.set()
            raw = cast("psycopg.Connection[Any]", listener.connection.driver_connection)
            while not self._stop.is_set():
                self._deliver(self._last)
                for _ in raw.notifies(timeout=SLOW_POLL_SECONDS, stop_after=1):
                    pass
        finally:
            listener.invalidate()  # LISTEN must not return to the pool.

    def _newest(self) -> int:
        with transaction(self._engine) as db:
            queries.open_feed(db)
            return queries.newest_stream_id(db)

    def _deliver(self, after: int) -> None:
        while not self._stop.is_set():
            with transaction(self._engine) as db:
                queries.open_feed(db)
                rows = queries.stream_page(db, after, BATCH)
            with self._lock:
                subscribers = list(self._subscribers)
            for row in rows:
                for subscriber in subscribers:
                    subscriber.offer(row)
                self._last = after = row["id"]
            if len(rows) < BATCH:
                return


class Announcer:
    """Tells the web processes, after the commit, that there are new events.

    Inside the writing transaction NOTIFY would serialise commits; so the writer only says `written`, and this
    loop waits for the lock that the writer holds until its commit.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._written = threading.Event()

    def written(self) -> None:
        """Say that rows are about to be committed."""
        self._written.set()

    def run(self, stop: threading.Event) -> None:
        """Announce until `stop`."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not stop.is_set():
                if self._written.wait(0.5):
                    self._written.clear()
                    connection.execute(IN_ORDER)
                    connection.execute(text(f"NOTIFY {CHANNEL}"))
