"""Reads of return visits for the routes; row-level security shows a link only its own visit."""

from typing import Any

from sqlalchemy import Connection, case, func, select

from services.surveys.links import fingerprint, unknown_link
from services.surveys.models import State, return_visits


def visit_behind(db: Connection, survey_id: str, token: str) -> Any:
    """Return the visit a link was handed out for, as it stands now; raises NotFound.

    A link past its time reads as expired even before the sweep has written that down.
    """
    visits = return_visits.c
    lapsed = (visits.state == State.INVITED) & (visits.expires_at <= func.clock_timestamp())
    row = db.execute(
        select(
            visits.id,
            visits.organisation_id,
            visits.number,
            visits.timezone,
            visits.completed_at,
            visits.expires_at,
            case((lapsed, State.EXPIRED.value), else_=visits.state).label("state"),
            case((lapsed, visits.expires_at), else_=visits.ended_at).label("ended_at"),
        ).where(visits.id == survey_id, visits.token_sha256 == fingerprint(token))
    ).one_or_none()
    if row is None:
        raise unknown_link()
    return row
