"""What is asked of an act that a phone tells of: once, of the job as it is now, and counted from a bounded moment."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from services.kit import clock as time
from services.kit.errors import Conflict, invalid_field
from services.kit.identity import Actor
from services.tickets import acts, books, lifecycle
from services.tickets.acts import Act, Phone
from services.tickets.models import history
from services.tickets.running_terms import MOVES_CLOCKS

Ticket = dict[str, Any]


def require_status(ticket: Ticket, phone: Phone | None) -> None:
    """Raise Conflict where the ticket is not as the phone showed it when the act was done."""
    expected = phone and phone.expected_status
    if expected and expected != ticket["status"]:
        raise Conflict(
            f"You saw the ticket as {expected}; it is {ticket['status']} now.",
            f"操作时工单为“{lifecycle.STATUS_NAMES_ZH[expected]}”，"
            f"现为“{lifecycle.STATUS_NAMES_ZH[ticket['status']]}”。",
            why="status_changed",
            status_now=ticket["status"],
        )


def now(ticket: Ticket) -> Act:
    """Return an act that is told as it is done: now, and never before the last change of a locked ticket."""
    return acts.at_once(max(time.now(), ticket["changed_at"]))


def act_of(db: Connection, actor: Actor, ticket: Ticket, action: str, phone: Phone | None, **same: str) -> Act:
    """Return when an act on a locked ticket counts from; without a phone's time that is now.

    Never before the last change, so that history is in order. `same` is what else an entry must have in common to be
    the same act. Raises Conflict where this very act is on record, or the ticket was reopened since it was done, and
    Invalid where the time is not the caller's to say.
    """
    act = now(ticket)
    if phone is None or phone.acted_at is None:
        return act
    heard_at = act.heard_at
    if action in acts.COUNTS_BACK and actor.role != "crew":
        raise invalid_field(
            "acted_at",
            "Only a crew member's act counts from its own time; leave acted_at out.",
            "仅现场人员的操作可按实际时间计算，请勿填写 acted_at。",
        )
    if phone.tells_at_once():
        return act
    past = select(history).where(history.c.ticket_id == ticket["id"]).order_by(history.c.seq)
    entries = [dict(row) for row in db.execute(past).mappings()]
    policy = books.policy_of(db, ticket["organisation_id"], ticket["policy_version"])
    not_before = acts.latest_of(entries, MOVES_CLOCKS)
    longest_back = timedelta(seconds=policy.longest_back)
    act = acts.told_later(action, phone, heard_at, not_before, longest_back)
    _refuse_twice(entries, actor, action, act, same)
    if action in acts.COUNTS_BACK:
        _refuse_overtaken(entries, heard_at - phone.ago())
    return act


def _refuse_twice(entries: list[Ticket], actor: Actor, action: str, act: Act, same: dict[str, str]) -> None:
    """An answer that got lost is asked for again, be it weeks later: what is on record is not done twice."""
    acted_at = act.said["acted"]["acted_at"]
    for entry in entries:
        told = entry["data"].get("acted")
        if (
            told
            and (entry["actor_id"], entry["action"], told["acted_at"]) == (actor.id, action, acted_at)
            and all(entry["data"].get(name) == value for name, value in same.items())
        ):
            raise Conflict(
                f"This is on record already, as entry {entry['seq']} of the history.",
                f"该操作此前已登记（记录第 {entry['seq']} 条）。",
                why="already_done",
                entry=entry["seq"],
            )


def _refuse_overtaken(entries: list[Ticket], done_at: datetime) -> None:
    """What was done before a job was opened again is no work on what it was opened again for."""
    reopened = [entry for entry in entries if entry["action"] == "reopen"]
    if reopened and done_at < reopened[-1]["at"]:
        at = reopened[-1]["at"].isoformat(timespec="seconds")
        raise Conflict(
            f"This was done before the ticket was reopened at {at}, so it does not count for what is asked now. "
            "Leave it as a remark, or do what is asked.",
            f"该操作早于工单重新打开的时间（{at}），不能算作本次处理；可改为留言，或按新的要求处理。",
            why="overtaken",
            reopened_at=reopened[-1]["at"].isoformat(),
        )
