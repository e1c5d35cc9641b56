"""What stands behind counts: the tickets they belong to, how many these are, and how many the desk corrected."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import array

from services.tickets.models import clocks, history
from services.tickets.queries.reports.asked import Asked, group_of_clock
from services.tickets.queries.verdicts import (
    BREACHED,
    DECIDED,
    EXACT,
    MET,
    OPEN_OVERDUE,
    TIMED,
    VERDICTS,
    has_verdict,
    verdict,
)

# What a clock is that a count adds up.
COUNTED_AS: Mapping[str, Sequence[str]] = {
    **{name: (name,) for name in (*EXACT, *TIMED)},
    BREACHED: (BREACHED, OPEN_OVERDUE),
    DECIDED: (MET, BREACHED, OPEN_OVERDUE),
}
# Written out, not as a parameter: the planner takes the index of overrides only for what it can read in the statement.
_IS_OVERRIDE: ColumnElement[bool] = literal_column("history.action = 'override'")

Again = Sequence[tuple[Any, ...]]
# Whether a figure counts a row of its report.
Condition = Callable[[Any], ColumnElement[bool]]
# Which group of a report: what it is grouped by and the group's key; empty for all groups together.
OfGroup = tuple[()] | tuple[str, Any]


def tickets_of(figure: str) -> str:
    """Return the column that says how many tickets there are behind a figure."""
    return f"{figure}_tickets"


def behind(
    asked: Asked, report: str, figures: Iterable[str], row: Mapping[str, Any], of: OfGroup = ()
) -> dict[str, dict[str, Any]]:
    """Return for each figure the address of the list of its tickets, and how many are in it."""
    return {
        name: {"tickets": int(row.get(tickets_of(name)) or 0), "link": asked.behind(f"{report}.{name}", *of)}
        for name in figures
    }


def counted_again(
    db: Connection, conditions: Sequence[ColumnElement[bool]], by: Sequence[ColumnElement[Any]], now: datetime
) -> Again:
    """Return (*by, kind, ticket, exact verdict and which of TIMED) of every clock of a ticket with several of a kind.

    Only a job that was opened again has, which is few of them.
    """
    later = select(clocks.c.ticket_id, clocks.c.kind).where(*conditions, clocks.c.generation > 1)
    again = later.distinct().subquery("again")
    of_it = and_(clocks.c.ticket_id == again.c.ticket_id, clocks.c.kind == again.c.kind)
    timed = (case((has_verdict(name, now), name)) for name in TIMED)
    columns = (*by, clocks.c.kind, clocks.c.ticket_id, func.array_remove(array([verdict(now), *timed]), None))
    return [tuple(row) for row in db.execute(select(*columns).join(again, of_it).where(*conditions))]


def surplus(again: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], Counter[str]]:
    """Return by (*by, kind) how many more clocks than tickets there are of each verdict."""
    tickets: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for *key, said in again:
        tickets[tuple(key)].update(said)
    found: dict[tuple[Any, ...], Counter[str]] = defaultdict(Counter)
    for (*of_group, _), counts in tickets.items():
        for name in VERDICTS:
            more = sum(counts[exact] for exact in COUNTED_AS[name]) - 1
            if more > 0:
                found[tuple(of_group)][name] += more
    return found


def overridden(db: Connection, asked: Asked, grouping: str, now: datetime) -> dict[tuple[Any, str], int]:
    """Return by group and kind how many breached clocks are of tickets whose need level somebody corrected, ever."""
    corrected = select(history.c.ticket_id).where(
        history.c.organisation_id == asked.organisation_id,
        _IS_OVERRIDE,
        history.c.data["changes"].has_key("need_level"),
    )
    if asked.since is not None:
        corrected = corrected.where(history.c.at >= asked.since)  # Nothing is corrected before it is filed.
    missed = (
        select(group_of_clock(grouping, asked.zone).label("group"), clocks.c.kind)
        .where(*asked.clock_conditions(), clocks.c.ticket_id.in_(corrected), has_verdict(BREACHED, now))
        .subquery("missed")
    )
    counted = select(missed.c.group, missed.c.kind, func.count()).group_by(missed.c.group, missed.c.kind)
    return {(group, kind): n for group, kind, n in db.execute(counted)}
