"""The crew's verbs: taking a job, going there, doing it, and giving it back; each may be told later by a phone."""

from sqlalchemy import Connection

from services.contracts import tickets as facts
from services.kit.errors import Conflict, Forbidden
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.filing import DISPATCH
from services.tickets.commands.following import towards
from services.tickets.commands.rounds import require_all_ticked
from services.tickets.commands.steps import Step, Ticket, allow, badge_of, lock, plain, require_version, take


def claim(
    db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None, phone: Phone | None = None
) -> Ticket:
    """Take a job from the pool. One claim wins: the others raise Conflict with `owner`, the unskilled Forbidden."""
    ticket = lock(db, ticket_id)
    mine_again = ticket["status"] == "reopened" and lifecycle.is_free(ticket["owner_id"], actor.id)
    if ticket["owner_id"] is not None and not mine_again:
        raise _lost(db, actor, ticket)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "claim")
    # A manager takes what was handed up for their authority, not for their hands.
    if actor.role == "crew" and not lifecycle.is_skilled(ticket["skills"], actor.skills):
        needed = ", ".join(ticket["skills"])
        raise Forbidden(
            f"This job needs one of: {needed}. GET /api/v1/pool shows the jobs you can take.",
            f"该工单需要以下技能之一：{needed}。可在 GET /api/v1/pool 查看您能接的工单。",
            why="not_allowed",
            skills=ticket["skills"],
        )
    changes = {"owner_id": actor.id, "owner_desk": None}
    step = Step("claim", facts.TicketClaimed, changes=changes, acknowledges=True)
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "claim", phone))


def _lost(db: Connection, actor: Actor, ticket: Ticket) -> Conflict:
    if ticket["owner_id"] == actor.id:
        owner = {"id": actor.id, "name": None}
        return Conflict("You already have this job.", "该工单已在您名下。", why="already_done", owner=owner)
    name = badge_of(db, ticket["owner_id"])
    return Conflict(
        f"{name or 'Somebody else'} has this job. GET /api/v1/pool shows what else you can take.",
        f"该工单已由{name or '其他同事'}接单，可在 GET /api/v1/pool 查看其他可接工单。",
        why="taken",
        owner={"id": ticket["owner_id"], "name": name},
        next="/api/v1/pool",
    )


def release(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Put the job back into the pool, with the reason on record; the dispatch desk is accountable again."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    # Handed up before anybody had answered, it comes back as it was: still to be answered.
    rule = towards(ticket, allow(ticket, actor, "release"), {"action": "release"})
    step = Step(
        "release",
        facts.TicketReleased,
        changes={"owner_id": None, "owner_desk": DISPATCH},
        told={"previous_owner_id": ticket["owner_id"]},
        data={"previous_owner_id": ticket["owner_id"]},
        note=reason,
        note_visible=False,
    )
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "release", phone))


def depart(
    db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None, phone: Phone | None = None
) -> Ticket:
    """Set out."""
    return plain(db, actor, ticket_id, version, Step("depart", facts.TicketDeparted), phone=phone)


def arrive(
    db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None, phone: Phone | None = None
) -> Ticket:
    """Be on site: the attend clock stops."""
    return plain(db, actor, ticket_id, version, Step("arrive", facts.TicketArrived), phone=phone)


def start(
    db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None, phone: Phone | None = None
) -> Ticket:
    """Begin the work."""
    return plain(db, actor, ticket_id, version, Step("start", facts.TicketStarted), phone=phone)


def complete(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    note: str | None = None,
    version: int | None = None,
    settles: bool = False,
    phone: Phone | None = None,
) -> Ticket:
    """Say the work is done. The first completion is kept whatever follows; the return visit falls due.

    `settles` is for the verbs that settle a complaint, which the desk may do without a crew.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "complete", settling=settles)
    require_all_ticked(db, ticket_id)
    act = act_of(db, actor, ticket, "complete", phone)
    completion = ticket["completions"] + 1
    step = Step(
        "complete",
        facts.TicketCompleted,
        changes={
            "completed_by": actor.id,
            "completions": completion,
            "completed_at": act.done_at,
            "first_completed_at": ticket["first_completed_at"] or act.done_at,
            # Nobody has been asked about this completion yet.
            "solved": None,
            "satisfaction": None,
        },
        told={
            "crew_id": actor.id,
            "completed_at": act.done_at,
            "timezone": ticket["timezone"],
            "completion": completion,
        },
        data={"completion": completion},
        note=note,
    )
    return take(db, actor, ticket, step, rule, act)
