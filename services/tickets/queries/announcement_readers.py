"""Who was told of an announcement and has read it, and what was done about it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, false, func, select

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

MOST_UNREAD = 500
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
