"""The report on acts told later: whose phone told of them, how much later, how often, and what became of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, and_, exists, func, literal_column, select

from services.kit import clock as time
from services.tickets.acts import BOUNDS
from services.tickets.models import clocks, firings, history, tickets
from services.tickets.queries.reports.asked import TICKETS, Asked, prepare
from services.tickets.queries.reports.promises import done_at
from services.tickets.queries.reports.sla import names_of
from services.tickets.service_levels import BREACH
from services.tickets.sla.clocks import MET

ACT_GROUPINGS = ("member", "action", "community", "work_type")
ANY = "any"
_COUNTS = ("acts", "tickets", "counted_back", "known_late", *BOUNDS)
_SECONDS = ("backdated_seconds", "longest_seconds", "largest_skew_seconds")
# Written out, not as a parameter: the planner takes the index of acts only for what it can read in the statement.
WAS_TOLD_LATER: ColumnElement[bool] = literal_column("history.data ? 'acted'")


def act_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return, per group, the acts that arrived in the period and were told later than done.

    `counted_back` count from before they were heard of, by `backdated_seconds` in all; the others by their bound.
    `known_late` kept a deadline that had passed, and been told as missed, before they were heard of.
    """
    prepare(db)
    rows = {row.key: row._asdict() for row in db.execute(_grouped(asked, grouping))}
    names = names_of(db, grouping, rows)
    total = db.execute(_grouped(asked, None)).one_or_none()
    return {
        "asof": time.now().isoformat(),
        "from": asked.since.isoformat() if asked.since else None,
        "to": asked.until.isoformat() if asked.until else None,
        "community_id": asked.community_id,
        "group_by": grouping,
        "groups": [
            {
                "key": key,
                "name": names.get(key),
                **_said(rows[key]),
                "link": _link(asked, str(key) if grouping == "member" else ANY),
            }
            for key in sorted(rows, key=lambda key: (-(rows[key]["backdated_seconds"] or 0), key))
        ],
        "total": {**_said(total._asdict() if total else {}), "link": _link(asked, ANY)},
    }


def has_act_of(person_id: str) -> ColumnElement[bool]:
    """Return the condition that somebody's phone, or with "any" anybody's, told an act of a ticket later."""
    found = exists().where(history.c.ticket_id == tickets.c.id, WAS_TOLD_LATER)
    return found if person_id == ANY else found.where(history.c.actor_id == person_id)


def _link(asked: Asked, who: str) -> str:
    """Return the address of the tickets; an act in the period may be about a job filed before it."""
    place = f"&community_id={asked.community_id}" if asked.community_id else ""
    return f"{TICKETS}?told_later={who}{place}"


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: int(row.get(name) or 0) for name in _COUNTS}
    return {**counts, **{name: float(row.get(name) or 0) for name in _SECONDS}}


def _grouped(asked: Asked, grouping: str | None) -> Any:
    acts = _acts(asked)
    key = (literal_column("NULL::text") if grouping is None else acts.c[grouping]).label("key")
    return select(
        key,
        func.count().label("acts"),
        func.count(acts.c.ticket_id.distinct()).label("tickets"),
        func.count().filter(acts.c.seconds > 0).label("counted_back"),
        func.count().filter(acts.c.known_late).label("known_late"),
        *(func.count().filter(acts.c.bound == bound).label(bound) for bound in BOUNDS),
        func.sum(acts.c.seconds).label("backdated_seconds"),
        func.max(acts.c.seconds).label("longest_seconds"),
        func.max(acts.c.skew_seconds).label("largest_skew_seconds"),
    ).group_by(key)


def _acts(asked: Asked) -> Subquery:
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
    conditions = [history.c.organisation_id == asked.organisation_id, WAS_TOLD_LATER]
    if asked.since is not None:
        conditions.append(history.c.at >= asked.since)
    if asked.until is not None:
        conditions.append(history.c.at < asked.until)
    # Filed when it was, a job belongs here by when its act arrived.
    conditions += replace(asked, since=None, until=None).ticket_conditions()
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
