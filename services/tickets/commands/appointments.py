"""The verbs of an appointment: a window is proposed, agreed to by the other side, or called off."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from services.contracts import appointments as facts
from services.kit import clock as time
from services.kit.errors import Conflict, DeskError, invalid_field
from services.kit.identity import Actor
from services.tickets.acts import Phone
from services.tickets.appointments import (
    AGREED,
    FURTHEST_AHEAD,
    HOUSEHOLD,
    LONGEST,
    NO_PROPOSAL,
    OVER,
    PROPOSED,
    SHORTEST,
    remind_at,
    shown,
    side_of,
)
from services.tickets.commands.acting import act_of, require_status
from services.tickets.commands.pauses import wish_until
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.lifecycle import Rule


def propose(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    begins_at: datetime,
    ends_at: datetime,
    seen: int | None = None,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Propose when somebody comes. What is agreed stands until the other side agrees to this.

    `seen` is the version of the appointment that the proposer saw, None for none: of two proposals that cross, the
    later one is refused (Conflict, with the one that stands). Raises Invalid naming `from` or `to`.
    """
    begins_at, ends_at = _checked(begins_at, ends_at)
    ticket, rule = _locked(db, actor, ticket_id, "propose", seen, version, phone)
    by = side_of(actor.role)
    told = {
        "begins_at": begins_at,
        "ends_at": ends_at,
        "by_household": by == HOUSEHOLD,
        "instead": ticket["agreed_from"] is not None,
    }
    step = Step(
        "propose",
        facts.AppointmentProposed,
        changes={
            "proposed_from": begins_at,
            "proposed_until": ends_at,
            "proposed_by": by,
            "appointment_version": ticket["version"] + 1,
        },
        told=told,
        data=_window(begins_at, ends_at, by),
        note=note,
    )
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "propose", phone))


def agree(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    seen: int | None = None,
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
    spoken: bool = False,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Agree to what the other side proposed; what was agreed before is replaced.

    With `spoken` staff record that the household said yes by word of mouth: to the desk's own proposal, or to a window
    given here. Where the household itself had named the window, what is due waits until it is over, or somebody is
    there, as far as the policy lets a job wait for a resident's choice. Raises Conflict where nothing is proposed, or
    it is one's own.
    """
    window = None if begins_at is None or ends_at is None else _checked(begins_at, ends_at)
    ticket, rule = _locked(db, actor, ticket_id, "agree", seen, version, phone)
    act = act_of(db, actor, ticket, "agree", phone)
    by, proposal = side_of(actor.role), None
    if window is not None:
        _require_word(actor, spoken)
    else:
        by, proposal = _answerable(actor, ticket, spoken, act.heard_at), ticket["appointment_version"]
        window = ticket["proposed_from"], ticket["proposed_until"]
    begins, ends = window
    spoken = by != HOUSEHOLD and actor.role != "resident"
    told = {"begins_at": begins, "ends_at": ends, "by_household": by == HOUSEHOLD, "spoken": spoken}
    wish = wish_until(db, ticket, ends, act.heard_at) if by == HOUSEHOLD else {}
    step = Step(
        "agree",
        facts.AppointmentAgreed,
        changes={
            **NO_PROPOSAL,
            "agreed_from": begins,
            "agreed_until": ends,
            "remind_at": remind_at(act.heard_at, begins, ticket["timezone"]),
            "appointment_version": ticket["version"] + 1,
        },
        told={**told, "instead": ticket["agreed_from"] is not None},
        data={**_window(begins, ends, by), "spoken": spoken, "proposal": proposal, **wish},
        note=note,
    )
    return take(db, actor, ticket, step, rule, act)


def call_off(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    seen: int | None = None,
    note: str | None = None,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Take the last window off the table, whoever named it: what is proposed, else what was agreed."""
    ticket, rule = _locked(db, actor, ticket_id, "call_off", seen, version, phone)
    if ticket["appointment_version"] is None:
        raise _nothing()
    proposed = ticket["proposed_from"] is not None
    of = PROPOSED if proposed else AGREED
    begins, ends = ticket[f"{of}_from"], ticket[f"{of}_until"]
    kept = proposed and ticket["agreed_from"] is not None
    step = Step(
        "call_off",
        facts.AppointmentWithdrawn,
        changes={**NO_PROPOSAL, "appointment_version": ticket["version"] + 1} if kept else OVER,
        told={
            "begins_at": begins,
            "ends_at": ends,
            "by_household": ticket["proposed_by"] == HOUSEHOLD,
            "agreed": not proposed,
        },
        data={"of": of, "from": begins.isoformat(), "to": ends.isoformat()},
        note=note,
    )
    return take(db, actor, ticket, step, rule, act_of(db, actor, ticket, "call_off", phone))


def _locked(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    action: str,
    seen: int | None,
    version: int | None,
    phone: Phone | None,
) -> tuple[Ticket, Rule]:
    """Lock a ticket whose appointment is as it was seen; raises Conflict with the one that stands where it is not."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, action)
    if seen != ticket["appointment_version"]:
        raise Conflict(
            "The appointment has changed since you saw it. Look at it as it is now, and answer that.",
            "预约时间刚刚有变化，请先查看最新的预约再操作。",
            why="appointment_changed",
            appointment=shown(ticket),
        )
    return ticket, rule


def _checked(begins_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    """Return a window in UTC; raises Invalid naming what is wrong with it."""
    now = time.now()
    if not now < begins_at < now + FURTHEST_AHEAD:
        raise invalid_field(
            "from",
            f"Choose a time to come, within {FURTHEST_AHEAD.days} days.",
            f"预约开始时间应晚于当前时间，且在 {FURTHEST_AHEAD.days} 天以内。",
        )
    if not SHORTEST <= ends_at - begins_at <= LONGEST:
        raise invalid_field(
            "to",
            "Let the window last from 15 minutes to 8 hours.",
            "预约时段应为 15 分钟至 8 小时。",
        )
    return begins_at.astimezone(UTC), ends_at.astimezone(UTC)


def _require_word(actor: Actor, spoken: bool) -> None:
    if actor.role == "resident":
        raise invalid_field(
            "from",
            "You agree to what the desk proposed; to name another time, propose it.",
            "确认的是物业提出的时间；如需其他时间，请另行提出。",
        )
    if not spoken:
        raise invalid_field(
            "spoken",
            "Say with “spoken” that the household agreed by word of mouth, or propose the window to them.",
            "请以 spoken 注明住户已口头同意，或先向住户提出该时段。",
        )


def _answerable(actor: Actor, ticket: Ticket, spoken: bool, at: datetime) -> str:
    """Return whose proposal may be agreed to now."""
    by: str | None = ticket["proposed_by"]
    if by is None:
        raise _nothing()
    if ticket["proposed_until"] <= at:
        raise Conflict(
            "The window that was proposed is over. Propose another one.",
            "所提议的时段已过，请另行提出。",
            why="window_over",
        )
    if by == side_of(actor.role) and (by == HOUSEHOLD or not spoken):
        raise Conflict(
            "This was proposed by your own side, and waits for the other one's answer.",
            "该时间由您这一方提出，正等待对方确认。",
            why="own_proposal",
        )
    return by


def _nothing() -> DeskError:
    return Conflict("No time is proposed or agreed.", "目前没有提议或约定的时间。", why="nothing_proposed")


def _window(begins_at: datetime, ends_at: datetime, by: str) -> dict[str, Any]:
    return {"from": begins_at.isoformat(), "to": ends_at.isoformat(), "by": by}
