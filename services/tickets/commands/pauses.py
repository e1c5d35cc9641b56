"""Waiting that cannot be gamed: a reason on the policy's list, a note, an end, and somebody who may object to it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from services.contracts import tickets as facts
from services.kit import clock as time
from services.kit.errors import Conflict, Invalid, invalid_field
from services.kit.identity import Actor
from services.tickets import books
from services.tickets.acts import Phone
from services.tickets.commands.acting import act_of, now, require_status
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.models import history
from services.tickets.running_terms import Entry, events_by
from services.tickets.sla import wording
from services.tickets.sla.pauses import DISALLOW
from services.tickets.sla.policy import Policy
from services.tickets.sla.runs import tell

WAITING = "waiting"
# No policy allows more, and a year of five digits could be written but never be read again.
LONGEST_ANYWHERE = timedelta(days=366)
# What the household asks for itself, and where it is too late for somebody to be asked to come at another time.
WISH = "resident_choice"
_THERE = ("on_site", "in_progress", WAITING)
# What is done or opened again begins its waiting anew.
_ANEW = ("complete", "reopen")
_UNITS = ((86_400, "day", "天"), (3_600, "hour", "小时"), (60, "minute", "分钟"), (1, "second", "秒"))


def pause(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str,
    note: str,
    until: datetime,
    version: int | None = None,
    phone: Phone | None = None,
) -> Ticket:
    """Wait for something outside the crew's hands, until a moment at which the work goes on by itself.

    Reason and length are those of the policy the ticket runs under, and the length is that of all pauses for the
    reason since the job was last done: one pause after the other buys no more than one. Raises Invalid naming
    `reason` where the policy does not list it, `until` where it is past or further away than the policy allows, and
    Conflict where the desk took a pause for this reason back. One told later is granted from when it is heard of.
    """
    _check_end(until, time.now())
    until = until.astimezone(UTC)
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "pause")
    act = act_of(db, actor, ticket, "pause", phone)
    at = act.heard_at
    _check_end(until, at)
    entries = _history(db, ticket_id)
    policy = books.policy_of(db, ticket["organisation_id"], ticket["policy_version"])
    longest = _longest(policy, reason)
    _check_accepted(entries, reason)
    _check_length(reason, longest, spent(entries, reason, at), at, until)
    step = Step(
        "pause",
        facts.TicketPaused,
        changes={"waiting_reason": reason, "paused_until": until},
        told={"waiting_reason": reason, "paused_until": until},
        data={"waiting_reason": reason, "until": until.isoformat()},
        note=note,
    )
    return take(db, actor, ticket, step, rule, act)


def _check_end(until: datetime, now: datetime) -> None:
    if not now < until < now + LONGEST_ANYWHERE:
        raise invalid_field(
            "until",
            "Let the pause end at a moment to come, within a year.",
            "暂停的截止时间应晚于当前时间，且不超过一年。",
        )


def _longest(policy: Policy, reason: str) -> timedelta:
    longest = policy.longest_pause(reason)
    if longest is None:
        listed, named = list(policy.pauses), wording.reason(reason)
        offered = [f"{wording.reason(code)['zh-CN']}（{code}）" for code in listed]
        raise Invalid(
            f"This community's policy lets no job wait because {named['en']}. "
            f"It allows: {', '.join(listed) or 'no waiting'}.",
            f"本小区的时限政策不允许以“{named['zh-CN']}”为由暂停，可用的原因：{'、'.join(offered) or '无'}。",
            fields={"reason": ["not on the policy's list"]},
            reasons=listed,
        )
    return timedelta(seconds=longest)


def _check_accepted(entries: Sequence[Entry], reason: str) -> None:
    """Refuse a reason that the desk did not accept on this job since it was last reopened."""
    if _refused_lately(entries, reason):
        named = wording.reason(reason)
        raise Conflict(
            f"The desk did not accept that this job waits because {named['en']}. Go on with the work, name what else "
            "it waits for, or hand the job up.",
            f"客服未认可本工单以“{named['zh-CN']}”为由暂停。请继续处理，或改用其他原因，或将工单上报。",
            reason=reason,
        )


def _refused_lately(entries: Sequence[Entry], reason: str) -> bool:
    reopened = max((number for number, entry in enumerate(entries) if entry["action"] == "reopen"), default=0)
    return any(_took_back(entry, reason) for entry in entries[reopened:])


def _took_back(entry: Entry, reason: str) -> bool:
    return entry["action"] == DISALLOW and entry["data"].get("waiting_reason") == reason


def _check_length(reason: str, longest: timedelta, used: timedelta, at: datetime, until: datetime) -> None:
    left = max(longest - used, timedelta())
    if until <= at + left:
        return
    en, zh = _length(round(longest.total_seconds()))
    named = wording.reason(reason)
    if not used:
        says = (
            f"A pause because {named['en']} may last {en} at the longest; choose an end within that.",
            f"以“{named['zh-CN']}”为由的暂停最长为{zh}，请选择更早的截止时间。",
        )
    else:
        rest = wording.length(left.total_seconds())
        says = (
            f"All pauses because {named['en']} may last {en} together until the job is done, and {rest['en']} of "
            "that is left; choose an end within that, or go on with the work.",
            f"工单完成前，以“{named['zh-CN']}”为由的暂停累计最长为{zh}，还剩{rest['zh-CN']}；请选择更早的截止时间或继续处理。",
        )
    raise Invalid(
        *says,
        fields={"until": ["later than the policy allows"]},
        longest_seconds=round(longest.total_seconds()),
        left_seconds=left.total_seconds(),
        latest=(at + left).isoformat(),
    )


def spent(entries: Sequence[Entry], reason: str, at: datetime) -> timedelta:
    """Return how long a job has waited for a reason since it was last completed or reopened, up to `at`."""
    since = max((number for number, entry in enumerate(entries) if entry["action"] in _ANEW), default=0)
    told = tell(events_by(entries[since:], {}), at)
    waits = [wait for wait in told.waits if told.events[wait.first].reason == reason] if told else []
    return sum(((wait.end or min(wait.until or at, at)) - wait.start for wait in waits), timedelta())


def wish_until(db: Connection, ticket: Ticket, ends_at: datetime, at: datetime) -> dict[str, str]:
    """Return until when what is due waits for a visit at the time that the household named, as history records it.

    To the end of the window, for whoever comes in it comes as they were asked to. That is a pause for the resident's
    choice like one a crew begins, of the length that the policy leaves; nothing where it lists no such pause, the desk
    took one back, or somebody is there already, who can pause the job.
    """
    longest = books.policy_of(db, ticket["organisation_id"], ticket["policy_version"]).longest_pause(WISH)
    if longest is None or ticket["status"] in _THERE:
        return {}
    entries = _history(db, ticket["id"])
    until = min(ends_at, at + timedelta(seconds=longest) - spent(entries, WISH, at))
    if until <= at or _refused_lately(entries, WISH):
        return {}
    return {"waiting_reason": WISH, "until": until.astimezone(UTC).isoformat()}


def _history(db: Connection, ticket_id: str) -> list[Entry]:
    wanted = select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
    return [dict(row) for row in db.execute(wanted).mappings()]


def _length(seconds: int) -> tuple[str, str]:
    """Return a length in the largest unit that says it exactly, in English and Chinese."""
    size, en, zh = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    count = seconds // size
    return f"{count} {en}{'s' if count > 1 else ''}", f"{count}{zh}"


def resume(
    db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None, phone: Phone | None = None
) -> Ticket:
    """Go on with the work."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    require_status(ticket, phone)
    rule = allow(ticket, actor, "resume")
    act = act_of(db, actor, ticket, "resume", phone)
    return take(db, actor, ticket, Step("resume", facts.TicketResumed), rule, act)


def expire_pause(db: Connection, actor: Actor, ticket_id: str) -> Ticket | None:
    """End a pause whose time is over, as the system; None where somebody ended it before, or it is not over yet.

    The clocks do not wait for this: for them the pause is over at its end, whenever that is noticed. What this does
    is to put the job back to work and to tell whose it is.
    """
    ticket = lock(db, ticket_id)
    until = ticket["paused_until"]
    if ticket["status"] != WAITING or until is None or until > time.now():
        return None
    data = {"expired": True, "paused_until": until.astimezone(UTC).isoformat()}
    step = Step("resume", facts.TicketResumed, told={"expired": True}, data=data)
    return take(db, actor, ticket, step, allow(ticket, actor, "resume"))


def object_to(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """The household does not accept that the job waits. Once a pause: raises Conflict where it was said already."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "object")
    if ticket["objected_at"] is not None:
        raise Conflict(
            "Your household has objected to this pause already, and the desk knows. A comment adds to it.",
            "您已对本次暂停提出过异议，客服已知悉；如需补充请留言。",
        )
    waiting = {"waiting_reason": ticket["waiting_reason"]}
    act = now(ticket)
    changes = {"objected_at": act.heard_at}
    step = Step("object", facts.TicketObjected, changes=changes, told=waiting, data=waiting, note=reason)
    return take(db, actor, ticket, step, rule, act)


def disallow(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str,
    pause: int | None = None,
    version: int | None = None,
) -> Ticket:
    """Take a pause back: the clocks ran all the while, so that a target may now be missed, also one thought met.

    `pause` is the number of the pause in the history, by default that of the latest. One that is still open ends,
    and the work goes on. Raises Conflict where there is none, or it was taken back before, and Invalid naming `pause`.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, DISALLOW)
    entries = _history(db, ticket_id)
    found = _pause_in(entries, pause)
    latest = max((entry["seq"] for entry in entries if entry["action"] == "pause"), default=0)
    if ticket["status"] == WAITING and found["seq"] == latest:
        rule = replace(rule, target="in_progress")
    waiting = {"waiting_reason": found["data"].get("waiting_reason")}
    data = {**waiting, "pause": found["seq"]}
    step = Step(DISALLOW, facts.TicketDisallowed, told=waiting, data=data, note=reason)
    return take(db, actor, ticket, step, rule)


def _pause_in(entries: Sequence[Entry], number: int | None) -> Entry:
    """Return the pause of this number, or the latest, where it was not taken back yet."""
    pauses = {entry["seq"]: entry for entry in entries if _waits(entry)}
    if not pauses:
        raise Conflict("This job never waited, so there is nothing to take back.", "该工单没有暂停记录，无需处理。")
    if number is not None and number not in pauses:
        known = ", ".join(map(str, pauses))
        raise invalid_field(
            "pause",
            f"No pause of this job has this number; its pauses are: {known}.",
            f"该工单没有此编号的暂停，已有：{known}。",
        )
    found = pauses[max(pauses) if number is None else number]
    if found["seq"] in _taken_back(entries):
        raise Conflict("This pause was taken back already.", "该次暂停此前已被认定不成立。", pause=found["seq"])
    return found


def _waits(entry: Entry) -> bool:
    """True for a pause, and for an agreement by which what is due waits for the time that the household named."""
    return entry["action"] == "pause" or (entry["action"] == "agree" and "until" in entry["data"])


def _taken_back(entries: Sequence[Entry]) -> set[int]:
    """Return the numbers of the pauses that were taken back; older entries mean the pause that they ended."""
    found, latest = set(), 0
    for entry in entries:
        latest = entry["seq"] if entry["action"] == "pause" else latest
        if entry["action"] == DISALLOW:
            found.add(entry["data"].get("pause", latest))
    return found
