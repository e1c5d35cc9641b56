"""The telephone number to call about one report: who left it, who saw it, and that it goes a while after the end."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock as time
from services.kit.errors import Conflict
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.models import contact_views, ticket_contacts
from services.tickets.queries.tickets import ticket_row

Ticket = dict[str, Any]


def leave_number(db: Connection, ticket: Ticket, phone: str) -> None:
    """Keep a number with a ticket, in place of one that was left before. No history and no event tells it."""
    forget_number(db, ticket["id"])
    row = {"ticket_id": ticket["id"], "organisation_id": ticket["organisation_id"], "phone": phone}
    db.execute(insert(ticket_contacts).values(**row, at=time.now()))


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


def note_looks(db: Connection, actor: Actor, shown: Iterable[Mapping[str, Any]]) -> None:
    """Write down that somebody of the staff is shown the numbers to call about these tickets."""
    rows = [
        {
            "id": str(new_id()),
            "organisation_id": actor.organisation_id,
            "community_id": ticket["community_id"],
            "ticket_id": ticket["id"],
            "viewer_id": actor.id,
            "viewer_role": actor.role,
            "at": time.now(),
        }
        for ticket in shown
    ]
    if rows and actor.is_staff:
        db.execute(insert(contact_views), rows)


def note_first_looks(db: Connection, actor: Actor, shown: Iterable[Mapping[str, Any]]) -> None:
    """Write the same down once for each number: a phone that keeps its jobs asks for them again and again."""
    tickets = {ticket["id"]: ticket for ticket in shown}
    if not tickets:
        return
    known = (
        select(contact_views.c.ticket_id)
        .join(ticket_contacts, ticket_contacts.c.ticket_id == contact_views.c.ticket_id)
        .where(contact_views.c.ticket_id.in_(tickets), contact_views.c.viewer_id == actor.id)
        .where(contact_views.c.at >= ticket_contacts.c.at)
    )
    seen = set(db.execute(known).scalars())
    note_looks(db, actor, (ticket for key, ticket in tickets.items() if key not in seen))
