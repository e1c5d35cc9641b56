"""Erasing a resident from the surveys: what they said in words goes; that and how somebody answered stays a figure."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, exists, or_, select, update

from services.kit.erasures import Erasure, forget_answers
from services.surveys.models import (
    answers,
    campaign_answers,
    campaign_households,
    idempotency_keys,
    people,
    return_visits,
)


def erase_person(db: Connection, erasure: Erasure) -> dict[str, int]:
    """Erase the comments about what a resident asked for, and those of a home where nobody else lives; the counts.

    A link does not tell who of a household answered, so the comment of a home others still live in stays theirs.
    """
    visits = select(return_visits.c.id).where(return_visits.c.requester_id == erasure.person_id)
    said = answers.c.survey_id.in_(visits)
    empty = [unit_id for unit_id in erasure.unit_ids if not _somebody_lives_there(db, erasure, unit_id)]
    homes = select(campaign_households.c.id).where(campaign_households.c.unit_id.in_(empty))
    told = or_(campaign_answers.c.person_id == erasure.person_id, campaign_answers.c.household_id.in_(homes))
    forget: dict[str, Any] = {"badge": None, "community_ids": [], "unit_ids": [], "active": False}
    ids = tuple(db.execute(visits).scalars())
    return {
        "answers": _silence(db, answers, said),
        "campaign_answers": _silence(db, campaign_answers, told),
        "people": db.execute(update(people).where(people.c.id == erasure.person_id).values(forget)).rowcount,
        "idempotency_keys": forget_answers(db, idempotency_keys, erasure, ids),
    }


def _silence(db: Connection, table: Table, which: ColumnElement[bool]) -> int:
    return db.execute(update(table).where(which, table.c.comment.is_not(None)).values(comment=None)).rowcount


def _somebody_lives_there(db: Connection, erasure: Erasure, unit_id: str) -> bool:
    others = exists().where(
        people.c.unit_ids.any_() == unit_id,
        people.c.id != erasure.person_id,
        people.c.active,
        people.c.role == "resident",
    )
    return bool(db.execute(select(others)).scalar_one())
