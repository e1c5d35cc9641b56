"""How quickly people were told: counts and percentiles over tellings, which hold nobody's words."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal_column, select, true
from sqlalchemy.dialects.postgresql import array

from services.kit.errors import invalid_field
from services.kit.intervals import wilson
from services.notify.models import tellings
from services.notify.told_words import names_of

BEHIND = "/api/v1/reports/told/behind"
ORGANISATION = "organisation"
# What a list says to mean the group of those without: no community, no channel yet.
NONE = "none"

GROUPINGS = {
    "community": tellings.c.community_id,
    "urgency": tellings.c.urgency,
    "kind": tellings.c.kind,
    "need_level": tellings.c.need_level,
    "channel": tellings.c.accepted_by,
    # Cast, for a bare constant cannot be grouped by.
    ORGANISATION: literal_column("CAST('all' AS text)"),
}
FILTERS = {"community_id": "community_id", "urgency": "urgency", "kind": "kind"}
PERCENTS = (50, 90, 99)
FIGURES = ("n", "told", "in_time", "late", "waiting", "overdue", "undelivered", "read")
_SHOWN = ("community_id", "kind", "audience", "urgency", "need_level", "target_at", "accepted_by", "read_at")

# Whichever came first; a notice may be read in the app before a slow channel took it.
_TOLD_AT = func.least(tellings.c.accepted_at, tellings.c.read_at)
# GREATEST passes over NULL, and somebody who was told nothing was not told at once.
_SECONDS = case((_TOLD_AT.is_not(None), func.greatest(func.extract("epoch", _TOLD_AT - tellings.c.counts_from), 0.0)))


@dataclass(frozen=True)
class Asked:
    """A period by when things happened (`until` not included; None leaves a side open), and what it is narrowed to."""

    since: datetime | None = None
    until: datetime | None = None
    community_id: str | None = None
    urgency: str | None = None
    kind: str | None = None

    def said(self) -> dict[str, str | None]:
        """Return what was asked, as words of a query."""
        period = {"from": self.since, "to": self.until}
        moments = {name: moment.isoformat() if moment else None for name, moment in period.items()}
        return moments | {name: getattr(self, name) for name in FILTERS}

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return what the tellings that are asked for have in common."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(tellings.c.occurred_at >= self.since)
        if self.until is not None:
            found.append(tellings.c.occurred_at < self.until)
        wanted = {column: getattr(self, name) for name, column in FILTERS.items()}
        return found + [tellings.c[column] == value for column, value in wanted.items() if value is not None]

    def links(self, grouping: str, group: Any) -> dict[str, str]:
        """Return by figure the address of the list of what it counts in a group."""
        of_group = {} if grouping == ORGANISATION else {"group_by": grouping, "group": NONE if group is None else group}
        query = {name: value for name, value in (self.said() | of_group).items() if value is not None}
        return {figure: f"{BEHIND}?{urlencode(query | {'figure': figure})}" for figure in FIGURES}


def counted(now: datetime) -> dict[str, ColumnElement[bool]]:
    """Return by figure which tellings it counts."""
    was_told, lost = _TOLD_AT.is_not(None), tellings.c.undelivered_at.is_not(None)
    waiting = and_(~was_told, ~lost)
    return {
        "n": true(),
        "told": was_told,
        "in_time": and_(was_told, tellings.c.target_at >= _TOLD_AT),
        "late": and_(was_told, tellings.c.target_at < _TOLD_AT),
        "waiting": waiting,
        "overdue": and_(waiting, tellings.c.target_at < now),
        "undelivered": and_(~was_told, lost),
        "read": tellings.c.read_at.is_not(None),
    }


def report_told(connection: Connection, asked: Asked, grouping: str, now: datetime) -> list[dict[str, Any]]:
    """Return a row for each group: n, told, in time, late, waiting (and how many overdue), undelivered, read.

    Those in time, late, waiting and undelivered add up to n: nothing is left out because it has no end yet.
    Seconds are of those told, and count from the event or the end of the reader's quiet hours.
    """
    column = GROUPINGS[grouping]
    spread = func.percentile_disc(array([percent / 100 for percent in PERCENTS])).within_group(_SECONDS)
    statement = (
        select(
            column.label("group"),
            *(func.count().filter(condition).label(name) for name, condition in counted(now).items()),
            spread.label("spread"),
        )
        .where(*asked.conditions())
        .group_by(column)
        .order_by(column)
    )
    return [_row(dict(row), asked, grouping) for row in connection.execute(statement).mappings()]


def _row(row: dict[str, Any], asked: Asked, grouping: str) -> dict[str, Any]:
    spread = row.pop("spread") or [None] * len(PERCENTS)
    seconds = {
        f"p{percent}": None if value is None else round(float(value), 3)
        for percent, value in zip(PERCENTS, spread, strict=True)
    }
    low, high = wilson(row["in_time"], row["n"]) or (None, None)
    return row | {
        "name": names_of(grouping, row["group"]),
        "in_time_share": row["in_time"] / row["n"] if row["n"] else None,
        "low": low,
        "high": high,
        "seconds": seconds,
        "behind": asked.links(grouping, row["group"]),
    }


def list_told(
    connection: Connection, asked: Asked, figure: str, group: ColumnElement[bool], now: datetime, after: str | None,
    limit: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the tellings that a figure counts, the latest first, after a position."""
    table, conditions = tellings.c, counted(now)
    states = case(*((conditions[name], name) for name in ("in_time", "late", "undelivered")), else_="waiting")
    wanted = (
        select(
            table.notice_id.label("id"),
            table.ticket_id,
            func.nullif(table.number, "").label("ticket_number"),
            *(table[name] for name in _SHOWN),
            table.occurred_at.label("at"),
            _TOLD_AT.label("told_at"),
            states.label("state"),
        )
        .where(*asked.conditions(), group, conditions[figure])
        .order_by(table.notice_id.desc())
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(table.notice_id < after)
    return [_listed(dict(row)) for row in connection.execute(wanted).mappings()]


def _listed(row: dict[str, Any]) -> dict[str, Any]:
    late = (row["told_at"] - row["target_at"]).total_seconds() if row["state"] == "late" else None
    return row | {"late_seconds": late, "name": names_of("kind", row["kind"])}


def in_group(grouping: str | None, group: str | None) -> ColumnElement[bool]:
    """Return the condition that a telling is of a group, as the report's links name it; raises Invalid."""
    if grouping is None or group is None:
        return true()
    column = GROUPINGS[grouping]
    if group == NONE:
        return column.is_(None)
    try:
        return column == _KEYS.get(grouping, str)(group)
    except ValueError as problem:
        raise invalid_field(
            "group", "Take `group` from a link of the report.", "group 应取自报表中的链接。"
        ) from problem


def _level(text: str) -> int:
    level = int(text)
    if level not in range(1, 6):
        raise ValueError("a need level is 1 to 5")
    return level


def _id(text: str) -> str:
    return str(uuid.UUID(text))


_KEYS: Mapping[str, Callable[[str], Any]] = {"community": _id, "need_level": _level}
