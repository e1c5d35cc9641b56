"""What could not be handled waits in the inbox for a person: list, show, replay, discard."""

from typing import Any

from sqlalchemy import Connection, Table, func, select, update


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
