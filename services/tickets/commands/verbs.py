"""One function per verb of the lifecycle; each locks the ticket, refuses by name, or takes the step."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from services.contracts import tickets as facts
from services.kit import clock as time
from services.kit.errors import Conflict, Forbidden, Invalid, invalid_field
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.commands.filing import DISPATCH
from services.tickets.commands.rounds import require_all_ticked
from services.tickets.commands.steps import Step, Ticket, allow, badge_of, lock, require_version, take
from services.tickets.models import people

# What nobody lives to see is no promise; and a year of five digits could be written but never be read again.
LONGEST_PROMISE = timedelta(days=366)
# How a call about a completed job went.
OUTCOMES = ("reached", "not_reached")
# What no longer holds of a job that is reopened: that it is done, and that it is safe.
_OPEN_AGAIN: dict[str, Any] = {"completed_at": None, "made_safe_at": None}


def _plain(
    db: Connection, actor: Actor, ticket_id: str, version: int | None, step: Step, lacks: Invalid | None = None
) -> Ticket:
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, step.action)
    if lacks is not None:
        raise lacks
    return take(db, actor, ticket, step, rule)


def acknowledge(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """A human at the desk answers the request; the desk stays accountable."""
    return _plain(db, actor, ticket_id, version, Step("acknowledge", facts.TicketAcknowledged, acknowledges=True))


def claim(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Take a job from the pool. One claim wins: the others raise Conflict with `owner`, the unskilled Forbidden."""
    ticket = lock(db, ticket_id)
    mine_again = ticket["status"] == "reopened" and lifecycle.is_free(ticket["owner_id"], actor.id)
    if ticket["owner_id"] is not None and not mine_again:
        raise _lost(db, actor, ticket)
    require_version(ticket, version)
    rule = allow(ticket, actor, "claim")
    # A manager takes what was handed up for their authority, not for their hands.
    if actor.role == "crew" and not lifecycle.is_skilled(ticket["skills"], actor.skills):
        needed = ", ".join(ticket["skills"])
        raise Forbidden(
            f"This job needs one of: {needed}. GET /api/v1/pool shows the jobs you can take.",
            f"该工单需要以下技能之一：{needed}。可在 GET /api/v1/pool 查看您能接的工单。",
            skills=ticket["skills"],
        )
    changes = {"owner_id": actor.id, "owner_desk": None}
    return take(db, actor, ticket, Step("claim", facts.TicketClaimed, changes=changes, acknowledges=True), rule)


def _lost(db: Connection, actor: Actor, ticket: Ticket) -> Conflict:
    if ticket["owner_id"] == actor.id:
        return Conflict("You already have this job.", "该工单已在您名下。", owner={"id": actor.id, "name": None})
    name = badge_of(db, ticket["owner_id"])
    return Conflict(
        f"{name or 'Somebody else'} has this job. GET /api/v1/pool shows what else you can take.",
        f"该工单已由{name or '其他同事'}接单，可在 GET /api/v1/pool 查看其他可接工单。",
        owner={"id": ticket["owner_id"], "name": name},
        next="/api/v1/pool",
    )


def assign(
    db: Connection, actor: Actor, ticket_id: str, *, to: str, note: str | None = None, version: int | None = None
) -> Ticket:
    """Give the job to a crew member: the desk assigning, or the owner handing over."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "assign")
    wanted = select(people.c.community_ids).where(
        people.c.id == to, people.c.role == "crew", people.c.active, people.c.organisation_id == actor.organisation_id
    )
    crew = db.execute(wanted).one_or_none()
    if crew is None or (crew.community_ids and ticket["community_id"] not in crew.community_ids):
        raise invalid_field(
            "to", "No active crew member of this community has this id.", "该小区没有此编号的在岗人员。"
        )
    if ticket["owner_id"] == to:
        raise Conflict("They already have this job.", "该工单已在其名下。")
    step = Step(
        "assign",
        facts.TicketAssigned,
        changes={"owner_id": to, "owner_desk": None},
        told={"previous_owner_id": ticket["owner_id"]},
        data={"to": to, "previous_owner_id": ticket["owner_id"]},
        note=note,
        note_visible=False,
        acknowledges=True,
    )
    return take(db, actor, ticket, step, rule)


def release(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """Put the job back into the pool, with the reason on record; the dispatch desk is accountable again."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "release")
    if ticket["acknowledged_at"] is None:
        # It was handed up before anybody had answered, and comes back as it was: still to be answered.
        rule = replace(rule, target="filed")
    step = Step(
        "release",
        facts.TicketReleased,
        changes={"owner_id": None, "owner_desk": DISPATCH},
        told={"previous_owner_id": ticket["owner_id"]},
        data={"previous_owner_id": ticket["owner_id"]},
        note=reason,
        note_visible=False,
    )
    return take(db, actor, ticket, step, rule)


def depart(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Set out."""
    return _plain(db, actor, ticket_id, version, Step("depart", facts.TicketDeparted))


def arrive(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Be on site: the attend clock stops."""
    return _plain(db, actor, ticket_id, version, Step("arrive", facts.TicketArrived))


def start(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Begin the work."""
    return _plain(db, actor, ticket_id, version, Step("start", facts.TicketStarted))


def complete(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    note: str | None = None,
    version: int | None = None,
    settles: bool = False,
) -> Ticket:
    """Say the work is done. The first completion is kept whatever follows; the return visit falls due.

    `settles` is for the verbs that settle a complaint, which the desk may do without a crew.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "complete", settling=settles)
    require_all_ticked(db, ticket_id)
    at = max(time.now(), ticket["changed_at"])
    completion = ticket["completions"] + 1
    step = Step(
        "complete",
        facts.TicketCompleted,
        changes={
            "completed_by": actor.id,
            "completions": completion,
            "completed_at": at,
            "first_completed_at": ticket["first_completed_at"] or at,
            # Nobody has been asked about this completion yet.
            "solved": None,
            "satisfaction": None,
        },
        told={
            "crew_id": actor.id,
            "completed_at": at,
            "timezone": ticket["timezone"],
            "completion": completion,
        },
        data={"completion": completion},
        note=note,
    )
    return take(db, actor, ticket, step, rule, at)


def confirm(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """The resident says it is solved."""
    return _plain(db, actor, ticket_id, version, Step("confirm", facts.TicketConfirmed))


def call_back(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    outcome: str,
    note: str | None = None,
    version: int | None = None,
) -> Ticket:
    """The desk calls about a completed job; only `reached`, with a note of what was said, is a call that was kept."""
    unsaid = invalid_field("note", "Say what you were told on the phone.", "请写明通话中对方的答复。")
    told = {"outcome": outcome}
    step = Step("call_back", facts.TicketCalledBack, told=told, data=told, note=note, note_visible=False)
    return _plain(db, actor, ticket_id, version, step, unsaid if outcome == "reached" and not note else None)


def answer(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    satisfaction: int | None,
    data: dict[str, Any],
    solved: bool = True,
) -> Ticket:
    """A human answered the return visit: solved, or not and too late to reopen. `data` says for history which one."""
    said = {"solved": solved, "satisfaction": satisfaction}
    step = Step("answer", facts.TicketAnswered, changes=said, told=said, data={**data, **said})
    return _plain(db, actor, ticket_id, None, step)


def close(db: Connection, actor: Actor, ticket_id: str) -> Ticket:
    """Close what nobody objected to in time; on the record as the system's act, not as the resident's answer."""
    return _plain(db, actor, ticket_id, None, Step("close", facts.TicketClosed))


def reopen(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str | None,
    cause: str,
    answered: dict[str, Any] | None = None,
    version: int | None = None,
) -> Ticket:
    """It was not solved: whoever completed it is accountable again, or the desk where they have left.

    `cause` is resident, staff or survey; `answered` is what a survey's answer said, for history and the ticket's own
    columns. The completion before stays in history and in `first_completed_at`.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "reopen")
    crew = ticket["completed_by"]
    if crew is not None:
        still_here = select(people.c.id).where(people.c.id == crew, people.c.active)
        crew = db.execute(still_here).scalar_one_or_none()
    of_human = {name: answered[name] for name in ("solved", "satisfaction")} if answered else {}
    step = Step(
        "reopen",
        facts.TicketReopened,
        changes={"owner_id": crew, "owner_desk": None if crew else DISPATCH, **_OPEN_AGAIN, **of_human},
        told={"cause": cause, "crew_id": ticket["completed_by"]},
        data={"cause": cause, "owner_id": crew, **(answered or {})},
        note=reason,
    )
    return take(db, actor, ticket, step, rule)


def cancel(db: Connection, actor: Actor, ticket_id: str, *, reason: str | None, version: int | None = None) -> Ticket:
    """Withdraw the request; a step that has begun is finished by the desk, not by the resident."""
    return _plain(db, actor, ticket_id, version, Step("cancel", facts.TicketCancelled, note=reason))


def decline(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """Refuse a request that is not the desk's, with a reason the resident reads."""
    return _plain(db, actor, ticket_id, version, Step("decline", facts.TicketDeclined, note=reason))


def promise(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    promised_at: datetime,
    note: str | None = None,
    version: int | None = None,
) -> Ticket:
    """Tell the resident when; promise kept or broken is measured apart from the SLA target."""
    now = time.now()
    if not now < promised_at < now + LONGEST_PROMISE:
        raise invalid_field(
            "promised_at",
            "Promise a time that is still to come, within a year.",
            "承诺时间应晚于当前时间，且不超过一年。",
        )
    step = Step(
        "promise",
        facts.TicketPromised,
        changes={"promised_at": promised_at},
        told={"promised_at": promised_at},
        data={"promised_at": promised_at.isoformat()},
        note=note,
    )
    return _plain(db, actor, ticket_id, version, step)
