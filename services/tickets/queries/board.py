"""The dispatchers' board: everything that is still to be done, what nobody has and what is due first on top."""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, or_, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on

from services.kit import clock as time
from services.kit.http.paging import cut, read_cursor
from services.tickets import appointments
from services.tickets.lifecycle import OPEN
from services.tickets.models import NAMED_TICKETS, Moment, clocks, tickets
from services.tickets.queries.reports.asked import NONE
from services.tickets.queries.views import moment

_FAR = datetime(9999, 1, 1, tzinfo=UTC)
_KEPT = (
    "id", "number", "status", "title", "community_id", "community_name", "unit_id", "unit_name", "location",
    "work_type", "need_level", "urgency", "waiting_reason", "version", "next_due_clock", "urges",
)  # fmt: skip
_MOMENTS = ("filed_at", "acknowledged_at", "promised_at", "paused_until", "objected_at", "urged_at", "next_due_at")


def board_of(
    db: Connection,
    community_ids: tuple[str, ...],
    *,
    community_id: str | None,
    need_level: str | None,
    limit: int,
    after: str | None,
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the open tickets and the cursor of the next one or None.

    First what nobody has, then by the nearest deadline still to be met, whichever clock it is of; that of a paused
    clock is where its pause ends as it is meant to. What moves with another ticket is on the board only until it has
    been answered itself.
    """
    due = (
        select(clocks.c.ticket_id, clocks.c.due_at.label("next_due_at"), clocks.c.kind.label("next_due_clock"))
        .ext(distinct_on(clocks.c.ticket_id))
        .where(clocks.c.stopped_at.is_(None), clocks.c.due_at.is_not(None))
        .order_by(clocks.c.ticket_id, clocks.c.due_at)
        .subquery()
    )
    held = case((tickets.c.owner_id.is_(None), 0), else_=1).label("held")
    due_at = func.coalesce(due.c.next_due_at, literal(_FAR, clocks.c.due_at.type)).label("due_at")
    statement = (
        NAMED_TICKETS.add_columns(due.c.next_due_at, due.c.next_due_clock, held, due_at)
        .outerjoin(due, due.c.ticket_id == tickets.c.id)
        .where(*_on_the_board(community_ids, community_id))
        .order_by(held, due_at, tickets.c.id)
        .limit(limit + 1)
    )
    if need_level is not None:
        statement = statement.where(
            tickets.c.need_level.is_(None) if need_level == NONE else tickets.c.need_level == int(need_level)
        )
    cursor = read_cursor(after, int, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(cursor[0], literal(cursor[1], Moment), cursor[2])
        statement = statement.where(tuple_(held, due_at, tickets.c.id) > last)
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "held", "due_at", "id")
    followers = _followers(db, [row["id"] for row in shown])
    return [_card(dict(row), followers.get(row["id"], 0)) for row in shown], more


def counts_of(db: Connection, community_ids: tuple[str, ...], community_id: str | None) -> list[dict[str, Any]]:
    """Return how many tickets are on the board by status and need level, how many nobody has, and how many are late."""
    late = (
        select(clocks.c.ticket_id)
        .where(clocks.c.stopped_at.is_(None), clocks.c.due_at < time.now())
        .where(clocks.c.ticket_id == tickets.c.id)
        .exists()
    )
    nobodys = tickets.c.owner_id.is_(None)
    rows = db.execute(
        select(
            tickets.c.status,
            tickets.c.need_level,
            func.count().label("n"),
            func.count().filter(nobodys).label("unclaimed"),
            func.count().filter(late).label("overdue"),
        )
        .where(*_on_the_board(community_ids, community_id))
        .group_by(tickets.c.status, tickets.c.need_level)
        .order_by(tickets.c.need_level, tickets.c.status)
    )
    return [{str(name): value for name, value in row.items()} for row in rows.mappings()]


def _on_the_board(community_ids: tuple[str, ...], community_id: str | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        tickets.c.status.in_(OPEN),
        or_(tickets.c.joined_to.is_(None), tickets.c.acknowledged_at.is_(None)),
    ]
    if community_ids:
        wanted.append(tickets.c.community_id.in_(community_ids))
    if community_id is not None:
        wanted.append(tickets.c.community_id == community_id)
    return wanted


def _followers(db: Connection, ids: list[str]) -> dict[str, int]:
    """Return how many open tickets move with each of these."""
    rows = db.execute(
        select(tickets.c.joined_to, func.count())
        .where(tickets.c.joined_to.in_(ids), tickets.c.status.in_(OPEN))
        .group_by(tickets.c.joined_to)
    )
    return {str(lead): int(count) for lead, count in rows}


def _card(row: dict[str, Any], joined: int) -> dict[str, Any]:
    return {
        **{name: row[name] for name in _KEPT},
        **{name: moment(row[name]) for name in _MOMENTS},
        "owner": {
            "kind": "desk" if row["owner_id"] is None else "person",
            "desk": row["owner_desk"] if row["owner_id"] is None else None,
            "id": row["owner_id"],
            "name": row["owner_name"],
        },
        "appointment": appointments.shown(row),
        "joined_to": row["joined_to"],
        "joined": joined,
    }
