"""Return visits as a link or a household sees them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, literal, select, tuple_

from services.kit.errors import NotFound
from services.kit.http.paging import cut, read_cursor
from services.surveys.links import fingerprint, unknown_link
from services.surveys.models import Moment, State, return_visits

_LAPSED = (return_visits.c.state == State.INVITED) & (return_visits.c.expires_at <= func.clock_timestamp())
# A visit past its time reads as expired even before the sweep has written that down.
_SEEN = (
    *(
        return_visits.c[name]
        for name in (
            "id", "organisation_id", "ticket_id", "number", "completion", "community_id", "unit_id", "timezone",
            "completed_at", "invited_at", "expires_at", "late_until", "superseded_at", "proxied_at",
        )
    ),
    case((_LAPSED, State.EXPIRED.value), else_=return_visits.c.state).label("state"),
    case((_LAPSED, return_visits.c.expires_at), else_=return_visits.c.ended_at).label("ended_at"),
)  # fmt: skip


def visit_behind(db: Connection, survey_id: str, token: str) -> Any:
    """Return the visit a link was handed out for, as it stands now; raises NotFound."""
    visits = return_visits.c
    row = db.execute(
        select(*_SEEN).where(visits.id == survey_id, visits.token_sha256 == fingerprint(token))
    ).one_or_none()
    if row is None:
        raise unknown_link()
    return row


def still_answerable() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a household's answer is taken without a link, late or not."""
    visits = return_visits.c
    return (
        visits.state.in_([State.INVITED, State.EXPIRED]),
        visits.late_until > func.clock_timestamp(),
        visits.superseded_at.is_(None),
    )


def own_visit(db: Connection, survey_id: str) -> Any:
    """Return a visit of the caller's household that it was asked about; raises NotFound for anybody else's."""
    asked = return_visits.c.invited_at.is_not(None)
    row = db.execute(select(*_SEEN).where(return_visits.c.id == survey_id, asked)).one_or_none()
    if row is None:
        raise NotFound("There is no such return visit.", "没有找到该回访。")
    return row


def list_open_visits(db: Connection, limit: int, after: str | None) -> tuple[list[Any], str | None]:
    """Return a page of what the caller's household can still answer, newest first, and the next page's cursor."""
    key = (return_visits.c.invited_at, return_visits.c.id)
    statement = (
        select(*_SEEN)
        .where(*still_answerable())
        .order_by(return_visits.c.invited_at.desc(), return_visits.c.id.desc())
        .limit(limit + 1)
    )
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        statement = statement.where(tuple_(*key) < tuple_(literal(cursor[0], Moment), cursor[1]))
    return cut(db.execute(statement).all(), limit, "invited_at", "id")
