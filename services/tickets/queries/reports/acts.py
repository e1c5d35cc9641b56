"""The report on acts told later: whose phone told of them, how much later, how often, and what became of them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, exists, func, literal_column, select, true

from services.kit import clock as time
from services.tickets.acts import BOUNDS
from services.tickets.models import clocks, firings, history, tickets
from services.tickets.queries.reports.asked import Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.groups import by_group
from services.tickets.queries.reports.promises import done_at
from services.tickets.service_levels import BREACH
from services.tickets.sla.clocks import MET

ACT_GROUPINGS = ("member", "action", "community", "work_type")
ANY = "any"
# What an act is counted under, and its tickets are listed by.
ACT_FIGURES: Mapping[str, Condition] = {
    "acts": lambda act: true(),
    "counted_back": lambda act: act.seconds > 0,
    "known_late": lambda act: act.known_late,
    **{bound: lambda act, bound=bound: act.bound == bound for bound in BOUNDS},  # type: ignore[misc]
}
_SECONDS = ("backdated_seconds", "longest_seconds", "largest_skew_seconds")
# Written out, not as a parameter: the planner takes the index of acts only for what it can read in the statement.
WAS_TOLD_LATER: ColumnElement[bool] = literal_column("history.data ? 'acted'")


def act_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return, per group, the acts that arrived in the period and were told later than done.

    `counted_back` count from before they were heard of, by `backdated_seconds` in all; the others by their bound.
    `known_late` kept a deadline that had passed, and been told as missed, before they were heard of.
    """
    prepare(db)
    sums = partial(_grouped, asked)
    return {
        "asof": time.now().isoformat(),
        **asked.period(),
        "community_id": asked.community_id,
        "group_by": grouping,
        **by_group(db, asked, grouping, sums, _said, lambda key, row: (-(row["backdated_seconds"] or 0), key)),
    }


def has_act_of(person_id: str) -> ColumnElement[bool]:
    """Return the condition that somebody's phone, or with "any" anybody's, told an act of a ticket later."""
    found = exists().where(history.c.ticket_id == tickets.c.id, WAS_TOLD_LATER)
    return found if person_id == ANY else found.where(history.c.actor_id == person_id)


def _said(row: Mapping[str, Any], asked: Asked, of: OfGroup = ()) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in ("tickets", *ACT_FIGURES)}
    seconds = {name: float(row.get(name) or 0) for name in _SECONDS}
    return {**counts, **seconds, "behind": behind(asked, "acts", ACT_FIGURES, row, of)}


def _grouped(asked: Asked, grouping: str | None) -> Select[Any]:
    acts = acts_of(asked)
    key = (literal_column("NULL::text") if grouping is None else acts.c[grouping]).label("key")
    jobs = func.count(acts.c.ticket_id.distinct())
    return select(
        key,
        jobs.label("tickets"),
        *(func.count().filter(is_so(acts.c)).label(name) for name, is_so in ACT_FIGURES.items()),
        *(jobs.filter(is_so(acts.c)).label(tickets_of(name)) for name, is_so in ACT_FIGURES.items()),
        func.sum(acts.c.seconds).label("backdated_seconds"),
        func.max(acts.c.seconds).label("longest_seconds"),
        func.max(acts.c.skew_seconds).label("largest_skew_seconds"),
    ).group_by(key)


def acts_of(asked: Asked) -> Subquery:
    """Return every act of the period that was told later: whose, what, by how much, and what it counts for."""
    told, moment = history.c.data["acted"], done_at(history)
    met = exists().where(
        clocks.c.ticket_id == history.c.ticket_id,
        clocks.c.state == MET,
        clocks.c.stopped_at == moment,
        clocks.c.due_at < history.c.at,
        firings.c.ticket_id == clocks.c.ticket_id,
        firings.c.kind == clocks.c.kind,
        firings.c.generation == clocks.c.generation,
        firings.c.level == BREACH,
    )
    # Filed when it was, a job belongs here by when its act arrived.
    conditions = [WAS_TOLD_LATER, *asked.entry_conditions(history)]
    return (
        select(
            history.c.ticket_id,
            history.c.actor_id.label("member"),
            history.c.action,
            tickets.c.community_id.label("community"),
            tickets.c.work_type,
            told["bound"].astext.label("bound"),
            func.date_part("epoch", history.c.at - moment).label("seconds"),
            (func.abs(told["skew_ms"].as_float()) / 1000).label("skew_seconds"),
            and_(moment < history.c.at, met).label("known_late"),
        )
        .join(tickets, tickets.c.id == history.c.ticket_id)
        .where(*conditions)
        .offset(literal_column("0"))
        .subquery("acts")
    )
