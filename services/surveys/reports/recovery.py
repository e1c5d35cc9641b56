"""The recovery balance of households: how many good services each is still owed for the bad ones it told us of."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, or_, select

from services.kit import clock
from services.kit.http.paging import cut, read_cursor
from services.surveys.models import AnsweredBy, answers, return_visits
from services.surveys.reports import thumb
from services.surveys.reports.asked import Asked

HAPPY, UNHAPPY = 4, 2
# What one service was, by what it adds to the balance.
STEPS: Mapping[str, Callable[[ColumnElement[int]], ColumnElement[bool]]] = {
    "good": lambda step: step < 0,
    "bad": lambda step: step > 0,
    "neither": lambda step: step == 0,
}


def recovery_page(
    db: Connection, asked: Asked, limit: int | None, after: str | None
) -> tuple[dict[str, Any], str | None]:
    """Return the households of a page, those owed most first, and the cursor of the next; without a limit all of them.

    Only what a household itself said counts: good is solved and 4 or 5, bad is not solved or 1 or 2, and what lies
    between is neither. Every bad one is made up for by so many good ones after it; good ones before it do not count.
    """
    price = thumb.good_for_one_bad()
    position = read_cursor(after, int, uuid.UUID)
    wanted = _balances(asked, price, position)
    rows: Sequence[Any] = db.execute(wanted if limit is None else wanted.limit(limit + 1)).all()
    page, more = (rows, None) if limit is None else cut(rows, limit, "owed", "unit_id")
    payload = {
        "asof": clock.now().isoformat(),
        **asked.said(),
        "estimate": thumb.rule(thumb.MAKE_UP),
        "items": [
            {
                "unit_id": row.unit_id,
                "community_id": row.community_id,
                "good": row.good,
                "bad": row.bad,
                "neither": row.neither,
                "owed": row.owed,
                "last_bad_at": row.last_bad_at.isoformat() if row.last_bad_at else None,
                "behind": asked.links("recovery", STEPS, unit_id=row.unit_id),
            }
            for row in page
        ],
    }
    return payload, more


def _balances(asked: Asked, price: int, position: tuple[Any, ...] | None) -> Select[Any]:
    """What a household is owed after its last answer is what came together since it was last owed nothing.

    With S the running sum of +price for a bad and −1 for a good service, that is S − min(0, the least S so far).
    """
    sums = running(asked, price)
    counted = (
        select(
            sums.c.unit_id,
            sums.c.community_id,
            *(func.count().filter(is_one(sums.c.step)).label(name) for name, is_one in STEPS.items()),
            func.max(sums.c.answered_at).filter(sums.c.step > 0).label("last_bad_at"),
            (func.sum(sums.c.step) - func.least(0, func.min(sums.c.total))).label("owed"),
        )
        .group_by(sums.c.unit_id, sums.c.community_id)
        .subquery("balances")
    )
    wanted = select(counted).order_by(counted.c.owed.desc(), counted.c.unit_id)
    if position is None:
        return wanted
    owed, unit = position
    next_unit = and_(counted.c.owed == owed, counted.c.unit_id > str(unit))
    return wanted.where(or_(counted.c.owed < owed, next_unit))


def running(asked: Asked, price: int) -> Subquery:
    """Return every answer of a household with what it adds, and the sum so far."""
    visits = return_visits.c
    unhappy = or_(answers.c.solved.is_(False), func.coalesce(answers.c.satisfaction <= UNHAPPY, False))
    step = case((unhappy, price), (answers.c.satisfaction >= HAPPY, -1), else_=0)
    total = func.sum(step).over(partition_by=visits.unit_id, order_by=(answers.c.answered_at, answers.c.id))
    return (
        select(
            visits.id,
            visits.ticket_id,
            visits.number,
            visits.unit_id,
            visits.community_id,
            answers.c.answered_at,
            step.label("step"),
            total.label("total"),
        )
        .join(answers, answers.c.survey_id == visits.id)
        .where(
            *asked.of(return_visits),
            *asked.within(answers.c.answered_at),
            visits.unit_id.is_not(None),
            answers.c.answered_by == AnsweredBy.HOUSEHOLD.value,
        )
        .subquery("running")
    )
