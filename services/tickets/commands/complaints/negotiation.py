"""Options, the complainant's choice, and a manager's approval with its own deadline."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from services.contracts import complaints as facts
from services.kit import clock as time
from services.kit.errors import invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.commands.complaints.cases import Opened, open_case, require_soon
from services.tickets.commands.steps import Step, Ticket
from services.tickets.complaints.limits import approval_due_at


def offer(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    options: Sequence[dict[str, Any]],
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Offer at least two options, each with `what` (one line) and `by` when it would be done."""
    opened = open_case(db, actor, ticket_id, "offer", version, phone)
    now = time.now()
    for number, option in enumerate(options):
        require_soon(f"options.{number}.by", option["by"], now)
    until = [option["by"].isoformat() for option in options]
    step = Step(
        "offer",
        facts.ComplaintOffered,
        told={"options": len(options)},
        data={"by": until},
        note="\n".join(option["what"] for option in options),
    )
    return opened.take(step, options=until, offered_at=now, offered_remark=step.note_id, chosen=None)


def choose(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    option: int,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """The complainant chooses an option, counted from 1; a manager is asked to approve it in time.

    Where staff write down a choice that was made over the telephone, history shows it as theirs to answer for.
    """
    opened = open_case(db, actor, ticket_id, "choose", version, phone)
    offered = len(opened.case["options"])
    if not 1 <= option <= offered:
        raise invalid_field("option", f"Choose 1 to {offered}.", f"请选择 1 至 {offered}。")
    now = time.now()
    due = approval_due_at(now, opened.case["severity"])
    step = Step(
        "choose",
        facts.ComplaintAccepted,
        told={"option": option, "approval_due_at": due},
        data={"option": option, "by_role": actor.role, "approval_due_at": due.isoformat()},
    )
    columns = {"chosen": option, "chosen_by_role": actor.role, "chosen_at": now}
    return opened.take(step, **columns, approval_due_at=due, approval_late_at=None)


def approve(
    db: Connection, actor: Actor, ticket_id: str, *, note: str | None = None, version: int | None = None
) -> Ticket:
    """A manager approves what was chosen; whether in time is on record."""
    opened = open_case(db, actor, ticket_id, "approve", version)
    now = time.now()
    step = Step(
        "approve",
        facts.ComplaintApproved,
        told={"option": opened.case["chosen"]},
        data={"option": opened.case["chosen"], **_in_time(opened, now)},
        note=note,
        note_visible=False,
    )
    return opened.take(step, approved_at=now, approved_by=actor.id, **_counted(opened, now))


def refuse(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """A manager does not approve: other options are offered. The reason stays among staff."""
    opened = open_case(db, actor, ticket_id, "refuse", version)
    now = time.now()
    step = Step("refuse", facts.ComplaintRefused, data=_in_time(opened, now), note=reason, note_visible=False)
    return opened.take(step, **_counted(opened, now), chosen=None, approval_due_at=None)


def _in_time(opened: Opened, now: datetime) -> dict[str, bool]:
    return {"in_time": now <= opened.case["approval_due_at"]}


def _counted(opened: Opened, now: datetime) -> dict[str, int]:
    name = "approvals_in_time" if now <= opened.case["approval_due_at"] else "approvals_late"
    return {name: opened.case[name] + 1}


def tell_overdue(db: Connection, actor: Actor, ticket_id: str) -> Ticket | None:
    """Put a late approval before everybody who can lend a hand, once; None where it is not late (any more)."""
    opened = open_case(db, actor, ticket_id, "overdue")
    due, now = opened.case["approval_due_at"], time.now()
    if opened.case["approval_late_at"] is not None or due > now:
        return None
    step = Step(
        "overdue",
        facts.ComplaintDelayed,
        told={"approval_due_at": due},
        data={"approval_due_at": due.isoformat()},
    )
    return opened.take(step, approval_late_at=now)
