"""What makes a return visit: falling due, being withdrawn, inviting, expiring."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts.fact import to_event
from services.contracts.surveys import SurveyExpired, SurveyInvited
from services.contracts.tickets import TicketCompleted
from services.kit import outbox
from services.kit.database import database_now
from services.kit.events import Event, new_id
from services.surveys import models
from services.surveys.commands.callbacks import BATCH, ELSEWHERE, end_calls
from services.surveys.commands.draws import draw_at_completion, open_calls, silence_due_at
from services.surveys.drawing import Chance, system_chance
from services.surveys.links import Link, fingerprint
from services.surveys.models import State, Turn, return_visits, ticket_turns
from services.surveys.visiting import Rules, due_at, out_of_night

MakeToken = Callable[[Link], str]


def note_turn(db: Connection, organisation_id: str, ticket_id: str, version: int, turn: Turn) -> Any:
    """Remember a ticket's completion or reopening and withdraw the open visits about earlier completions.

    An expired one stays expired, and is superseded: it can no longer be answered late. Returns the newest turn known
    (`version`, `turn`, `reached_version`), which may be a later one. Locks the ticket here until the transaction ends,
    so that its events take effect one after the other, whichever comes first.
    """
    written = insert(ticket_turns).values(
        ticket_id=ticket_id, organisation_id=organisation_id, version=version, turn=turn.value
    )
    newer = written.excluded.version > ticket_turns.c.version
    newest = db.execute(
        written.on_conflict_do_update(
            index_elements=["ticket_id"],
            set_={
                "version": func.greatest(ticket_turns.c.version, written.excluded.version),
                "turn": case((newer, written.excluded.turn), else_=ticket_turns.c.turn),
            },
        ).returning(ticket_turns.c.version, ticket_turns.c.turn, ticket_turns.c.reached_version)
    ).one()
    earlier = (return_visits.c.ticket_id == ticket_id, return_visits.c.ticket_version < newest.version)
    moved = (
        update(return_visits)
        .where(*earlier, return_visits.c.state.in_([State.SCHEDULED, State.INVITED]))
        .values(state=State.WITHDRAWN.value, withdrawn_because=newest.turn, ended_at=func.clock_timestamp())
    )
    passed = (
        update(return_visits)
        .where(*earlier, return_visits.c.state == State.EXPIRED, return_visits.c.superseded_at.is_(None))
        .values(superseded_at=func.clock_timestamp())
    )
    over = [db.execute(change.returning(return_visits.c.id)).scalars().all() for change in (moved, passed)]
    end_calls(db, [*over[0], *over[1]], "withdrawn")
    return newest


def note_reached(db: Connection, organisation_id: str, ticket_id: str, version: int) -> None:
    """Remember that the desk spoke with the household at this version of the ticket, and end the calls before it.

    Safe to repeat, and before the completion is heard of: its call then ends as it is drawn. Locks the ticket here.
    """
    written = insert(ticket_turns).values(
        ticket_id=ticket_id, organisation_id=organisation_id, version=0, turn=Turn.COMPLETED.value,
        reached_version=version,
    )  # fmt: skip
    latest = func.greatest(ticket_turns.c.reached_version, written.excluded.reached_version)
    db.execute(written.on_conflict_do_update(index_elements=["ticket_id"], set_={"reached_version": latest}))
    spoken_of = select(return_visits.c.id).where(
        return_visits.c.ticket_id == ticket_id, return_visits.c.ticket_version < version
    )
    end_calls(db, db.execute(spoken_of.with_for_update()).scalars().all(), ELSEWHERE)


def schedule_visit(
    db: Connection,
    fact: TicketCompleted,
    completed_at: datetime,
    organisation_id: str,
    rules: Rules,
    chance: Chance = system_chance,
) -> None:
    """Let a return visit fall due for a completion, once; withdrawn from the start when a later turn is known.

    Who is called is drawn here, at completion, before anybody could wish for a household to be asked or not.
    Raises ZoneInfoNotFoundError for a time zone nobody knows.
    """
    newest = note_turn(db, organisation_id, fact.ticket_id, fact.version, Turn.COMPLETED)
    superseded = newest.version > fact.version
    due = due_at(completed_at, ZoneInfo(fact.timezone), rules)
    written = (
        insert(return_visits)
        .values(
            id=str(new_id()),
            organisation_id=organisation_id,
            ticket_id=fact.ticket_id,
            ticket_version=fact.version,
            completion=fact.completion,
            number=fact.number,
            community_id=fact.community_id,
            unit_id=fact.unit_id,
            requester_id=fact.requester_id,
            timezone=fact.timezone,
            completed_at=completed_at,
            completed_by=fact.crew_id,
            due_at=due,
            state=State.WITHDRAWN.value if superseded else State.SCHEDULED.value,
            withdrawn_because=newest.turn if superseded else None,
            ended_at=func.clock_timestamp() if superseded else None,
        )
        .on_conflict_do_nothing(index_elements=["ticket_id", "completion"])
        .returning(return_visits)
    )
    visit = db.execute(written).one_or_none()
    if visit is not None and not superseded:
        draw_at_completion(db, visit, fact.work_type, fact.urgency, rules.sampling, chance)
        if fact.version < (newest.reached_version or 0):
            end_calls(db, [visit.id], ELSEWHERE)


def invite_due(db: Connection, rules: Rules, make_token: MakeToken) -> int:
    """Invite the households whose visit is due by the database's clock; returns how many visits were looked at.

    Rows another worker holds are skipped. A visit that a stopped worker left over into the night waits for its end.
    """
    now = database_now(db)
    rows = _claim(db, State.SCHEDULED, return_visits.c.due_at, now)
    events = []
    for row in rows:
        morning = out_of_night(now, ZoneInfo(row.timezone), rules.night)
        if morning > now:
            _change(db, row, due_at=morning)
        else:
            events.append(_invite(db, row, now, rules, make_token))
    if events:
        open_calls(db, [event.subject for event in events], now, rules.calls)
    outbox.emit(db, models.outbox, *events)
    return len(rows)


def _invite(db: Connection, row: Any, now: datetime, rules: Rules, make_token: MakeToken) -> Event:
    token, expires_at = make_token(Link(row.id, row.organisation_id)), now + rules.answer_within
    _change(
        db,
        row,
        state=State.INVITED.value,
        token_sha256=fingerprint(token),
        invited_at=now,
        expires_at=expires_at,
        late_until=now + rules.late_within,
        silence_due_at=silence_due_at(db, row, now, rules.sampling),
    )
    fact = SurveyInvited(**about(row), link_token=token, expires_at=expires_at)
    return to_event(fact, organisation_id=row.organisation_id, subject=row.id, at=now)


def expire_due(db: Connection) -> int:
    """End the invitations nobody answered, as of the moment they ran out; returns how many. No answer is made up."""
    now = database_now(db)
    rows = _claim(db, State.INVITED, return_visits.c.expires_at, now)
    events = []
    for row in rows:
        _change(db, row, state=State.EXPIRED.value, ended_at=row.expires_at)
        fact = SurveyExpired(**about(row))
        events.append(to_event(fact, organisation_id=row.organisation_id, subject=row.id, at=row.expires_at))
    outbox.emit(db, models.outbox, *events)
    return len(rows)


def _claim(db: Connection, state: State, deadline: Column[datetime], now: datetime) -> list[Any]:
    claimed = (
        select(return_visits)
        # Written into the statement: a prepared one with a parameter here could not use the partial index.
        .where(return_visits.c.state == literal(state.value, literal_execute=True), deadline <= now)
        .order_by(deadline)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    return list(db.execute(claimed))


def _change(db: Connection, row: Any, **values: Any) -> None:
    db.execute(update(return_visits).where(return_visits.c.id == row.id).values(**values))


def about(row: Any) -> dict[str, Any]:
    """Return what every event about a visit says of it."""
    return {
        "survey_id": row.id,
        "ticket_id": row.ticket_id,
        "number": row.number,
        "community_id": row.community_id,
        "unit_id": row.unit_id,
        "requester_id": row.requester_id,
        "completion": row.completion,
    }
