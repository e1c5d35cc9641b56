"""Every window that was named for a ticket, and what became of it, as its history tells it."""

from typing import Any

from sqlalchemy import Connection, select

from services.kit import clock as time
from services.tickets.appointments import Appointment, appointments_of
from services.tickets.models import history
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import moment


def all_appointments_of(db: Connection, ticket_id: str) -> list[dict[str, Any]]:
    """Return every window of a ticket, oldest first; raises NotFound, also for other people's."""
    ticket_row(db, ticket_id)
    past = select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
    entries = [dict(entry) for entry in db.execute(past).mappings()]
    return [_view(one) for one in appointments_of(entries, time.now())]


def _view(one: Appointment) -> dict[str, Any]:
    return {
        "number": one.number,
        "from": moment(one.begins_at),
        "to": moment(one.ends_at),
        "proposed_by": one.proposed_by,
        "proposed_at": moment(one.proposed_at),
        "agreed_at": moment(one.agreed_at),
        "spoken": one.spoken,
        "became": one.became,
        "became_at": moment(one.became_at),
    }
