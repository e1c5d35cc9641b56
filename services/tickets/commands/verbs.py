"""One function per verb of the lifecycle; each locks the ticket, refuses by name, or takes the step."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from services.contracts import tickets as facts
from services.kit import clock as time
from services.kit.errors import Conflict, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.filing import DISPATCH
from services.tickets.commands.following import parting
from services.tickets.commands.steps import Step, Ticket, allow, catch_up, lock, plain, require_version, take
from services.tickets.desk_scope import as_the_desk
from services.tickets.models import people

# What nobody lives to see is no promise; and a year of five digits could be written but never be read again.
LONGEST_PROMISE = timedelta(days=366)
# How a call about a completed job went.
OUTCOMES = ("reached", "not_reached")
# What no longer holds of a job that is reopened: that it is done, and that it is safe.
_OPEN_AGAIN: dict[str, Any] = {"completed_at": None, "made_safe_at": None}


def assign(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    to: str,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Give the job to a crew member: the desk assigning, or the owner handing over."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
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
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "assign", phone))


def confirm(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """The resident says it is solved."""
    return plain(db, actor, ticket_id, version, Step("confirm", facts.TicketConfirmed))


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
    return plain(db, actor, ticket_id, version, step, unsaid if outcome == "reached" and not note else None)


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
    return plain(db, actor, ticket_id, None, step)


def close(db: Connection, actor: Actor, ticket_id: str) -> Ticket:
    """Close what nobody objected to in time; on the record as the system's act, not as the resident's answer."""
    return plain(db, actor, ticket_id, None, Step("close", facts.TicketClosed))


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
    if ticket["joined_to"] is not None:
        # Solved for the others, and not here: it stands by itself from now on.
        with as_the_desk(db, "dispatcher"):
            ticket = catch_up(db, ticket, parting(ticket, {"by": actor.id}))
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
    return plain(db, actor, ticket_id, version, Step("cancel", facts.TicketCancelled, note=reason))


def decline(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """Refuse a request that is not the desk's, with a reason the resident reads."""
    return plain(db, actor, ticket_id, version, Step("decline", facts.TicketDeclined, note=reason))


def promise(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    promised_at: datetime,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
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
    return plain(db, actor, ticket_id, version, step, phone=phone)
