"""How quickly people were told: counts and percentiles over tellings, which hold nobody's words."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import array

from services.notify.models import tellings

GROUPINGS = {
    "community": tellings.c.community_id,
    "urgency": tellings.c.urgency,
    "kind": tellings.c.kind,
    "need_level": tellings.c.need_level,
    "channel": tellings.c.accepted_by,
    "organisation": literal_column("'all'"),
}
FILTERS = {"community_id": "community_id", "urgency": "urgency", "kind": "kind"}
PERCENTS = (50, 90, 99)

# Whichever came first; a notice may be read in the app before a slow channel took it.
_TOLD_AT = func.least(tellings.c.accepted_at, tellings.c.read_at)
# GREATEST passes over NULL, and somebody who was told nothing was not told at once.
_SECONDS = case((_TOLD_AT.is_not(None), func.greatest(func.extract("epoch", _TOLD_AT - tellings.c.counts_from), 0.0)))


def report_told(
    connection: Connection,
    group: str,
    *,
    since: datetime | None,
    until: datetime | None,
    now: datetime,
    **narrowed: str | None,
) -> list[dict[str, Any]]:
    """Return a row for each group: n, in time, late, waiting (and how many of them overdue), undelivered, read.

    Those in time, late, waiting and undelivered add up to n: nothing is left out because it has no end yet.
    Seconds count from the event or the end of the reader's quiet hours; none where nobody was told.
    """
    told, lost = _TOLD_AT.is_not(None), tellings.c.undelivered_at.is_not(None)
    waiting = and_(~told, ~lost)
    column = GROUPINGS[group]
    counts = {
        "in_time": and_(told, tellings.c.target_at >= _TOLD_AT),
        "late": and_(told, tellings.c.target_at < _TOLD_AT),
        "waiting": waiting,
        "overdue": and_(waiting, tellings.c.target_at < now),
        "undelivered": and_(~told, lost),
        "read": tellings.c.read_at.is_not(None),
    }
    spread = func.percentile_disc(array([percent / 100 for percent in PERCENTS])).within_group(_SECONDS)
    statement = (
        select(
            column.label("group"),
            func.count().label("n"),
            *(func.count().filter(condition).label(name) for name, condition in counts.items()),
            spread.label("spread"),
        )
        .where(*_conditions(since, until, narrowed))
        .group_by(column)
        .order_by(column)
    )
    return [_row(dict(row)) for row in connection.execute(statement).mappings()]


def _conditions(
    since: datetime | None, until: datetime | None, narrowed: dict[str, str | None]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if since is not None:
        found.append(tellings.c.occurred_at >= since)
    if until is not None:
        found.append(tellings.c.occurred_at < until)
    return found + [tellings.c[FILTERS[name]] == value for name, value in narrowed.items() if value is not None]


def _row(row: dict[str, Any]) -> dict[str, Any]:
    spread = row.pop("spread") or [None] * len(PERCENTS)
    seconds = {
        f"p{percent}": None if value is None else round(float(value), 3)
        for percent, value in zip(PERCENTS, spread, strict=True)
    }
    share = row["in_time"] / row["n"] if row["n"] else None
    return row | {"in_time_share": share, "seconds": seconds}
