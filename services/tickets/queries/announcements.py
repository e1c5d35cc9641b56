"""Announcements as residents and staff see them."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, literal, or_, select, tuple_

from services.kit import clock as time
from services.kit import wording
from services.kit.errors import Forbidden
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.announcing import KINDS, OUTAGES, OVER, PUBLISHED
from services.tickets.commands.announcement_checks import community_required, period_of
from services.tickets.commands.announcements import WORDS, no_such_announcement
from services.tickets.desk_scope import as_the_desk
from services.tickets.models import (
    UNIT_NAME,
    Moment,
    announcement_readers,
    announcements,
    buildings,
    communities,
    tickets,
    units,
)
from services.tickets.queries.views import moment

_KEPT = (
    "id", "community_id", "community_name", "kind", "planned", *WORDS, "ticket_id", "version",
)  # fmt: skip
_MOMENTS = ("starts_at", "ends_at", "published_at", "over_at")
# The desk's own matter: when it means to say something, and what it has to answer for.
_OF_DESK = ("rule", "required_seconds", "in_time", "late_because", "withdrawn_because")
_DESK_MOMENTS = ("publish_at", "remind_at", "reminded_at")
_DESK = ("dispatcher", "manager", "admin")
_NAMED = select(announcements, communities.c.name.label("community_name")).join(
    communities, communities.c.id == announcements.c.community_id
)
readers = announcement_readers


def has_ended(now: datetime) -> ColumnElement[bool]:
    """Whether something published is over by its end. An outage is over when somebody says that it works again."""
    return and_(
        announcements.c.state == PUBLISHED, announcements.c.kind.not_in(OUTAGES), announcements.c.ends_at <= now
    )


def is_current(now: datetime) -> ColumnElement[bool]:
    """Whether it was published and is not over."""
    ended = and_(announcements.c.kind.not_in(OUTAGES), func.coalesce(announcements.c.ends_at <= now, false()))
    return and_(announcements.c.state == PUBLISHED, ~ended)


def one_announcement(db: Connection, actor: Actor, announcement_id: str) -> dict[str, Any]:
    """Return an announcement; raises NotFound."""
    row = db.execute(_NAMED.where(announcements.c.id == announcement_id)).mappings().one_or_none()
    if row is None:
        raise no_such_announcement()
    return _views(db, actor, [dict(row)])[0]


@dataclass(frozen=True)
class AnnouncementFilter:
    """What the list is narrowed to; None leaves it free. `since` and `until` bound the time of publication.

    `published` also holds of what was withdrawn since; `bound` of what a notice period binds, kept (`in_time`) or not.
    """

    community_id: str | None = None
    kind: str | None = None
    state: str | None = None
    current: bool | None = None
    published: bool | None = None
    published_from: datetime | None = None
    published_to: datetime | None = None
    bound: bool | None = None
    in_time: bool | None = None


def list_announcements(
    db: Connection, actor: Actor, wanted: AnnouncementFilter, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page, the latest to begin first, and the cursor of the next; raises Forbidden.

    Whether one came in time is the desk's own matter.
    """
    if actor.role not in _DESK and (wanted.bound, wanted.in_time) != (None, None):
        raise Forbidden("The desk answers for its notice periods.", "提前通知期由服务中心负责，不对外筛选。")
    now = time.now()
    key = (announcements.c.starts_at, announcements.c.id)
    statement = _NAMED.order_by(*(column.desc() for column in key)).limit(limit + 1)
    statement = statement.where(*_narrowed(wanted, now))
    cursor = read_cursor(after, datetime, uuid.UUID)
    if cursor is not None:
        statement = statement.where(tuple_(*key) < tuple_(literal(cursor[0], Moment), cursor[1]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "starts_at", "id")
    return _views(db, actor, [dict(row) for row in shown]), more


def notice_of(
    db: Connection,
    actor: Actor,
    *,
    community_id: str,
    kind: str,
    planned: bool,
    starts_at: datetime,
    publish_at: datetime | None,
) -> dict[str, Any]:
    """Return what the notice period would make of an announcement that is still being written."""
    community_required(db, actor, community_id)
    told_at = publish_at or time.now()
    about = {"organisation_id": actor.organisation_id, "community_id": community_id, "kind": kind, "planned": planned}
    period = period_of(db, about, told_at)
    if period is None:
        return dict.fromkeys(("rule", "source", "required_seconds", "earliest_start", "in_time"))
    earliest = period.earliest(told_at)
    return {
        "rule": period.code,
        "source": period.source,
        "required_seconds": period.seconds,
        "earliest_start": moment(earliest),
        "in_time": starts_at >= earliest,
    }


def _narrowed(wanted: AnnouncementFilter, now: datetime) -> list[ColumnElement[bool]]:
    column = announcements.c
    asked: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.community_id, column.community_id.__eq__),
        (wanted.kind, column.kind.__eq__),
        (wanted.state, lambda state: _in_state(state, now)),
        (wanted.current, lambda yes: is_current(now) if yes else ~is_current(now)),
        (wanted.published, lambda yes: column.published_at.is_not(None) if yes else column.published_at.is_(None)),
        (wanted.published_from, column.published_at.__ge__),
        (wanted.published_to, column.published_at.__lt__),
        (wanted.bound, lambda yes: column.in_time.is_not(None) if yes else column.in_time.is_(None)),
        (wanted.in_time, column.in_time.is_),
    )
    return [condition(value) for value, condition in asked if value is not None]


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    said, over = announcements.c.state == state, func.coalesce(has_ended(now), false())
    return or_(said, over) if state == OVER else and_(said, ~over)


def _views(db: Connection, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    now = time.now()
    names = _names(db, rows)
    joined, mine = _joined(db, rows), _reading(db, actor, rows)
    heard = _heard(db, rows) if actor.role in _DESK else None
    return [_view(row, actor, now, names, joined, mine) | _homes_of(row, heard) for row in rows]


def _homes_of(row: Mapping[str, Any], heard: Mapping[str, Any] | None) -> dict[str, int | None]:
    """Return how many homes were told and have read it, which is for the desk."""
    if heard is None:
        return {"households_told": None, "households_read": None}
    told = heard.get(row["id"])
    return {"households_told": told.told if told else 0, "households_read": told.read if told else 0}


def _heard(db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Count the homes that were told of each, and those in which somebody has read it since the last change."""
    read = readers.c.read_version >= announcements.c.told_version
    counted = (
        select(
            readers.c.announcement_id,
            func.count(readers.c.unit_id.distinct()).label("told"),
            func.count(readers.c.unit_id.distinct()).filter(read).label("read"),
        )
        .join(announcements, announcements.c.id == readers.c.announcement_id)
        .where(readers.c.announcement_id.in_([row["id"] for row in rows]), readers.c.told_at.is_not(None))
    )
    return {row.announcement_id: row for row in db.execute(counted.group_by(readers.c.announcement_id))}


def _view(
    row: Mapping[str, Any],
    actor: Actor,
    now: datetime,
    names: Mapping[str, str],
    joined: Mapping[str, int],
    mine: Mapping[str, Any],
) -> dict[str, Any]:
    outage, ends_at, read = row["kind"] in OUTAGES, row["ends_at"], mine.get(row["id"])
    past = row["state"] == PUBLISHED and ends_at is not None and ends_at <= now
    desk = actor.role in _DESK
    # A neighbour's home is no concern of theirs.
    homes = row["unit_ids"] if actor.is_staff else [one for one in row["unit_ids"] if one in actor.unit_ids]
    return {
        **{name: row[name] for name in _KEPT},
        **{name: moment(row[name]) for name in _MOMENTS},
        "kind_name": dict(KINDS[row["kind"]]),
        "state": OVER if past and not outage else row["state"],
        "overdue": past and outage,
        "whole_community": not row["building_ids"] and not row["unit_ids"],
        "buildings": [{"id": one, "name": names[one]} for one in row["building_ids"]],
        "units": [{"id": one, "name": names[one]} for one in homes],
        "joined": joined.get(row["ticket_id"], 0),
        "read_at": moment(read.read_at) if read else None,
        "is_read": bool(read and row["told_version"] and read.read_version >= row["told_version"]),
        **{name: row[name] if desk else None for name in _OF_DESK},
        **{name: moment(row[name]) if desk else None for name in _DESK_MOMENTS},
        "wording": _advice(row) if desk else None,
    }


def _names(db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    places = {name: [one for row in rows for one in row[name]] for name in ("building_ids", "unit_ids")}
    found: dict[str, str] = {}
    if places["building_ids"]:
        named = select(buildings.c.id, buildings.c.name).where(buildings.c.id.in_(places["building_ids"]))
        found |= {row.id: row.name for row in db.execute(named)}
    if places["unit_ids"]:
        named = select(units.c.id, UNIT_NAME).join(buildings, buildings.c.id == units.c.building_id)
        found |= {row.id: row.unit_name for row in db.execute(named.where(units.c.id.in_(places["unit_ids"])))}
    return found


def _joined(db: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the requests joined to each outage's own, of everybody."""
    ids = [row["ticket_id"] for row in rows if row["ticket_id"]]
    if not ids:
        return {}
    counted = select(tickets.c.joined_to, func.count().label("joined")).where(tickets.c.joined_to.in_(ids))
    with as_the_desk(db, "dispatcher"):
        return {row.joined_to: row.joined for row in db.execute(counted.group_by(tickets.c.joined_to))}


def _reading(db: Connection, actor: Actor, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if actor.is_staff or not rows:
        return {}
    mine = select(
        readers.c.announcement_id,
        func.min(readers.c.read_at).label("read_at"),
        func.max(readers.c.read_version).label("read_version"),
    ).where(readers.c.person_id == actor.id, readers.c.read_at.is_not(None))
    ids = [row["id"] for row in rows]
    found = db.execute(mine.where(readers.c.announcement_id.in_(ids)).group_by(readers.c.announcement_id))
    return {row.announcement_id: row for row in found}


def _advice(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what the wording check would say otherwise. Advice: it keeps nobody from publishing."""
    return [
        {
            "field": name,
            "text": one.phrase,
            "kind": one.kind,
            "reason": _said(one.reason),
            "better": _said(one.better),
        }
        for name in WORDS
        if row[name]
        for one in wording.check(row[name], "en" if name.endswith("_en") else "zh-CN")
    ]


def _said(words: Any) -> dict[str, str]:
    return {locale: words[locale] for locale in ("zh-CN", "en")}
