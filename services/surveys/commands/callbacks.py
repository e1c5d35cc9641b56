"""Who makes a call: exactly one of those who want it, until they call, give it back, or let it lie too long."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, or_, select, update

from services.kit.database import database_now
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.surveys.calling import State, possible_at
from services.surveys.models import callbacks
from services.surveys.queries.callbacks import call_of
from services.surveys.visiting import CallRules, Night

BATCH = 100
# The household said what it has to say by link, by login, or to the desk in another call.
ELSEWHERE = "answered_elsewhere"
UNCLAIMED = {"claimed_by": None, "claimed_at": None, "claimed_until": None}


def claim(
    db: Connection, actor: Actor, callback_id: str, *, now: datetime, night: Night | None, rules: CallRules
) -> Any:
    """Take a call. Of any number of claims one wins; the others hear who did. Returns the call.

    Raises Conflict at night where the household lives and before an agreed time, with when it is possible.
    """
    call = call_of(db, callback_id)
    if call.state == State.ENDED:
        raise _over(call)
    if call.state == State.CLAIMED and call.claimed_until > now:
        raise _lost(call, actor)
    require_possible(call, now, night)
    free = or_(callbacks.c.state == State.OPEN, callbacks.c.claimed_until <= now)
    won = db.execute(
        update(callbacks)
        .where(callbacks.c.id == callback_id, callbacks.c.state.in_([State.OPEN, State.CLAIMED]), free)
        .values(state=State.CLAIMED.value, claimed_by=actor.id, claimed_at=now, claimed_until=now + rules.claim_for)
        .returning(callbacks.c.id)
    ).one_or_none()
    if won is None:
        raise _lost(call_of(db, callback_id), actor)
    return call_of(db, callback_id)


def release(db: Connection, actor: Actor, callback_id: str) -> Any:
    """Give a call back to the queue; returns it. Raises Conflict for a call that is not the caller's."""
    given = db.execute(
        update(callbacks)
        .where(callbacks.c.id == callback_id, callbacks.c.state == State.CLAIMED, callbacks.c.claimed_by == actor.id)
        .values(state=State.OPEN.value, **UNCLAIMED)
        .returning(callbacks.c.id)
    ).one_or_none()
    call = call_of(db, callback_id)
    if given is None:
        raise not_yours(call, actor)
    return call


def require_possible(call: Any, moment: datetime, night: Night | None) -> None:
    """Raise Conflict where the household may not be called at a moment, with when it may."""
    zone = ZoneInfo(call.timezone)
    possible = possible_at(moment, call.next_call_at, zone, night)
    if possible <= moment:
        return
    when = possible.astimezone(zone)
    raise Conflict(
        f"This household can be called from {when:%Y-%m-%d %H:%M} on, by the clock where it lives.",
        f"该住户可于当地时间 {when:%Y-%m-%d %H:%M} 起致电。",
        possible_at=when.isoformat(),
    )


def not_yours(call: Any, actor: Actor) -> Conflict:
    """Return the refusal of an act on a call that the caller has not taken."""
    if call.state == State.ENDED:
        return _over(call)
    if call.state == State.OPEN:
        return Conflict("Take this call first.", "请先领取该回访电话。", next=f"/api/v1/callbacks/{call.id}/claim")
    return _lost(call, actor)


def _over(call: Any) -> Conflict:
    return Conflict(
        "This call is over: it needs no further attempt.",
        "该回访电话已结束，无需再拨打。",
        ended_because=call.ended_because,
        ended_at=call.ended_at.isoformat(),
    )


def _lost(call: Any, actor: Actor) -> Conflict:
    if call.state == State.ENDED:
        return _over(call)
    if call.claimed_by == actor.id:
        return Conflict("You already have this call.", "该回访电话已在您名下。", owner={"id": actor.id, "name": None})
    return Conflict(
        f"{call.caller_name or 'Somebody else'} has this call. GET /api/v1/callbacks shows what else there is.",
        f"该回访电话已由{call.caller_name or '其他同事'}领取，可在 GET /api/v1/callbacks 查看其他电话。",
        owner={"id": call.claimed_by, "name": call.caller_name},
        next="/api/v1/callbacks",
    )


def end_calls(db: Connection, surveys: Sequence[str], because: str) -> None:
    """End the calls about visits that need none any more."""
    if surveys:
        db.execute(
            update(callbacks)
            .where(callbacks.c.survey_id.in_(surveys), callbacks.c.state != State.ENDED)
            .values(state=State.ENDED.value, ended_because=because, ended_at=func.clock_timestamp(), **UNCLAIMED)
        )


def lapse_due(db: Connection) -> int:
    """End the calls nobody made in time, as of the moment they ran out; returns how many.

    One that somebody has taken is left to them for the length of their claim: what the household says now counts.
    """
    now = database_now(db)
    late = (
        select(callbacks.c.id)
        .where(
            callbacks.c.state.in_([State.OPEN, State.CLAIMED]),
            callbacks.c.expires_at <= now,
            or_(callbacks.c.state == State.OPEN, callbacks.c.claimed_until <= now),
        )
        .order_by(callbacks.c.expires_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    ended = db.execute(
        update(callbacks)
        .where(callbacks.c.id.in_(late.scalar_subquery()))
        .values(state=State.ENDED.value, ended_because="lapsed", ended_at=callbacks.c.expires_at, **UNCLAIMED)
        .returning(callbacks.c.id)
    ).all()
    return len(ended)
