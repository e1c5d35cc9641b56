"""The numbers to call about reports, as far as they are the caller's to see."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from services.tickets.models import ticket_contacts


def phone_of(db: Connection, ticket_id: str) -> str | None:
    """Return the number to call about a report, while it is there and the caller's to see."""
    return numbers_of(db, [ticket_id]).get(ticket_id)


def numbers_of(db: Connection, ticket_ids: Sequence[str]) -> dict[str, str]:
    """Return the numbers to call by the ids of their reports."""
    wanted = select(ticket_contacts.c.ticket_id, ticket_contacts.c.phone)
    rows = db.execute(wanted.where(ticket_contacts.c.ticket_id.in_(ticket_ids)))
    return {row.ticket_id: row.phone for row in rows}
