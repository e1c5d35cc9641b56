"""Drawing households for a call: the lot of each visit once at completion, and once more where nobody answers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, literal, select, update

from services.kit.database import database_now
from services.kit.events import new_id
from services.surveys import drawing
from services.surveys.calling import State as CallState
from services.surveys.commands.callbacks import BATCH
from services.surveys.drawing import Chance, Draw, Sampling
from services.surveys.models import State, callbacks, draws, return_visits, sampling_rules, ticket_turns
from services.surveys.visiting import CallRules, Rules


def sampling_of(db: Connection, organisation_id: str, community_id: str, usual: Sampling) -> Sampling:
    """Return how a community draws now: its own rule before the organisation's, and that before the usual one."""
    rules = sampling_rules.c
    newest = (
        select(rules.phone_percent, rules.silent_percent, rules.silent_after_days)
        .where(rules.organisation_id == organisation_id, rules.scope_id.in_([community_id, organisation_id]))
        .order_by((rules.scope_id == community_id).desc(), rules.version.desc())
        .limit(1)
    )
    row = db.execute(newest).one_or_none()
    return usual if row is None else Sampling(*row)


def draw_at_completion(
    db: Connection, visit: Any, work_type: str, urgency: str, usual: Sampling, chance: Chance
) -> None:
    """Draw about a completion and keep the draw, whichever way it fell; the call waits for the invitation."""
    sampling = sampling_of(db, visit.organisation_id, visit.community_id, usual)
    draw = drawing.at_completion(sampling, work_type, urgency, chance)
    _keep(db, visit, draw)
    if draw.drawn:
        db.execute(insert(callbacks).values(**_call(visit, draw), state=CallState.WAITING.value))


def open_calls(db: Connection, surveys: Sequence[str], now: datetime, rules: CallRules) -> None:
    """Let the calls about visits that have just been invited be made."""
    db.execute(
        update(callbacks)
        .where(callbacks.c.survey_id.in_(surveys), callbacks.c.state == CallState.WAITING)
        .values(state=CallState.OPEN.value, next_call_at=now, expires_at=now + rules.within)
    )


def silence_due_at(db: Connection, visit: Any, now: datetime, usual: Sampling) -> datetime:
    """Return when a household invited now is silent for so long that it may be drawn."""
    sampling = sampling_of(db, visit.organisation_id, visit.community_id, usual)
    return now + timedelta(days=sampling.silent_after_days)


def draw_silent_due(db: Connection, rules: Rules, chance: Chance) -> int:
    """Draw about the invited who have been silent for long enough; returns how many were looked at.

    Who is to be called already is not drawn again: one draw decides, and its probability stands. Nor is a household
    that the desk has spoken with since.
    """
    now = database_now(db)
    silent = (
        select(return_visits)
        .where(return_visits.c.silence_due_at <= now)
        .order_by(return_visits.c.silence_due_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    rows = db.execute(silent).all()
    for visit in rows:
        if visit.state == State.INVITED and not _is_called(db, visit):
            _draw_silent(db, visit, now, rules, chance)
    ids = [visit.id for visit in rows]
    db.execute(update(return_visits).where(return_visits.c.id.in_(ids)).values(silence_due_at=None))
    return len(rows)


def _is_called(db: Connection, visit: Any) -> bool:
    drawn = select(literal(1)).where(callbacks.c.survey_id == visit.id)
    reached = select(literal(1)).where(
        ticket_turns.c.ticket_id == visit.ticket_id, ticket_turns.c.reached_version > visit.ticket_version
    )
    return bool(db.execute(drawn.union_all(reached)).all())


def _draw_silent(db: Connection, visit: Any, now: datetime, rules: Rules, chance: Chance) -> None:
    sampling = sampling_of(db, visit.organisation_id, visit.community_id, rules.sampling)
    draw = drawing.of_the_silent(sampling, chance)
    _keep(db, visit, draw)
    if draw.drawn:
        opened = {"state": CallState.OPEN.value, "next_call_at": now, "expires_at": now + rules.calls.within}
        db.execute(insert(callbacks).values(**_call(visit, draw), **opened))


def _keep(db: Connection, visit: Any, draw: Draw) -> None:
    db.execute(
        insert(draws).values(
            survey_id=visit.id,
            round=draw.round,
            organisation_id=visit.organisation_id,
            community_id=visit.community_id,
            drawn_with=draw.drawn_with,
            method=draw.method,
            reason=draw.reason,
            drawn=draw.drawn,
        )
    )


def _call(visit: Any, draw: Draw) -> dict[str, Any]:
    copied = (
        "organisation_id", "ticket_id", "number", "completion", "community_id", "unit_id", "requester_id", "timezone",
        "completed_at",
    )  # fmt: skip
    return {
        "id": str(new_id()),
        "survey_id": visit.id,
        **{name: getattr(visit, name) for name in copied},
        "reason": draw.reason,
        "drawn_with": draw.drawn_with,
        # Nobody is asked by those whose work it was, nor by themselves.
        "not_for": sorted({person for person in (visit.completed_by, visit.requester_id) if person}),
    }
