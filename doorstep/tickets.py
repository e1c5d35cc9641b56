"""Finds the ticket that somebody at the terminal calls by its number."""

from typing import Any

from sqlalchemy import Connection, select

from doorstep.processes import CannotStart
from services.kit.identity import NOBODY, Actor
from services.tickets.models import NAMED_TICKETS, communities, tickets


class NoTicket(CannotStart):
    """No ticket, or more than one, has this number; the message says what to do."""


def by_number(db: Connection, number: str, organisation_id: str | None = None) -> dict[str, Any]:
    """Return the ticket with the names beside its ids; raises NoTicket. Numbers are one organisation's own."""
    wanted = NAMED_TICKETS.where(tickets.c.number == number.strip().upper())
    if organisation_id is not None:
        wanted = wanted.where(tickets.c.organisation_id == organisation_id)
    rows = db.execute(wanted.limit(20)).mappings().all()
    if not rows:
        if not db.execute(select(communities.c.id).limit(1)).all():
            raise NoTicket(
                f"There is no ticket {number}: no community is to be seen here at all."
                " Does TICKETS_WORKER_DATABASE_URL name the role that sees every organisation?"
            )
        raise NoTicket(f"There is no ticket {number}.")
    if len(rows) > 1:
        theirs = ", ".join(sorted(row["organisation_id"] for row in rows))
        raise NoTicket(f"Several organisations have a ticket {number}. Say which with --organisation: {theirs}")
    return dict(rows[0])


def operator(organisation_id: str) -> Actor:
    """Return whoever works at the terminal: they hold the database, and have no account."""
    return Actor(NOBODY, organisation_id, "admin")
