"""The embedded default: a durable queue in a PostgreSQL database of its own, for machines without a broker."""

from collections.abc import Sequence
from typing import Any

import orjson
import psycopg
import structlog

from services.kit.bus.protocol import BusDown, Delivery, Outcome, Topology
from services.kit.events import Message

log = structlog.get_logger()

SCHEMA = """
SELECT pg_advisory_xact_lock(hashtext('doorstep.bus'));
CREATE TABLE IF NOT EXISTS bus_bindings (
    queue text NOT NULL, key text NOT NULL, PRIMARY KEY (key, queue)
);
CREATE TABLE IF NOT EXISTS bus_messages (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL, key text NOT NULL, headers jsonb NOT NULL, content_type text NOT NULL,
    body bytea NOT NULL, attempts int NOT NULL DEFAULT 0,
    taken_by int, taken_at timestamptz, sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX IF NOT EXISTS ix_bus_messages_queue ON bus_messages (queue, id);
"""
# A taken message belongs to a live database session; a session that is gone gave its messages back. The start
# of the session is compared too, because the system gives out process ids again.
TAKE = """
WITH live AS MATERIALIZED (
    SELECT pid, backend_start FROM pg_stat_activity WHERE datname = current_database()
), next AS (
    SELECT id FROM bus_messages m
    WHERE queue = %(queue)s AND (taken_by IS NULL OR NOT EXISTS (
        SELECT 1 FROM live WHERE live.pid = m.taken_by AND live.backend_start <= m.taken_at))
    ORDER BY id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE bus_messages m
SET taken_by = pg_backend_pid(), taken_at = clock_timestamp(), attempts = m.attempts + 1
FROM next WHERE m.id = next.id
RETURNING m.id, m.key, m.headers, m.content_type, m.body, m.attempts - 1
"""
PUBLISH = """
WITH sent AS (
    SELECT ordinality AS n, t.key, t.headers::jsonb AS headers, t.content_type, t.body
    FROM unnest(%(keys)s::text[], %(headers)s::text[], %(types)s::text[], %(bodies)s::bytea[])
         WITH ORDINALITY AS t(key, headers, content_type, body, ordinality)
), stored AS (
    INSERT INTO bus_messages (queue, key, headers, content_type, body)
    SELECT b.queue, s.key, s.headers, s.content_type, s.body
    FROM sent s JOIN bus_bindings b USING (key) ORDER BY s.n
)
SELECT s.n, EXISTS (SELECT 1 FROM bus_bindings b WHERE b.key = s.key) FROM sent s ORDER BY s.n
"""


def _connect(url: str, topology: Topology) -> "psycopg.Connection[Any]":
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="doorstep-bus")
        with connection.transaction():
            connection.execute(SCHEMA)
            for service, keys in topology.items():
                connection.cursor().executemany(
                    "INSERT INTO bus_bindings (queue, key) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                    [(service, key) for key in keys],
                )
        return connection
    except psycopg.OperationalError as problem:
        raise BusDown(str(problem)) from problem


class PostgresPublisher:
    """Writes one row per bound queue; the commit is the confirm."""

    def __init__(self, url: str, topology: Topology) -> None:
        self._connection = _connect(url, topology)

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Store a batch in one statement and wake the consumers."""
        try:
            rows = self._connection.execute(
                PUBLISH,
                {
                    "keys": [m.key for m in messages],
                    "headers": [orjson.dumps(dict(m.headers)).decode() for m in messages],
                    "types": [m.content_type for m in messages],
                    "bodies": [m.body for m in messages],
                },
            ).fetchall()
            self._connection.execute("NOTIFY bus")
        except psycopg.OperationalError as problem:
            raise BusDown(str(problem)) from problem
        return [Outcome.CONFIRMED if bound else Outcome.UNROUTABLE for _, bound in rows]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresSubscription:
    """Takes rows for this session, deletes them when settled; a dead session's rows are free again."""

    def __init__(self, url: str, topology: Topology, service: str) -> None:
        self._connection = _connect(url, topology)
        self._queue = service
        self._connection.execute("LISTEN bus")

    def receive(self, limit: int, wait_seconds: float) -> list[Delivery]:
        """Take up to `limit` rows in order, waiting at most `wait_seconds` for the first."""
        try:
            taken = self._take(limit)
            if not taken:
                for _ in self._connection.notifies(timeout=wait_seconds, stop_after=1):
                    pass
                taken = self._take(limit)
            return taken
        except psycopg.OperationalError as problem:
            raise BusDown(str(problem)) from problem

    def _take(self, limit: int) -> list[Delivery]:
        rows = self._connection.execute(TAKE, {"queue": self._queue, "limit": limit}).fetchall()
        return [
            Delivery(Message(key, headers, bytes(body), content_type), tag, attempts)
            for tag, key, headers, content_type, body, attempts in sorted(rows)
        ]

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Delete what was handled."""
        try:
            self._connection.execute(
                "DELETE FROM bus_messages WHERE id = ANY(%s)", ([delivery.tag for delivery in deliveries],)
            )
        except psycopg.OperationalError as problem:
            raise BusDown(str(problem)) from problem

    def idle(self, seconds: float) -> None:
        """Wait for `seconds`; the session, and with it the taken rows, stays ours."""
        try:
            for _ in self._connection.notifies(timeout=seconds):
                pass
        except psycopg.OperationalError as problem:
            raise BusDown(str(problem)) from problem

    def close(self) -> None:
        """End the session; its rows are free for the next."""
        self._connection.close()
