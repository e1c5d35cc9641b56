"""Waiting that cannot be gamed: a reason on the policy's list, a note, an end, and somebody who may object to it."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from services.contracts import tickets as facts
from services.kit import clock as time
from services.kit.errors import Conflict, Invalid, invalid_field
from services.kit.identity import Actor
from services.tickets import books
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.sla.policy import Policy

WAITING = "waiting"
# No policy allows more, and a year of five digits could be written but never be read again.
LONGEST_ANYWHERE = timedelta(days=366)
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
) -> Ticket:
    """Wait for something outside the crew's hands, until a moment at which the work goes on by itself.

    Reason and length are those of the policy the ticket runs under. Raises Invalid naming `reason` where the policy
    does not list it, and `until` where it is past or further away than the policy allows.
    """
    _check_end(until, time.now())
    until = until.astimezone(UTC)
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "pause")
    at = max(time.now(), ticket["changed_at"])
    _check_end(until, at)
    _check(books.policy_of(db, ticket["organisation_id"], ticket["policy_version"]), reason, at, until)
    step = Step(
        "pause",
        facts.TicketPaused,
        changes={"waiting_reason": reason, "paused_until": until},
        told={"waiting_reason": reason, "paused_until": until},
        data={"waiting_reason": reason, "until": until.isoformat()},
        note=note,
    )
    return take(db, actor, ticket, step, rule, at)


def _check_end(until: datetime, now: datetime) -> None:
    if not now < until < now + LONGEST_ANYWHERE:
        raise invalid_field(
            "until",
            "Let the pause end at a moment to come, within a year.",
            "暂停的截止时间应晚于当前时间，且不超过一年。",
        )


def _check(policy: Policy, reason: str, at: datetime, until: datetime) -> None:
    longest = policy.longest_pause(reason)
    if longest is None:
        listed = list(policy.pauses)
        raise Invalid(
            f"This community's policy lets no job wait for “{reason}”. It allows: {', '.join(listed) or 'no waiting'}.",
            f"本小区的时限政策不允许以“{reason}”为由暂停，可用的原因：{'、'.join(listed) or '无'}。",
            fields={"reason": ["not on the policy's list"]},
            reasons=listed,
        )
    if until > at + timedelta(seconds=longest):
        en, zh = _length(longest)
        raise Invalid(
            f"A pause for “{reason}” may last {en} at the longest; choose an end within that.",
            f"以“{reason}”为由的暂停最长为{zh}，请选择更早的截止时间。",
            fields={"until": ["later than the policy allows"]},
            longest_seconds=longest,
            latest=(at + timedelta(seconds=longest)).isoformat(),
        )


def _length(seconds: int) -> tuple[str, str]:
    """Return a length in the largest unit that says it exactly, in English and Chinese."""
    size, en, zh = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    count = seconds // size
    return f"{count} {en}{'s' if count > 1 else ''}", f"{count}{zh}"


def resume(db: Connection, actor: Actor, ticket_id: str, *, version: int | None = None) -> Ticket:
    """Go on with the work."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    return take(db, actor, ticket, Step("resume", facts.TicketResumed), allow(ticket, actor, "resume"))


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
    at = max(time.now(), ticket["changed_at"])
    changes = {"objected_at": at}
    step = Step("object", facts.TicketObjected, changes=changes, told=waiting, data=waiting, note=reason)
    return take(db, actor, ticket, step, rule, at)


def disallow(db: Connection, actor: Actor, ticket_id: str, *, reason: str, version: int | None = None) -> Ticket:
    """Take a pause back: the work goes on, and the clocks ran all the while, so that a target may now be missed."""
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    waiting = {"waiting_reason": ticket["waiting_reason"]}
    step = Step("disallow", facts.TicketDisallowed, told=waiting, data=waiting, note=reason)
    return take(db, actor, ticket, step, allow(ticket, actor, "disallow"))
