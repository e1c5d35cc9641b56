"""The queue of calls as the desk sees it. Row-level security hides the calls about one's own work."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, literal, select, tuple_

from services.kit.errors import NotFound
from services.kit.http.paging import cut, read_cursor
from services.surveys.calling import State
from services.surveys.models import Moment, call_attempts, callbacks, people

_NAMED = select(callbacks, people.c.badge.label("caller_name")).outerjoin(people, people.c.id == callbacks.c.claimed_by)


@dataclass(frozen=True)
class CallFilter:
    """What the queue is narrowed to: a community, or the calls that somebody has taken."""

    community_id: str | None = None
    claimed_by: str | None = None


def list_calls(db: Connection, wanted: CallFilter, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """Return a page of the calls to make, the longest possible first, and the next page's cursor."""
    statement = (
        _NAMED.where(callbacks.c.state.in_([State.OPEN, State.CLAIMED]))
        .order_by(callbacks.c.next_call_at, callbacks.c.id)
        .limit(limit + 1)
    )
    for name in ("community_id", "claimed_by"):
        if (value := getattr(wanted, name)) is not None:
            statement = statement.where(callbacks.c[name] == value)
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        last = tuple_(literal(cursor[0], Moment), cursor[1])
        statement = statement.where(tuple_(callbacks.c.next_call_at, callbacks.c.id) > last)
    return cut(db.execute(statement).all(), limit, "next_call_at", "id")


def call_of(db: Connection, callback_id: str) -> Any:
    """Return a call as it stands now; raises NotFound, also for one about the caller's own work."""
    there = callbacks.c.state != State.WAITING
    row = db.execute(_NAMED.where(callbacks.c.id == callback_id, there)).one_or_none()
    if row is None:
        raise NotFound("There is no such call to make.", "没有找到该回访电话。")
    return row


def attempts_of(db: Connection, callback_id: str) -> list[Any]:
    """Return how each attempt went, the first one first."""
    rows = (
        select(call_attempts, people.c.badge.label("caller_name"))
        .outerjoin(people, people.c.id == call_attempts.c.called_by)
        .where(call_attempts.c.callback_id == callback_id)
        .order_by(call_attempts.c.number)
    )
    return list(db.execute(rows))


def badge_of(db: Connection, person_id: str) -> str | None:
    """Return the name a staff member works under, where their account has been heard of."""
    return db.execute(select(people.c.badge).where(people.c.id == person_id)).scalar_one_or_none()
