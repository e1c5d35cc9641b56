"""What staff have before them: calls to make and incidents. Row-level security keeps each to their communities."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from services.notify.models import incidents, phone_tasks


def list_phone_tasks(
    connection: Connection, *, state: str | None, ticket_id: str | None, after: str | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Return up to `limit` calls, the oldest first, after the task `after`; all that are not done without a state."""
    conditions: list[ColumnElement[bool]] = [phone_tasks.c.state == state if state else phone_tasks.c.state != "done"]
    if ticket_id is not None:
        conditions.append(phone_tasks.c.ticket_id == ticket_id)
    if after is not None:
        conditions.append(phone_tasks.c.id > after)
    rows = connection.execute(select(phone_tasks).where(*conditions).order_by(phone_tasks.c.id).limit(limit))
    return [dict(row) for row in rows.mappings()]


def list_incidents(
    connection: Connection, *, is_open: bool | None, ticket_id: str | None, after: str | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Return up to `limit` incidents, the newest first, older than the incident `after`."""
    conditions: list[ColumnElement[bool]] = []
    if is_open is not None:
        conditions.append(incidents.c.closed_at.is_(None) if is_open else incidents.c.closed_at.is_not(None))
    if ticket_id is not None:
        conditions.append(incidents.c.ticket_id == ticket_id)
    if after is not None:
        conditions.append(incidents.c.id < after)
    rows = connection.execute(select(incidents).where(*conditions).order_by(incidents.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]
