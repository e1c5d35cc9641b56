"""A human at the desk answers a request: once, however far it has come meanwhile."""

from dataclasses import replace

from sqlalchemy import Connection

from services.contracts.tickets import TicketAcknowledged
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take


def acknowledge(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """A human at the desk answers the request; the desk stays accountable."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "acknowledge")
    if ticket["status"] != "filed":
        if ticket["acknowledged_at"] is not None:
            raise Conflict("The household was answered already.", "该工单已受理。", status_now=ticket["status"])
        # It moved on with the request it is joined to, or was handed up, before anybody had answered.
        rule = replace(rule, target=None)
    return take(db, actor, ticket, Step("acknowledge", TicketAcknowledged, acknowledges=True), rule)
