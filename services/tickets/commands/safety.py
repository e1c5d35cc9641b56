"""Taking the danger away: once, until the ticket is reopened, for each time tells a household that it is safe."""

from sqlalchemy import Connection

from services.contracts import tickets as facts
from services.kit.errors import Conflict, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take


def make_safe(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Nobody is in danger any more; the repair may be to come. The desk, not there, says how it knows, else Invalid.

    Once: raises Conflict with `made_safe_at` where the danger was taken away before, until the ticket is reopened.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "make_safe")
    if ticket["made_safe_at"] is not None:
        raise Conflict(
            "It is on record already that nobody is in danger here. Go on with the work, or write a comment.",
            "该工单已登记排险，请继续处理，或添加留言说明。",
            why="already_done",
            made_safe_at=ticket["made_safe_at"].isoformat(),
        )
    if actor.role != "crew" and not note:
        raise invalid_field("note", "Say how you know that nobody is in danger.", "请说明如何确认危险已排除。")
    act = act_of(db, actor, ticket, "make_safe", phone)
    step = Step("make_safe", facts.TicketMadeSafe, changes={"made_safe_at": act.done_at}, note=note)
    return take(db, actor, ticket, step, rule, act)
