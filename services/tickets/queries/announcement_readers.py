"""Who was told of an announcement and has read it, what was done about it, and how many came in time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, select, tuple_

from services.kit import clock as time
from services.tickets.commands.announcements import no_such_announcement
from services.tickets.commands.spreading import concerns
from services.tickets.models import (
    UNIT_NAME,
    announcement_readers,
    announcement_steps,
    announcements,
    buildings,
    people,
    units,
)
from services.tickets.queries.views import moment

MOST_UNREAD, MOST_LATE = 500, 100
readers = announcement_readers


def readers_of(db: Connection, announcement_id: str) -> dict[str, Any]:
    """Return how many homes are concerned, were told and have read it since the last change, by building."""
    row = db.execute(select(announcements).where(announcements.c.id == announcement_id)).mappings().one_or_none()
    if row is None:
        raise no_such_announcement()
    homes = _homes(db, dict(row))
    by_building: dict[str, list[Any]] = {}
    for home in homes:
        by_building.setdefault(home.building_id, []).append(home)
    unread = [home for home in homes if not home.read]
    return {
        **_counts(homes),
        "buildings": [
            {"building_id": one, "name": among[0].building, **_counts(among)} for one, among in by_building.items()
        ],
        "unread_units": [
            {
                "unit_id": home.id,
                "unit_name": home.unit_name,
                "building_id": home.building_id,
                "without_account": not home.lived_in,
                "reminded_at": moment(home.reminded_at),
            }
            for home in unread[:MOST_UNREAD]
        ],
    }


def _homes(db: Connection, row: Mapping[str, Any]) -> Sequence[Any]:
    lived_in = (
        select(people.c.id)
        .where(people.c.role == "resident", people.c.active, people.c.organisation_id == row["organisation_id"])
        .where(people.c.unit_ids.any_() == units.c.id)
        .exists()
    )
    read = func.coalesce(func.bool_or(readers.c.read_version >= (row["told_version"] or 0)), false())
    told = func.coalesce(func.bool_or(readers.c.told_at.is_not(None)), false())
    return db.execute(
        select(
            units.c.id,
            units.c.building_id,
            buildings.c.name.label("building"),
            UNIT_NAME,
            lived_in.label("lived_in"),
            told.label("told"),
            read.label("read"),
            func.max(readers.c.reminded_at).label("reminded_at"),
        )
        .join_from(units, buildings, buildings.c.id == units.c.building_id)
        .outerjoin(readers, and_(readers.c.unit_id == units.c.id, readers.c.announcement_id == row["id"]))
        .where(*concerns(row))
        .group_by(units.c.id, buildings.c.id)
        .order_by(buildings.c.name, units.c.name)
    ).all()


def _counts(homes: Sequence[Any]) -> dict[str, int]:
    return {
        "households": len(homes),
        "told": sum(home.told for home in homes),
        "read": sum(home.read for home in homes),
        "unread": sum(not home.read for home in homes),
        "without_account": sum(not home.lived_in for home in homes),
    }


def steps_of(db: Connection, announcement_id: str) -> list[dict[str, Any]]:
    """Return what was done about an announcement, in order; raises NotFound."""
    if db.execute(select(announcements.c.id).where(announcements.c.id == announcement_id)).one_or_none() is None:
        raise no_such_announcement()
    mine = select(announcement_steps).where(announcement_steps.c.announcement_id == announcement_id)
    rows = db.execute(mine.order_by(announcement_steps.c.version)).mappings()
    kept = ("version", "actor_id", "action", "data")
    return [{**{name: row[name] for name in kept}, "at": moment(row["at"])} for row in rows]


def announcement_report(
    db: Connection, *, since: datetime | None, until: datetime | None, community_id: str | None
) -> dict[str, Any]:
    """Return how many announcements published in a period came as long before as is asked, and how many were read."""
    asked: list[ColumnElement[bool]] = [announcements.c.published_at.is_not(None)]
    asked += [announcements.c.published_at >= since] if since else []
    asked += [announcements.c.published_at < until] if until else []
    asked += [announcements.c.community_id == community_id] if community_id else []
    in_time = announcements.c.in_time
    counted = select(
        func.count().label("published"),
        func.count(in_time).label("bound"),
        func.count().filter(in_time).label("in_time"),
        func.count().filter(~in_time).label("late"),
    ).where(*asked)
    read = readers.c.read_version >= announcements.c.told_version
    home = tuple_(readers.c.announcement_id, readers.c.unit_id)
    of_homes = select(
        func.count(home.distinct()).label("households_told"),
        func.count(home.distinct()).filter(read).label("households_read"),
    ).join(announcements, announcements.c.id == readers.c.announcement_id)
    names = ("id", "community_id", "kind", "required_seconds", "late_because", "starts_at", "published_at")
    late = select(*(announcements.c[name] for name in names)).where(*asked, ~in_time)
    rows = db.execute(late.order_by(announcements.c.published_at.desc()).limit(MOST_LATE)).mappings()
    moments = ("starts_at", "published_at")
    return {
        "asof": moment(time.now()),
        **_plain(db, counted),
        **_plain(db, of_homes.where(*asked, readers.c.told_at.is_not(None))),
        "late_list": [
            {**{name: row[name] for name in names}, **{name: moment(row[name]) for name in moments}} for row in rows
        ],
    }


def _plain(db: Connection, counted: Any) -> dict[str, int]:
    return {str(name): int(count) for name, count in db.execute(counted).mappings().one().items()}
