"""One cause, one job: a request is joined to the one that leads, and parted from it again with nothing lost."""

from typing import Any

from sqlalchemy import Connection, exists, select, update

from services.contracts.joining import TicketJoined
from services.kit.errors import Conflict, DeskError, invalid_field
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.acts import Act, Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.following import arrival, followers_of, parting
from services.tickets.commands.nearness import near_to
from services.tickets.commands.steps import Step, Ticket, allow, catch_up, lock, no_such_ticket, require_version, take
from services.tickets.desk_scope import as_the_desk
from services.tickets.models import NAMED_TICKETS, announcements, tickets, units

# What one job can put right for several; whoever complains, asks or is cared for is not a case among others.
CAUSES = ("repair", "cleaning", "security", "greening", "community")
EMERGENCY = "emergency"
LIFE_SAFETY = "life_safety"


def join(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    to: str,
    reason: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Join a request to the one that leads; it moves with that from now on, and keeps its own clocks and answers.

    Raises Invalid naming `to`, and Conflict where the other is finished, joined itself, or others are joined to this.
    """
    ticket, lead = _lock_both(db, ticket_id, to)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "join")
    _check(db, actor, ticket, lead)
    return _join(db, actor, ticket, lead, rule, reason, act_of(db, actor, ticket, "join", phone))


def urgency_of_lead(db: Connection, to: str) -> str | None:
    """Return how urgent a report is that can be joined, and None where it cannot be.

    Locks it, so that this is still true when a new one is joined to it in the same transaction.
    """
    with as_the_desk(db, "dispatcher"):
        leading = select(tickets.c.status, tickets.c.urgency).where(tickets.c.id == to, tickets.c.joined_to.is_(None))
        lead = db.execute(leading.with_for_update()).one_or_none()
    return lead.urgency if lead is not None and lead.status in lifecycle.OPEN else None


def join_filed(db: Connection, actor: Actor, ticket: Ticket, to: str) -> Ticket:
    """Join a request that is just being filed. Where the other was finished meanwhile, or is less pressing than this
    emergency, it is simply filed; where that was joined to a third, it is joined to the third.
    """
    with as_the_desk(db, "dispatcher"):
        further = db.execute(select(tickets.c.joined_to).where(tickets.c.id == to)).scalar_one_or_none()
    ticket, lead = _lock_both(db, ticket["id"], further or to, "join")
    gone = lead["status"] not in lifecycle.OPEN or lead["joined_to"] is not None
    if gone or is_more_pressing(ticket, lead["urgency"]):
        return ticket
    try:
        _check(db, actor, ticket, lead)
    except DeskError as problem:
        raise invalid_field("join", problem.en, problem.zh) from problem
    return _join(db, actor, ticket, lead, allow(ticket, actor, "join"), None)


def part(
    db: Connection, actor: Actor, ticket_id: str, *, reason: str | None = None, version: int | None = None
) -> Ticket:
    """Let a request stand by itself again: open, it goes back to the pool, answered or not as it is."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "part")
    if ticket["joined_to"] is None:
        raise Conflict("This request is joined to no other.", "该工单没有合并到其他工单。")
    first, *rest = parting(ticket, {}, note=reason)
    ticket = take(db, actor, ticket, Step(**first), rule)
    with as_the_desk(db, "dispatcher"):
        return catch_up(db, ticket, rest)


def let_danger_stand(db: Connection, ticket: Ticket) -> Ticket:
    """Part what has become a danger to life from what is no emergency, whichever of the two was corrected just now.

    Nobody was called to the other, and joined to it the danger would wait as long as that may. Returns the ticket.
    """
    with as_the_desk(db, "dispatcher"):
        if ticket["joined_to"] is not None:
            lead = select(tickets.c.urgency).where(tickets.c.id == ticket["joined_to"])
            if is_more_pressing(ticket, db.execute(lead).scalar_one()):
                ticket = catch_up(db, ticket, parting(ticket, {}))
        elif ticket["leads"]:
            for row in followers_of(db, ticket["id"]):
                if is_more_pressing(row, ticket["urgency"]):
                    catch_up(db, row, parting(row, {}))
    return ticket


def _join(
    db: Connection,
    actor: Actor,
    ticket: Ticket,
    lead: Ticket,
    rule: lifecycle.Rule,
    reason: str | None,
    act: Act | None = None,
) -> Ticket:
    step = Step("join", TicketJoined, changes={"joined_to": lead["id"]}, data={"lead": lead["id"]}, note=reason)
    ticket = take(db, actor, ticket, step, rule, act)
    with as_the_desk(db, "dispatcher"):
        db.execute(update(tickets).where(tickets.c.id == lead["id"], ~tickets.c.leads).values(leads=True))
        return catch_up(db, ticket, arrival(ticket, lead))


def _lock_both(db: Connection, ticket_id: str, to: str, field: str = "to") -> tuple[Ticket, Ticket]:
    """Lock both in the order of their ids, whoever joins which; the other may be a neighbour's, whom nobody sees."""
    if db.execute(select(tickets.c.id).where(tickets.c.id == ticket_id)).one_or_none() is None:
        raise no_such_ticket()
    both = NAMED_TICKETS.where(tickets.c.id.in_((ticket_id, to))).order_by(tickets.c.id)
    with as_the_desk(db, "dispatcher"):
        rows: dict[str, Any] = {row["id"]: dict(row) for row in db.execute(both.with_for_update(of=tickets)).mappings()}
    if to not in rows or to == ticket_id:
        raise _no_such_lead(field)
    return rows[ticket_id], rows[to]


def _no_such_lead(field: str) -> DeskError:
    return invalid_field(
        field,
        "No open report near this place has this id. GET /api/v1/similar lists them.",
        "附近没有此编号的未完成工单，可在 GET /api/v1/similar 查看。",
    )


def _check(db: Connection, actor: Actor, ticket: Ticket, lead: Ticket) -> None:
    if lead["community_id"] != ticket["community_id"] or not _may_see(db, actor, ticket, lead):
        raise _no_such_lead("to")
    if lead["work_type"] not in CAUSES or ticket["work_type"] not in CAUSES:
        raise invalid_field("to", "Only requests for work are joined.", "只有需要处理的报事可以合并。")
    if lead["status"] not in lifecycle.OPEN:
        raise Conflict("That request is finished already.", "那张工单已经结束。", status_now=lead["status"])
    if lead["joined_to"] is not None:
        raise Conflict(
            "That request is joined to another one itself. Join this one to that.",
            "那张工单本身已合并到另一张工单，请合并到后者。",
            joined_to=lead["joined_to"],
        )
    if is_more_pressing(ticket, lead["urgency"]):
        raise Conflict(
            "An emergency is joined only to an emergency: nobody was called to that request. Raise its urgency first.",
            "紧急工单只能合并到紧急工单（那张工单未紧急通知人员），请先调高其紧急程度。",
            urgency_now=lead["urgency"],
        )
    if ticket["joined_to"] is not None:
        raise Conflict(
            "This request is joined already. Part it first.", "该工单已合并，请先拆分。", joined_to=ticket["joined_to"]
        )
    others = exists().where(tickets.c.joined_to == ticket["id"], tickets.c.status.in_(lifecycle.OPEN))
    with as_the_desk(db, "dispatcher"):
        if db.execute(select(others)).scalar_one():
            raise Conflict(
                "Other requests are joined to this one. Join them one by one, or part them first.",
                "已有其他工单合并到该工单，请先逐一拆分或改为合并它们。",
            )


def is_more_pressing(ticket: Ticket, urgency_of_lead: str) -> bool:
    """True for danger to life beside what is no emergency: joined to it, it would wait as long as that may.

    Who is without water because of an outage that was announced goes along with it, urgent as that is.
    """
    dangerous = ticket["urgency"] == EMERGENCY and ticket["sla_class"] == LIFE_SAFETY
    return bool(dangerous and urgency_of_lead != EMERGENCY)


def _may_see(db: Connection, actor: Actor, ticket: Ticket, lead: Ticket) -> bool:
    """True for staff, and for a resident where the other is one that GET /similar may show them for this place."""
    if actor.is_staff:
        return True
    current = (announcements.c.ticket_id == tickets.c.id) & (announcements.c.state == "published")
    beside = tickets.outerjoin(units, units.c.id == tickets.c.unit_id).outerjoin(announcements, current)
    with as_the_desk(db, "dispatcher"):
        home = select(units.c.building_id).where(units.c.id == ticket["unit_id"])
        near = near_to(actor, ticket["unit_id"], db.execute(home).scalar_one_or_none())
        found = select(tickets.c.id).select_from(beside).where(tickets.c.id == lead["id"], near)
        return db.execute(found).first() is not None
