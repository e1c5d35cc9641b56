"""Asking to hurry (催单): counted and on record, told to whoever is accountable, and not a way to flood them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from services.contracts.tickets import TicketUrged
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.tickets.commands.acting import now
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take

# Whoever was told needs time to do something about it before they are told again.
EVERY = timedelta(hours=1)


def may_urge(ticket: Mapping[str, Any], at: datetime) -> bool:
    """True where nobody of the household asked to hurry within the last hour."""
    return ticket["urged_at"] is None or ticket["urged_at"] + EVERY <= at


def urge(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Ask to hurry. Raises Conflict, with `again_at`, where the household did so within the last hour."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "urge")
    act = now(ticket)
    if not may_urge(ticket, act.heard_at):
        raise Conflict(
            "They know already that you are waiting. You can ask again an hour after the last time.",
            "已经催过单，负责人已知悉；距上次满一小时后可以再催。",
            again_at=(ticket["urged_at"] + EVERY).isoformat(),
        )
    times = ticket["urges"] + 1
    step = Step(
        "urge",
        TicketUrged,
        changes={"urges": times, "urged_at": act.heard_at},
        told={"times": times},
        data={"urges": times},
    )
    return take(db, actor, ticket, step, rule, act)
