"""The estimates that were given of a ticket's waits, as the caller may see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.tickets.commands.waits import AT_FILING, estimate_of
from services.tickets.models import history, wait_estimates
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import moment
from services.tickets.sla.runs import ENDS_ATTEND
from services.tickets.waits.likeness import ATTEND, MEASURES
from services.tickets.waits.wording import sentences

_KEPT = ("measure", "waited_seconds", "basis", "because", "n", "censored", "probability", "moved")
_MOMENTS = ("given_at", "known_at", "low_at", "high_at")


def wait_view(row: Mapping[str, Any], filed_at: datetime) -> dict[str, Any]:
    """Return an estimate as it was given, with the sentence that says it."""
    view = {name: row[name] for name in _KEPT} | {name: moment(row[name]) for name in _MOMENTS}
    told = estimate_of(row, filed_at)
    return view | {"sentence": sentences(row["measure"], told, later=row["seq"] > AT_FILING)}


def waits_of(db: Connection, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the estimates that stand for a ticket: the last given of each measure."""
    given = wait_estimates
    last = (
        select(given)
        .ext(distinct_on(given.c.measure))
        .where(given.c.ticket_id == ticket["id"])
        .order_by(given.c.measure, given.c.seq.desc())
    )
    return [wait_view(row._asdict(), ticket["filed_at"]) for row in db.execute(last)]


def all_waits_of(db: Connection, ticket_id: str) -> dict[str, Any]:
    """Return every estimate that was given for a ticket, oldest first, and when what it waited for happened."""
    ticket = ticket_row(db, ticket_id)
    given = wait_estimates
    wanted = (
        select(given).where(given.c.ticket_id == ticket_id).order_by(given.c.given_at, given.c.measure, given.c.seq)
    )
    came = select(func.min(history.c.at)).where(history.c.ticket_id == ticket_id, history.c.action.in_(ENDS_ATTEND))
    ended = {ATTEND: db.execute(came).scalar_one()}
    return {
        "items": [wait_view(row._asdict(), ticket["filed_at"]) for row in db.execute(wanted)],
        "ended_at": {measure: moment(ended.get(measure, ticket["completed_at"])) for measure in MEASURES},
    }
