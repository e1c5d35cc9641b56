"""Jobs as wholes: whether anything at all went wrong with one (100 − 1 = 0), its promises, and how long it took."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)

from services.tickets.lifecycle import DONE
from services.tickets.models import clocks, tickets
from services.tickets.queries.reports.asked import Asked, group_of_ticket
from services.tickets.queries.reports.clocks import Spread, percentiles
from services.tickets.queries.reports.promises import BECAME, BROKEN, PROMISE_COLUMNS, PROMISES, promises_of
from services.tickets.queries.verdicts import is_open_overdue
from services.tickets.sla.clocks import BREACHED, UNKNOWN

UNHAPPY = 2
RESOLVE = "resolve"
TIMES = ("first_contract", "first_lived", "total_contract", "total_lived")

Row = Any


def _has_time(name: str) -> Callable[[Row], ColumnElement[bool]]:
    return lambda job: job[name].is_not(None)


# What a list of tickets may be narrowed to, each by the same condition that counts it.
QUALITIES: Mapping[str, Callable[[Row], ColumnElement[bool]]] = {
    "finished": lambda job: job.done,
    "counted": lambda job: or_(job.done, job.flawed),
    "flawless": lambda job: and_(job.done, ~job.flawed, ~job.pending),
    "flawed": lambda job: job.flawed,
    "decided": lambda job: or_(job.flawed, and_(job.done, ~job.pending)),
    "undecided": lambda job: and_(job.done, ~job.flawed, job.pending),
    "missed_clock": lambda job: job.missed,
    "broken_promise": lambda job: job.broke,
    "was_reopened": lambda job: job.reopened,
    "unhappy": lambda job: job.unhappy,
    "unanswered": lambda job: and_(job.done, ~job.flawed, ~job.pending, ~job.answered),
    "reopened": lambda job: job.reopened,
}
# And to those that a spread of times is over.
LISTED = {**QUALITIES, **{name: _has_time(name) for name in TIMES}}


def _jobs(asked: Asked, now: datetime, group: ColumnElement[Any] | None = None) -> Subquery:
    """Return the tickets asked for with what is known of each as a whole.

    Flawed is whoever had a clock missed, a promise broken, to be opened again, or a human's word that it was not
    solved or was bad: at once and for good, also where the job is not done yet, or was then cancelled or declined.
    Without any of these a job is pending while a clock of it may still be missed, or nobody can know whether one was.
    However the question is narrowed, all clocks of the same job count.
    """
    filed = _filed(asked, group)
    job = filed.c
    told = _clocks_of_jobs(asked.of_any().clock_conditions(), now)
    promises = promises_of(filed, now)
    counted = (
        select(promises.c.ticket_id, *(_count(promises.c.became == name).label(name) for name in PROMISES))
        .group_by(promises.c.ticket_id)
        .subquery("promised")
    )
    done = job.status.in_(DONE)
    reopened = or_(job.completions > 1, and_(job.completions == 1, ~done))
    unhappy = func.coalesce(or_(job.solved.is_(False), job.satisfaction <= UNHAPPY), False)
    answered = or_(job.solved.is_not(None), job.satisfaction.is_not(None), job.status == "confirmed")
    missed, broke = func.coalesce(told.c.missed, False), func.coalesce(counted.c[BROKEN] > 0, False)
    was_completed = job.first_completed_at.is_not(None)
    return (
        select(
            job.id,
            job.group,
            done.label("done"),
            reopened.label("reopened"),
            unhappy.label("unhappy"),
            answered.label("answered"),
            missed.label("missed"),
            broke.label("broke"),
            or_(missed, broke, reopened, unhappy).label("flawed"),
            func.coalesce(told.c.pending, False).label("pending"),
            *(func.coalesce(counted.c[name], 0).label(name) for name in PROMISES),
            case((was_completed, _first_contract(job, told))).label(TIMES[0]),
            func.date_part("epoch", job.first_completed_at - job.filed_at).label(TIMES[1]),
            *(case((done, told.c[name])).label(name) for name in TIMES[2:]),
        )
        .outerjoin(told, told.c.ticket_id == job.id)
        .outerjoin(counted, counted.c.ticket_id == job.id)
        .offset(literal_column("0"))  # Computed once a ticket, not once for every figure that asks for it.
        .subquery("jobs")
    )


def _filed(asked: Asked, group: ColumnElement[Any] | None) -> CTE:
    """Return the tickets asked for, read once: their table is wide, and two questions are about them."""
    shown = (literal_column("NULL::text") if group is None else group).label("group")
    columns = (*PROMISE_COLUMNS, tickets.c.filed_at, tickets.c.solved, tickets.c.satisfaction, shown)
    # Without a name of its own: one list may ask for a promise and for a quality, and is told of its tickets by each.
    return select(*columns).where(*asked.ticket_conditions()).cte()


def _clocks_of_jobs(conditions: Sequence[ColumnElement[bool]], now: datetime) -> Subquery:
    """Return per ticket what its clocks say of it, reading only those to resolve and those that are not met."""
    resolving = (clocks.c.kind == RESOLVE).label("resolving")
    missed = or_(clocks.c.state == BREACHED, func.coalesce(is_open_overdue(now), False))
    seen = (
        select(
            clocks.c.ticket_id,
            resolving,
            missed.label("missed"),
            and_(~missed, or_(clocks.c.stopped_at.is_(None), clocks.c.state == UNKNOWN)).label("pending"),
            clocks.c.generation,
            clocks.c.started_at,
            clocks.c.stopped_at,
            clocks.c.contract_seconds,
        )
        .where(*conditions, or_(resolving, clocks.c.state != "met"))
        .offset(literal_column("0"))
        .subquery("seen")
    )
    first = and_(seen.c.resolving, seen.c.generation == 1)
    begun, goes_on = (edge(seen.c.started_at).filter(seen.c.resolving) for edge in (func.min, func.max))
    contract = [edge(seen.c.contract_seconds).filter(seen.c.resolving) for edge in (func.max, func.sum)]
    ended = func.max(seen.c.stopped_at).filter(seen.c.resolving)
    return (
        select(
            seen.c.ticket_id,
            func.bool_or(seen.c.missed).label("missed"),
            func.bool_or(seen.c.pending).label("pending"),
            func.max(seen.c.stopped_at).filter(first).label("first_stopped_at"),
            func.max(seen.c.contract_seconds).filter(first).label("first_contract"),
            # A clock that went on after a reopening has counted what went before it (sla.resolution).
            case((begun == goes_on, contract[0]), else_=contract[1]).label("total_contract"),
            func.date_part("epoch", ended - begun).label("total_lived"),
        )
        .group_by(seen.c.ticket_id)
        .subquery("told")
    )


def _first_contract(job: Row, told: Subquery) -> ColumnElement[float | None]:
    """Return the contract time of the first completion; a run that ended otherwise before it was no resolution."""
    ended = and_(clocks.c.ticket_id == job.id, clocks.c.kind == RESOLVE, clocks.c.stopped_at == job.first_completed_at)
    that_run = select(func.max(clocks.c.contract_seconds)).where(ended).scalar_subquery()
    return case((told.c.first_stopped_at == job.first_completed_at, told.c.first_contract), else_=that_run)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)


def quality_of(db: Connection, asked: Asked, grouping: str, now: datetime) -> dict[Any, Mapping[str, Any]]:
    """Return per group how many tickets were filed, finished and flawed by what, their promises and their times."""
    job = _jobs(asked, now, group_of_ticket(grouping, asked.zone))
    times = [job.c[name] for name in TIMES]
    rows = db.execute(
        select(
            job.c.group,
            func.count().label("filed"),
            *(_count(condition(job.c)).label(name) for name, condition in QUALITIES.items()),
            *(cast(func.sum(job.c[name]), Integer).label(f"promises_{name}") for name in PROMISES),
            *(_count(or_(*(job.c[one] > 0 for one in of))).label(f"promised_{name}") for name, of in BECAME.items()),
            *(func.count(seconds).label(f"{seconds.name}_n") for seconds in times),
            *(percentiles(seconds).label(seconds.name) for seconds in times),
        ).group_by(job.c.group)
    ).mappings()
    return {row["group"]: {str(name): value for name, value in row.items()} for row in rows}


def spread_of(row: Mapping[str, Any], name: str) -> Spread:
    """Return how long something took from a row of quality_of."""
    return Spread(row[f"{name}_n"], tuple(row[name] or Spread.values))


def has_quality(asked: Asked, name: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a ticket counts under one of LISTED. `asked` may choose more tickets than needed."""
    job = _jobs(asked, now)
    return tickets.c.id.in_(select(job.c.id).where(LISTED[name](job.c)))


def has_promise(asked: Asked, became: str, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a promise about a ticket became one of BECAME."""
    promises = promises_of(_filed(asked, None), now)
    return tickets.c.id.in_(select(promises.c.ticket_id).where(promises.c.became.in_(BECAME[became])))
