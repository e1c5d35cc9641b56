"""The lists behind the reports' counts: each visit, clock, job or promise that a figure counts, with its job."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, select, tuple_

from services.kit import clock
from services.kit.http.paging import cut, read_cursor
from services.surveys.models import clock_outcomes, ticket_steps
from services.surveys.promises import BECAME, BROKEN, KEPT
from services.surveys.reports import deeds, recovery, thumb, visits
from services.surveys.reports.asked import Asked
from services.surveys.reports.gap_deeds import DELIVERED, MET, MISSED, UNKNOWN

Page = tuple[list[dict[str, Any]], str | None]

_CLOCKS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "clocks_decided": lambda one: one.state.in_((MET, MISSED)),
    "clocks_met": lambda one: one.state == MET,
    "clocks_missed": lambda one: one.state == MISSED,
    "clocks_ended_late": lambda one: and_(one.state == MISSED, one.taken_seconds.is_not(None)),
    "clocks_running_late": lambda one: and_(one.state == MISSED, one.taken_seconds.is_(None)),
    "clocks_unknown": lambda one: one.state == UNKNOWN,
}
URGENT_REPAIRS, JOBS_FILED, JOBS_OPEN = "urgent_repairs", "jobs_filed", "jobs_open"
_PROMISES: Mapping[str, Sequence[str]] = {
    "promises": BECAME,
    "promises_judged": (KEPT, BROKEN),
    **{f"promises_{became}": (became,) for became in BECAME},
}


def visits_behind(db: Connection, asked: Asked, figure: str, limit: int, after: str | None) -> Page:
    """Return a page of what a figure of satisfaction counts, the latest first: visits, or requests that complain."""
    if figure == visits.COMPLAINTS:
        steps = ticket_steps.c
        filed = select(steps.ticket_id, steps.community_id, steps.unit_id, steps.at)
        return _jobs(db, filed.where(*visits.complaining(asked)), ticket_steps.c.ticket_id, limit, after)
    told = visits.told(db, asked)
    is_counted = {**visits.CAME, **visits.SAID}[figure]
    wanted = select(told).where(is_counted(told.c))
    return _of_visits(db, wanted, told, lambda row: {"at": row.invited_at, "state": row.way}, limit, after)


def balance_behind(db: Connection, asked: Asked, figure: str, unit_id: str, limit: int, after: str | None) -> Page:
    """Return a page of the services of one household that its balance counts as good, bad or neither."""
    told = recovery.running(asked, thumb.good_for_one_bad())
    wanted = select(told).where(told.c.unit_id == unit_id, recovery.STEPS[figure](told.c.step))
    return _of_visits(db, wanted, told, lambda row: {"at": row.answered_at, "state": figure}, limit, after)


def _of_visits(
    db: Connection, wanted: Select[Any], told: Subquery, more_of: Callable[[Any], dict[str, Any]], limit: int,
    after: str | None,
) -> Page:  # fmt: skip
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(told.c.id < str(cursor[0]))
    rows, more = cut(db.execute(wanted.order_by(told.c.id.desc()).limit(limit + 1)).all(), limit, "id")
    return [_row(row, survey_id=row.id, ticket_number=row.number, **more_of(row)) for row in rows], more


def deeds_behind(
    db: Connection, asked: Asked, figure: str, clock_kind: str | None, limit: int, after: str | None
) -> Page:
    """Return a page of what a count of gaps 2 to 4 counts, by job, the latest first; of one kind of clock or of all."""
    if figure in _PROMISES:
        return _promises(db, asked, figure, limit, after)
    if figure in (JOBS_FILED, JOBS_OPEN):
        jobs = deeds.jobs(asked)
        wanted = select(jobs) if figure == JOBS_FILED else select(jobs).where(~jobs.c.finished)
        return _jobs(db, wanted, jobs.c.ticket_id, limit, after)
    if figure == URGENT_REPAIRS:
        return _clocks(db, asked, deeds.targeted(), limit, after)
    kinds = DELIVERED if clock_kind is None else (clock_kind,)
    counted = (clock_outcomes.c.kind.in_(kinds), _CLOCKS[figure](clock_outcomes.c))
    return _clocks(db, asked, counted, limit, after)


def _jobs(db: Connection, wanted: Select[Any], key: ColumnElement[Any], limit: int, after: str | None) -> Page:
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(key < str(cursor[0]))
    rows, more = cut(db.execute(wanted.order_by(key.desc()).limit(limit + 1)).all(), limit, "ticket_id")
    return [_row(row, at=row.at, state="filed") for row in rows], more


def _clocks(
    db: Connection, asked: Asked, counted: Sequence[ColumnElement[bool]], limit: int, after: str | None
) -> Page:
    steps, clocks = ticket_steps.c, clock_outcomes.c
    key = (clocks.ticket_id, clocks.kind, clocks.generation)
    wanted = (
        select(*key, clocks.state, clocks.taken_seconds, clocks.allowed_seconds, clocks.target_seconds)
        .add_columns(steps.community_id, steps.unit_id, steps.at)
        .join(ticket_steps, clocks.ticket_id == steps.ticket_id)
        .where(*deeds.filed(asked), *counted)
        .order_by(*(column.desc() for column in key))
        .limit(limit + 1)
    )
    cursor = read_cursor(after, uuid.UUID, str, int)
    if cursor is not None:
        wanted = wanted.where(tuple_(*key) < tuple_(*cursor))
    rows, more = cut(db.execute(wanted).all(), limit, "ticket_id", "kind", "generation")
    return [_row(row, at=row.at, kind=row.kind, state=row.state, late_seconds=_late(row)) for row in rows], more


def _late(row: Any) -> float | None:
    """Return by how much a clock missed its target; one still running late has not said yet."""
    return None if row.state != MISSED or row.taken_seconds is None else row.taken_seconds - row.allowed_seconds


def _promises(db: Connection, asked: Asked, figure: str, limit: int, after: str | None) -> Page:
    """Promises are judged by a walk through each job's steps, as in the report; what comes is cut to a page here."""
    found = [
        (community, one)
        for community, several in deeds.promised(db, asked, clock.now()).items()
        for one in several
        if one.promise.became in _PROMISES[figure]
    ]
    found.sort(key=lambda pair: (uuid.UUID(pair[1].ticket_id), pair[1].number), reverse=True)
    cursor = read_cursor(after, uuid.UUID, int)
    rows: list[dict[str, Any]] = [
        {
            **_NOTHING,
            "ticket_id": one.ticket_id,
            "community_id": community,
            "number": one.number,
            "at": one.promised_at,
            "state": one.promise.became,
            "late_seconds": one.promise.late_seconds,
        }
        for community, one in found
        if cursor is None or (uuid.UUID(one.ticket_id), one.number) < cursor
    ]
    page, more = cut(rows, limit, "ticket_id", "number")
    return page, more


_NOTHING: Mapping[str, Any] = {
    "survey_id": None, "ticket_number": None, "unit_id": None, "kind": None, "late_seconds": None, "said": None,
}  # fmt: skip


def _row(row: Any, at: datetime, **more: Any) -> dict[str, Any]:
    """Return an entry of a list. What was said comes later, on record."""
    told = {"ticket_id": row.ticket_id, "community_id": row.community_id, "unit_id": row.unit_id}
    return {**_NOTHING, **told, "at": at, **more}
