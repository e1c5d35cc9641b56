"""The telephone number to call about one report: left by whoever reported it, gone a while after it ended."""

from typing import Any

from sqlalchemy import Connection, delete
from sqlalchemy.dialects.postgresql import insert

from services.kit.errors import Conflict
from services.tickets import lifecycle
from services.tickets.models import ticket_contacts
from services.tickets.queries.tickets import ticket_row

Ticket = dict[str, Any]


def leave_number(db: Connection, ticket: Ticket, phone: str) -> None:
    """Keep a number with a ticket, in place of one that was left before. No history and no event tells it."""
    forget_number(db, ticket["id"])
    row = {"ticket_id": ticket["id"], "organisation_id": ticket["organisation_id"], "phone": phone}
    db.execute(insert(ticket_contacts).values(**row, at=ticket["changed_at"]))


def forget_number(db: Connection, ticket_id: str) -> None:
    """Take a number away; there may be none."""
    db.execute(delete(ticket_contacts).where(ticket_contacts.c.ticket_id == ticket_id))


def change_number(db: Connection, ticket_id: str, phone: str | None) -> None:
    """Leave another number, or none.

    Raises NotFound, and Conflict where the report is over and nobody will call about it.
    """
    ticket = dict(ticket_row(db, ticket_id))
    if phone is None:
        forget_number(db, ticket_id)
    elif ticket["status"] not in lifecycle.OPEN:
        raise Conflict(
            "This report is over; nobody will call about it. Reopen it if it is not solved.",
            "该报事已结束，不会再致电。如未解决，请选择“未解决”。",
            status_now=ticket["status"],
        )
    else:
        leave_number(db, ticket, phone)
