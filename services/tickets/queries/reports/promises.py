"""What became of every promise, told by history: a promise broken stays broken, whatever is promised afterwards."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, cast, func, or_, select

from services.tickets.lifecycle import OPEN
from services.tickets.models import Moment, history, tickets

KEPT, BROKEN, PENDING, REPLACED, WITHDRAWN = "kept", "broken", "open", "replaced", "withdrawn"
PROMISES = (KEPT, BROKEN, PENDING)
_ENDS = ("complete", "cancel", "decline")


def promises_of(conditions: Sequence[ColumnElement[bool]], now: datetime) -> Subquery:
    """Return every promise made about the tickets that `conditions` choose, as (ticket_id, became).

    Kept or broken is said of the next completion after the promise, never of an earlier one. Another promise made in
    time takes its place ("replaced"); one made when the time was up already does not. A request withdrawn before the
    promised time takes the promise along ("withdrawn").
    """
    told = _told(conditions)
    promised = told.c.promised_at
    replaced = and_(told.c.next_promise.is_not(None), or_(told.c.end.is_(None), told.c.next_promise < told.c.end))
    until = case((replaced, told.c.next_promise_at), else_=func.coalesce(told.c.end_at, now))
    became = case(
        (promised < until, BROKEN),
        (replaced, REPLACED),
        (told.c.end_action == "complete", KEPT),
        (or_(told.c.end_at.is_not(None), told.c.status.not_in(OPEN)), WITHDRAWN),
        else_=PENDING,
    ).label("became")
    return select(told.c.ticket_id, became).where(told.c.action == "promise").subquery("promises")


def _told(conditions: Sequence[ColumnElement[bool]]) -> Subquery:
    """Return the promises and ends of the tickets in question, each with the next of both kinds."""
    is_promise, is_end = history.c.action == "promise", history.c.action.in_(_ENDS)
    # The next by number; moments are in the same order, and the verb goes along with its number.
    numbered = func.to_char(history.c.seq, "FM0000000000") + history.c.action

    def following(value: Any, condition: ColumnElement[bool]) -> ColumnElement[Any]:
        least = func.min(value).filter(condition)
        return least.over(partition_by=history.c.ticket_id, order_by=history.c.seq, rows=(1, None))

    return (
        select(
            history.c.ticket_id,
            history.c.action,
            tickets.c.status,
            cast(history.c.data["promised_at"].astext, Moment).label("promised_at"),
            following(history.c.seq, is_promise).label("next_promise"),
            following(history.c.at, is_promise).label("next_promise_at"),
            following(history.c.seq, is_end).label("end"),
            following(history.c.at, is_end).label("end_at"),
            func.substr(following(numbered, is_end), 11).label("end_action"),
        )
        .join(tickets, tickets.c.id == history.c.ticket_id)
        .where(*conditions, tickets.c.promised_at.is_not(None), history.c.action.in_(("promise", *_ENDS)))
        .subquery("told")
    )
