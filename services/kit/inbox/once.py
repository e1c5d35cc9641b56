"""The inbox table, and the promise that an event recorded in it has its effect once."""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID, insert

from services.kit.events import Event

KEEP = "14 days"

Handle = Callable[[Connection, Sequence[Event]], None]


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


def handle_once(connection: Connection, table: Table, events: Sequence[Event], handle: Handle) -> list[Event]:
    """Apply in the caller's transaction those of `events` that were not applied before; returns them."""
    new = fresh_events(connection, table, events)
    if new:
        handle(connection, new)
    return new


def sweep(connection: Connection, table: Table) -> int:
    """Delete what was settled longer than a fortnight ago; returns how many rows went."""
    old = table.c.received_at < func.now() - text(f"interval '{KEEP}'")
    return connection.execute(table.delete().where(old, table.c.state.in_(["done", "discarded"]))).rowcount
