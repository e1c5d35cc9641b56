"""How a call went: each attempt on record, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, update

from services.kit.errors import invalid_field
from services.kit.identity import Actor
from services.surveys import calling
from services.surveys.answering import Channel, HumanAnswer, ProxyAnswer, Said
from services.surveys.calling import State
from services.surveys.commands.answers import answer_by_phone, answer_by_proxy
from services.surveys.commands.callbacks import UNCLAIMED, not_yours, require_possible
from services.surveys.models import call_attempts, callbacks, return_visits
from services.surveys.queries.callbacks import call_of
from services.surveys.visiting import CallRules, Night


@dataclass(frozen=True)
class Attempt:
    """What a caller reports. `said` is there where somebody answered; `spoken_by` where that was a proxy."""

    outcome: str
    called_at: datetime | None = None
    call_again_at: datetime | None = None
    said: Said | None = None
    spoken_by: str | None = None


def record_attempt(
    db: Connection,
    actor: Actor,
    callback_id: str,
    attempt: Attempt,
    *,
    now: datetime,
    night: Night | None,
    rules: CallRules,
) -> Any:
    """Put an attempt of whoever has the call on record; returns the call as it is afterwards.

    Raises Conflict where somebody else has it, where it is over, and at night where the household lives.
    """
    call = _locked(db, actor, callback_id)
    called_at = _called_at(call, attempt, now)
    require_possible(call, called_at, night)
    zone, made = ZoneInfo(call.timezone), call.attempts + 1
    if attempt.call_again_at is not None:
        _check_again(call, attempt.call_again_at, now, zone, night)
    db.execute(
        insert(call_attempts).values(
            callback_id=call.id,
            number=made,
            organisation_id=call.organisation_id,
            survey_id=call.survey_id,
            outcome=attempt.outcome,
            called_by=actor.id,
            called_at=called_at,
            call_again_at=attempt.call_again_at,
        )
    )
    _keep_what_was_said(db, actor, call, attempt)
    after = calling.after(attempt.outcome, made, called_at, attempt.call_again_at, zone, night, rules)
    ended = after.ended_because is not None
    db.execute(
        update(callbacks)
        .where(callbacks.c.id == call.id)
        .values(
            state=State.ENDED.value if ended else State.OPEN.value,
            attempts=made,
            ended_because=after.ended_because,
            ended_at=func.clock_timestamp() if ended else None,
            next_call_at=after.next_call_at or call.next_call_at,
            **UNCLAIMED,
        )
    )
    return call_of(db, callback_id)


def _locked(db: Connection, actor: Actor, callback_id: str) -> Any:
    """Return the caller's own call, locked with its visit, the visit first as everywhere."""
    call = call_of(db, callback_id)
    if call.state != State.CLAIMED or call.claimed_by != actor.id:
        raise not_yours(call, actor)
    db.execute(select(return_visits.c.id).where(return_visits.c.id == call.survey_id).with_for_update())
    db.execute(select(callbacks.c.id).where(callbacks.c.id == callback_id).with_for_update())
    call = call_of(db, callback_id)
    if call.state != State.CLAIMED or call.claimed_by != actor.id:
        raise not_yours(call, actor)
    return call


def _called_at(call: Any, attempt: Attempt, now: datetime) -> datetime:
    called_at = attempt.called_at or now
    if not call.claimed_at <= called_at <= now:
        raise invalid_field(
            "called_at",
            "A call is made after it was taken, and is recorded afterwards.",
            "致电时间应在领取之后、记录之前。",
        )
    return called_at


def _check_again(call: Any, again_at: datetime, now: datetime, zone: ZoneInfo, night: Night | None) -> None:
    if not now < again_at < call.expires_at:
        until = call.expires_at.astimezone(zone)
        raise invalid_field(
            "call_again_at",
            f"Call again at a time to come, before {until:%Y-%m-%d %H:%M}.",
            f"再次致电时间应晚于现在，且早于 {until:%Y-%m-%d %H:%M}。",
        )
    possible = calling.possible_at(again_at, None, zone, night).astimezone(zone)
    if possible > again_at:
        raise invalid_field(
            "call_again_at",
            f"That is at night where they live; from {possible:%Y-%m-%d %H:%M} on it is possible.",
            f"该时间为当地夜间，可于 {possible:%Y-%m-%d %H:%M} 起致电。",
        )


def _keep_what_was_said(db: Connection, actor: Actor, call: Any, attempt: Attempt) -> None:
    if attempt.said is None:
        return
    if attempt.spoken_by is None:
        answer_by_phone(db, call.survey_id, HumanAnswer(attempt.said, Channel.PHONE, recorded_by=actor.id))
    else:
        answer_by_proxy(db, call.survey_id, ProxyAnswer(attempt.said, attempt.spoken_by, recorded_by=actor.id))
