"""The report on announcements: how many came as long before as is asked, were read, and had requests joined to them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Connection, Subquery, cast, func, literal, select, true, tuple_
from sqlalchemy.types import Text

from services.kit import clock as time
from services.tickets.complaints.figures import share
from services.tickets.models import announcement_readers, announcements, tickets
from services.tickets.queries.reports.asked import MONTH, Asked, prepare
from services.tickets.queries.reports.behind import Condition, OfGroup, behind, tickets_of
from services.tickets.queries.reports.naming import names_of

LISTED = "/api/v1/announcements"
ANNOUNCEMENT_GROUPINGS = ("community", "kind", "month")
# What counts requests, and its tickets are listed by.
ANNOUNCEMENT_FIGURES: Mapping[str, Condition] = {"joined": lambda joined: true()}
MOST_LATE = 100
_GIVEN = announcements.c
_COLUMNS = {"community": "community_id", "kind": "kind"}
readers = announcement_readers.c


def announcement_report(db: Connection, asked: Asked, grouping: str) -> dict[str, Any]:
    """Return the figures of what was published in the period, by group and of all, and the latest that came too late.

    In time is a share of those that a notice period binds; read, of the homes told, each once an announcement.
    """
    prepare(db)
    keys = {"groups": _key(grouping, asked.zone), "total": literal(None)}
    counted = {name: _counted(db, asked, key) for name, key in keys.items()}
    joined = {name: _joined(db, asked, by) for name, by in (("groups", grouping), ("total", None))}
    names = names_of(db, asked, grouping, counted["groups"])
    return {
        "asof": time.now().isoformat(),
        **asked.period(),
        "community_id": asked.community_id,
        "group_by": grouping,
        "interval": "Wilson, 95 %",
        "groups": [
            {
                "key": key,
                "name": names.get(key),
                **_said(row | joined["groups"].get(key, {}), asked, (grouping, key)),
            }
            for key, row in sorted(counted["groups"].items())
        ],
        "total": _said(counted["total"].get(None, {}) | joined["total"].get(None, {}), asked),
        "late_list": _late(db, asked),
    }


def _asked_for(asked: Asked) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        _GIVEN.organisation_id == asked.organisation_id,
        _GIVEN.published_at.is_not(None),
        *asked.within(_GIVEN.published_at),
    ]
    return found + ([_GIVEN.community_id == asked.community_id] if asked.community_id else [])


def _key(grouping: str | None, zone: str) -> ColumnElement[Any]:
    if grouping == MONTH:
        return func.to_char(func.timezone(zone, _GIVEN.published_at), "YYYY-MM")
    return cast(_GIVEN[_COLUMNS[grouping]], Text) if grouping else literal(None)


def _counted(db: Connection, asked: Asked, key: ColumnElement[Any]) -> dict[Any, dict[str, Any]]:
    """Return by key how many were published, bound to a period, in time and late, and how many homes heard and read."""
    read = readers.read_version >= _GIVEN.told_version
    home = tuple_(readers.announcement_id, readers.unit_id)
    counted = select(
        key.label("key"),
        func.count().label("published"),
        func.count(_GIVEN.in_time).label("bound"),
        func.count().filter(_GIVEN.in_time).label("in_time"),
        func.count().filter(~_GIVEN.in_time).label("late"),
    ).where(*_asked_for(asked))
    of_homes = (
        select(
            key.label("key"),
            func.count(home.distinct()).label("told"),
            func.count(home.distinct()).filter(read).label("read"),
        )
        .join(announcements, _GIVEN.id == readers.announcement_id)
        .where(*_asked_for(asked), readers.told_at.is_not(None))
    )
    found = {row["key"]: dict(row) for row in db.execute(counted.group_by("key")).mappings()}
    for row in db.execute(of_homes.group_by("key")).mappings():
        found[row["key"]] |= dict(row)
    return found


def joined_of(asked: Asked, grouping: str | None, _now: datetime) -> Subquery:
    """Return the requests joined to the ticket of an announcement of the period, with the announcement's group."""
    return (
        select(tickets.c.id.label("ticket_id"), _key(grouping, asked.zone).label("key"))
        .join(announcements, _GIVEN.ticket_id == tickets.c.joined_to)
        .where(*_asked_for(asked))
        .distinct()
        .subquery("joined")
    )


def _joined(db: Connection, asked: Asked, grouping: str | None) -> dict[Any, dict[str, int]]:
    joined = joined_of(asked, grouping, time.now())
    counted = select(joined.c.key, func.count().label("joined")).group_by(joined.c.key)
    return {row.key: {"joined": row.joined, tickets_of("joined"): row.joined} for row in db.execute(counted)}


def _said(row: Mapping[str, Any], asked: Asked, of: OfGroup = ()) -> dict[str, Any]:
    count = {name: int(row.get(name) or 0) for name in ("published", "bound", "in_time", "late", "told", "read")}
    grouping, key = of or (None, None)
    narrowed = asked.of_group(grouping, key) if grouping in ("community", MONTH) else asked
    listed = {
        "published": "true",
        "published_from": narrowed.since and narrowed.since.isoformat(),
        "published_to": narrowed.until and narrowed.until.isoformat(),
        "community_id": narrowed.community_id,
        "kind": key if grouping == "kind" else None,
    }
    return {
        "published": count["published"],
        "bound": count["bound"],
        "in_time": share(count["in_time"], count["bound"]),
        "late": count["late"],
        "households_told": count["told"],
        "households_read": share(count["read"], count["told"]),
        "joined": int(row.get("joined") or 0),
        "announcements": {
            "published": _link(listed),
            "bound": _link(listed, bound="true"),
            "in_time": _link(listed, in_time="true"),
            "late": _link(listed, in_time="false"),
        },
        "behind": behind(asked, "announcements", ANNOUNCEMENT_FIGURES, row, of),
    }


def _link(listed: Mapping[str, Any], **more: str) -> str:
    return f"{LISTED}?{urlencode({name: value for name, value in {**listed, **more}.items() if value is not None})}"


def _late(db: Connection, asked: Asked) -> list[dict[str, Any]]:
    names = ("id", "community_id", "kind", "required_seconds", "late_because", "starts_at", "published_at")
    late = select(*(_GIVEN[name] for name in names)).where(*_asked_for(asked), ~_GIVEN.in_time)
    rows = db.execute(late.order_by(_GIVEN.published_at.desc(), _GIVEN.id).limit(MOST_LATE)).mappings()
    moments = ("starts_at", "published_at")
    return [{name: row[name].isoformat() if name in moments else row[name] for name in names} for row in rows]
