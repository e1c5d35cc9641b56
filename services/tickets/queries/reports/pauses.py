"""The report on waiting: who let which jobs wait for what, how long, and what residents and the desk said of it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Subquery,
    and_,
    case,
    cast,
    exists,
    func,
    literal_column,
    or_,
    select,
    true,
)

from services.kit import clock as time
from services.tickets.models import Moment, clocks, history, tickets
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.groups import by_group
from services.tickets.queries.reports.promises import done_at

PAUSE_GROUPINGS = ("member", "work_type", "reason", "community")
# What a pause is counted under, and its tickets are listed by.
PAUSE_FIGURES: Mapping[str, Condition] = {
    "pauses": lambda pause: true(),
    "still_open": lambda pause: pause.still_open,
    "expired": lambda pause: pause.expired,
    "objected": lambda pause: pause.objected,
    "disallowed": lambda pause: pause.disallowed,
}
_COUNTS = (*PAUSE_FIGURES, "tickets_paused")
_SECONDS = ("paused_seconds", "disallowed_seconds", "lived_seconds")
# Written out, not as a parameter: the planner takes the index of pauses only for what it can read in the statement.
_IS_PAUSE: ColumnElement[bool] = literal_column("history.action = 'pause'")


def pause_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return, per group, how many pauses began in the period and how long they lasted, as lived through.

    A pause is over at the earlier of what ended it and its own end, whether or not anybody noticed. Its share is of
    the lived time of the resolve clocks of the jobs that waited: the part of it in which the contract clock stood
    still, or would have, had the desk not disallowed the pause.
    """
    prepare(db)
    now = time.now()
    sums = partial(_grouped, asked, now)
    return {
        "asof": now.isoformat(),
        **asked.period(),
        "community_id": asked.community_id,
        "group_by": grouping,
        **by_group(db, asked, grouping, sums, _said, lambda key, row: (-(row["paused_seconds"] or 0), key)),
    }


def _said(row: Mapping[str, Any], asked: Asked, of: OfGroup = ()) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in _COUNTS}
    seconds = {name: float(row.get(name) or 0) for name in _SECONDS}
    share = seconds["paused_seconds"] / seconds["lived_seconds"] if seconds["lived_seconds"] else None
    return {**counts, **seconds, "pause_share": share, "behind": behind(asked, "pauses", PAUSE_FIGURES, row, of)}


def _grouped(asked: Asked, now: datetime, grouping: str | None) -> Select[Any]:
    """Return the statement: pauses summed by group, beside the lived time of each group's jobs, each job once."""
    waits = pauses_of(asked, now)
    key = (literal_column("NULL::text") if grouping is None else waits.c[grouping]).label("key")
    by_ticket = (
        select(
            key,
            waits.c.ticket_id,
            *(func.count().filter(is_so(waits.c)).label(name) for name, is_so in PAUSE_FIGURES.items()),
            func.sum(waits.c.seconds).label("paused_seconds"),
            func.sum(waits.c.seconds).filter(waits.c.disallowed).label("disallowed_seconds"),
        )
        .group_by(key, waits.c.ticket_id)
        .subquery("by_ticket")
    )
    lived = _lived(by_ticket, now)
    summed = (*PAUSE_FIGURES, *_SECONDS[:2])
    return (
        select(
            by_ticket.c.key,
            func.count().label("tickets_paused"),
            *(func.sum(by_ticket.c[name]).label(name) for name in summed),
            *(func.count().filter(by_ticket.c[name] > 0).label(tickets_of(name)) for name in PAUSE_FIGURES),
            func.sum(lived.c.seconds).label("lived_seconds"),
        )
        .join(lived, true())
        .group_by(by_ticket.c.key)
    )


def pauses_of(asked: Asked, now: datetime) -> Subquery:
    """Return every pause of the period: who, what for, how long, and how it ended."""
    begun, later, objection = history.alias("history"), history.alias("later"), history.alias("objection")
    end = (
        select(later.c.seq, func.greatest(done_at(later), begun.c.at).label("at"), later.c.action)
        .where(later.c.ticket_id == begun.c.ticket_id, later.c.seq > begun.c.seq, later.c.status != "waiting")
        .order_by(later.c.seq)
        .limit(1)
        .lateral("ended")
    )
    until = cast(begun.c.data["until"].astext, Moment)
    told = func.coalesce(end.c.at, now)
    objected = exists().where(
        objection.c.ticket_id == begun.c.ticket_id,
        objection.c.seq > begun.c.seq,
        or_(end.c.seq.is_(None), objection.c.seq < end.c.seq),
        objection.c.action == "object",
    )
    # Filed when it was, a job belongs here by when it waited.
    conditions = [_IS_PAUSE, *asked.entry_conditions(begun)]
    return (
        select(
            begun.c.ticket_id,
            begun.c.actor_id.label("member"),
            tickets.c.work_type,
            begun.c.data["waiting_reason"].astext.label("reason"),
            tickets.c.community_id.label("community"),
            func.date_part("epoch", func.least(told, until) - begun.c.at).label("seconds"),
            and_(end.c.seq.is_(None), or_(until.is_(None), until > now)).label("still_open"),
            func.coalesce(until <= told, False).label("expired"),
            objected.label("objected"),
            func.coalesce(end.c.action == "disallow", False).label("disallowed"),
        )
        .join(tickets, tickets.c.id == begun.c.ticket_id)
        .outerjoin(end, true())
        .where(*conditions)
        .offset(literal_column("0"))
        .subquery("waits")
    )


def _lived(by_ticket: Subquery, now: datetime) -> Any:
    """Return the lived time of a job's resolve clocks up to now; one that went on after a reopening counts once."""
    end = func.coalesce(clocks.c.stopped_at, now)
    begun, goes_on = func.min(clocks.c.started_at), func.max(clocks.c.started_at)
    spans = func.sum(func.date_part("epoch", end - clocks.c.started_at))
    whole = func.date_part("epoch", func.max(end) - begun)
    return (
        select(func.coalesce(case((begun == goes_on, whole), else_=spans), 0).label("seconds"))
        .where(clocks.c.ticket_id == by_ticket.c.ticket_id, clocks.c.kind == "resolve")
        .lateral("lived")
    )
