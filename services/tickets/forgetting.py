"""Takes away the telephone numbers that people left, a while after their reports ended."""

import structlog
from sqlalchemy import Engine, delete, func, select, text

from services.tickets.estate.spots import NUMBER_KEPT
from services.tickets.lifecycle import DONE, ENDED
from services.tickets.models import ticket_contacts, tickets

log = structlog.get_logger()


def forget_numbers(engine: Engine) -> int:
    """Delete the numbers of reports that ended longer ago than they are of use; returns how many."""
    over = select(tickets.c.id).where(
        tickets.c.id == ticket_contacts.c.ticket_id,
        tickets.c.status.in_((*DONE, *ENDED)),
        tickets.c.changed_at < func.now() - text(f"interval '{NUMBER_KEPT}'"),
    )
    with engine.begin() as db:
        gone = db.execute(delete(ticket_contacts).where(over.exists())).rowcount
    if gone:
        log.info("tickets.numbers_forgotten", count=gone)
    return gone
