"""Handing a ticket up: whoever lacks the authority to put things right says so once, and management has it."""

from sqlalchemy import Connection, select

from services.contracts.tickets import TicketEscalated
from services.kit.errors import Conflict, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.models import people

MANAGEMENT = "management"


def escalate(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str,
    to: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Make management accountable, or the manager `to`. The reason stays among staff (如果需要更大的权力…及时上报)."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "escalate")
    if to is None and ticket["owner_desk"] == MANAGEMENT:
        raise Conflict("Management has this ticket already.", "该工单已由管理层负责。", why="already_done")
    if to is not None:
        _require_manager(db, actor, ticket, to)
    passed = {"previous_owner_id": ticket["owner_id"]}
    step = Step(
        "escalate",
        TicketEscalated,
        changes={"owner_id": to, "owner_desk": None if to else MANAGEMENT},
        told=passed,
        data={"to": to, "desk": None if to else MANAGEMENT, **passed},
        note=reason,
        note_visible=False,
    )
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "escalate", phone))


def _require_manager(db: Connection, actor: Actor, ticket: Ticket, to: str) -> None:
    wanted = select(people.c.community_ids).where(
        people.c.id == to,
        people.c.role == "manager",
        people.c.active,
        people.c.organisation_id == actor.organisation_id,
    )
    found = db.execute(wanted).one_or_none()
    if found is None or (found.community_ids and ticket["community_id"] not in found.community_ids):
        raise invalid_field(
            "to", "No active manager of this community has this id.", "该小区没有此编号的在岗管理人员。"
        )
    if ticket["owner_id"] == to:
        raise Conflict("They already have this ticket.", "该工单已在其名下。")
