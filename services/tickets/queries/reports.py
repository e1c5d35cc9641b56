"""What was promised and what was kept, by need level, with the numbers behind every share."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, case, func, or_, select

from services.kit import clock as time
from services.kit.identity import Actor
from services.tickets.catalogue import NEED_LEVELS
from services.tickets.lifecycle import OPEN
from services.tickets.models import clocks, tickets
from services.tickets.sla.policy import KINDS


def sla_report(
    db: Connection,
    actor: Actor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    community_id: str | None = None,
) -> dict[str, Any]:
    """Return, per need level and clock, how many targets were met, breached, or are open and in time or overdue.

    An open clock past its target counts as breached and as overdue the moment that is true, whether or not a
    timer has looked: the verdict never depends on when anyone checked. Tickets are taken by when they were filed.
    """
    now = time.now()
    conditions = [tickets.c.organisation_id == actor.organisation_id]
    if since is not None:
        conditions.append(tickets.c.filed_at >= since)
    if until is not None:
        conditions.append(tickets.c.filed_at < until)
    if community_id is not None:
        conditions.append(tickets.c.community_id == community_id)
    counted = _counted(db, conditions, now)
    by_level = select(tickets.c.need_level, func.count()).where(*conditions).group_by(tickets.c.need_level)
    filed: dict[int | None, int] = {level: count for level, count in db.execute(by_level)}  # noqa: C416 - rows, not pairs
    return {
        "asof": now.isoformat(),
        "from": since.isoformat() if since else None,
        "to": until.isoformat() if until else None,
        "community_id": community_id,
        "levels": [
            {
                "need_level": level,
                "need": NEED_LEVELS.get(level) if level else None,
                "filed": filed.get(level, 0),
                "clocks": {kind: _share(counted.get((level, kind))) for kind in KINDS},
            }
            for level in (*NEED_LEVELS, *([None] if None in filed else []))
        ],
        "promises": _promises(db, conditions, now),
    }


def _counted(db: Connection, conditions: list[Any], now: datetime) -> dict[tuple[int | None, str], RowMapping]:
    """Return the counts of each need level and clock."""
    overdue = and_(clocks.c.stopped_at.is_(None), clocks.c.due_at < now, clocks.c.state != "void")
    breached = or_(clocks.c.breached_at.is_not(None), overdue)
    rows = db.execute(
        select(
            tickets.c.need_level,
            clocks.c.kind,
            func.count().filter(clocks.c.state == "met").label("met"),
            func.count().filter(breached).label("breached"),
            func.count().filter(and_(breached, clocks.c.stopped_at.is_(None))).label("open_overdue"),
            func.count()
            .filter(and_(clocks.c.state.in_(("running", "paused")), ~func.coalesce(overdue, False)))
            .label("open_in_time"),
        )
        .join(clocks, clocks.c.ticket_id == tickets.c.id)
        .where(*conditions)
        .group_by(tickets.c.need_level, clocks.c.kind)
    ).mappings()
    return {(row["need_level"], row["kind"]): row for row in rows}


def _share(row: Any) -> dict[str, Any]:
    counts = {name: row[name] if row else 0 for name in ("met", "breached", "open_overdue", "open_in_time")}
    decided = counts["met"] + counts["breached"]
    # Nothing decided is no share: an empty report is empty, not perfect.
    return {**counts, "decided": decided, "met_share": counts["met"] / decided if decided else None}


def _promises(db: Connection, conditions: list[Any], now: datetime) -> dict[str, int]:
    kept = tickets.c.first_completed_at <= tickets.c.promised_at
    row = db.execute(
        select(
            func.count(case((kept, 1))).label("kept"),
            func.count(case((or_(tickets.c.first_completed_at > tickets.c.promised_at,
                                 and_(tickets.c.status.in_(OPEN), tickets.c.first_completed_at.is_(None),
                                      tickets.c.promised_at < now)), 1))).label("broken"),
            func.count(case((and_(tickets.c.status.in_(OPEN), tickets.c.first_completed_at.is_(None),
                                  tickets.c.promised_at >= now), 1))).label("open"),
        ).where(tickets.c.promised_at.is_not(None), *conditions)
    ).mappings().one()  # fmt: skip
    return {name: row[name] for name in ("kept", "broken", "open")}
