"""What changes a return visit: falling due, being withdrawn, inviting, expiring, answering. None of these commits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, case, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts.fact import to_event
from services.contracts.surveys import SurveyAnswered, SurveyExpired, SurveyInvited
from services.contracts.tickets import TicketCompleted
from services.kit import outbox
from services.kit.database import database_now
from services.kit.events import Event, new_id
from services.surveys import models
from services.surveys.links import Link, fingerprint
from services.surveys.models import AnsweredBy, State, Turn, answers, return_visits, ticket_turns
from services.surveys.queries import visit_behind
from services.surveys.visiting import Rules, due_at, out_of_night
from services.surveys.wording import over

BATCH = 100
MakeToken = Callable[[Link], str]


@dataclass(frozen=True)
class HouseholdAnswer:
    """What a household said. None means that it said nothing about that."""

    solved: bool
    satisfaction: int | None
    comment: str | None


def note_turn(db: Connection, organisation_id: str, ticket_id: str, version: int, turn: Turn) -> Any:
    """Remember a ticket's completion or reopening and withdraw the open visits about earlier completions.

    Returns the newest turn known (`version`, `turn`), which may be a later one. Locks the ticket here until the
    transaction ends, so that its events take effect one after the other, whichever comes first.
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
        ).returning(ticket_turns.c.version, ticket_turns.c.turn)
    ).one()
    db.execute(
        update(return_visits)
        .where(
            return_visits.c.ticket_id == ticket_id,
            return_visits.c.ticket_version < newest.version,
            return_visits.c.state.in_([State.SCHEDULED, State.INVITED]),
        )
        .values(state=State.WITHDRAWN.value, withdrawn_because=newest.turn, ended_at=func.clock_timestamp())
    )
    return newest


def schedule_visit(
    db: Connection, fact: TicketCompleted, completed_at: datetime, organisation_id: str, rules: Rules
) -> None:
    """Let a return visit fall due for a completion, once; withdrawn from the start when a later turn is known.

    Raises ZoneInfoNotFoundError for a time zone nobody knows.
    """
    newest = note_turn(db, organisation_id, fact.ticket_id, fact.version, Turn.COMPLETED)
    superseded = newest.version > fact.version
    due = due_at(completed_at, ZoneInfo(fact.timezone), rules)
    db.execute(
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
            due_at=due,
            state=State.WITHDRAWN.value if superseded else State.SCHEDULED.value,
            withdrawn_because=newest.turn if superseded else None,
            ended_at=func.clock_timestamp() if superseded else None,
        )
        .on_conflict_do_nothing(index_elements=["ticket_id", "completion"])
    )


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
            events.append(_invite(db, row, now, now + rules.answer_within, make_token))
    outbox.emit(db, models.outbox, *events)
    return len(rows)


def _invite(db: Connection, row: Any, now: datetime, expires_at: datetime, make_token: MakeToken) -> Event:
    token = make_token(Link(row.id, row.organisation_id))
    _change(db, row, state=State.INVITED.value, token_sha256=fingerprint(token), invited_at=now, expires_at=expires_at)
    fact = SurveyInvited(**_about(row), link_token=token, expires_at=expires_at)
    return to_event(fact, organisation_id=row.organisation_id, subject=row.id, at=now)


def expire_due(db: Connection) -> int:
    """End the invitations nobody answered, as of the moment they ran out; returns how many. No answer is made up."""
    now = database_now(db)
    rows = _claim(db, State.INVITED, return_visits.c.expires_at, now)
    events = []
    for row in rows:
        _change(db, row, state=State.EXPIRED.value, ended_at=row.expires_at)
        fact = SurveyExpired(**_about(row))
        events.append(to_event(fact, organisation_id=row.organisation_id, subject=row.id, at=row.expires_at))
    outbox.emit(db, models.outbox, *events)
    return len(rows)


def answer_survey(db: Connection, survey_id: str, token: str, said: HouseholdAnswer) -> Any:
    """Take a household's one answer; returns the visit's row.

    The conditional update is the lock: of any number of answers one finds the visit still open.
    Raises NotFound for a link never handed out, Conflict where it was used, ran out or was withdrawn.
    """
    visits = return_visits.c
    won = db.execute(
        update(return_visits)
        .where(
            visits.id == survey_id,
            visits.token_sha256 == fingerprint(token),
            visits.state == State.INVITED,
            visits.expires_at > func.clock_timestamp(),
        )
        .values(state=State.ANSWERED.value, ended_at=func.clock_timestamp())
        .returning(return_visits)
    ).one_or_none()
    if won is None:
        raise over(visit_behind(db, survey_id, token))
    db.execute(
        insert(answers)
        .inline()
        .values(
            id=str(new_id()),
            organisation_id=won.organisation_id,
            survey_id=won.id,
            answered_by=AnsweredBy.HOUSEHOLD.value,
            solved=said.solved,
            satisfaction=said.satisfaction,
            comment=said.comment or None,
            answered_at=won.ended_at,
        )
    )
    fact = SurveyAnswered(
        **_about(won), solved=said.solved, satisfaction=said.satisfaction, has_comment=bool(said.comment)
    )
    event = to_event(fact, organisation_id=won.organisation_id, subject=won.id, at=won.ended_at)
    outbox.emit(db, models.outbox, event)
    return won


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


def _about(row: Any) -> dict[str, Any]:
    return {
        "survey_id": row.id,
        "ticket_id": row.ticket_id,
        "number": row.number,
        "community_id": row.community_id,
        "unit_id": row.unit_id,
        "requester_id": row.requester_id,
        "completion": row.completion,
    }
