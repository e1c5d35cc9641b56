"""The register of places as it is read: buildings of a community, units of a building, changes, and a filled table."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, func, or_, select

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.models import buildings, communities, place_changes, units
from services.tickets.queries.views import moment

MOST_EXPORTED = 10_000


def community_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a community as it is dumped."""
    return {**_named(row), "timezone": row["timezone"]}


def building_view(row: Mapping[str, Any], unit_count: int) -> dict[str, Any]:
    """Return a building as it is dumped, with how many units it has."""
    return {**_named(row), "community_id": row["community_id"], "units": unit_count}


def unit_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a unit of a building as it is dumped."""
    return {**_named(row), "community_id": row["community_id"], "building_id": row["building_id"]}


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "name", "code", "version")},
        "closed_at": moment(row["closed_at"]),
    }


def units_in(db: Connection, building_id: str) -> int:
    """Return how many units a building has, closed ones too."""
    return int(db.execute(select(func.count()).where(units.c.building_id == building_id)).scalar_one())


def buildings_of(db: Connection, community_id: str) -> list[dict[str, Any]]:
    """Return the buildings of a community by name, closed ones too."""
    count = select(func.count()).where(units.c.building_id == buildings.c.id).scalar_subquery().label("units")
    wanted = select(buildings, count).where(buildings.c.community_id == community_id)
    rows = db.execute(wanted.order_by(buildings.c.name)).mappings()
    return [building_view(dict(row), row["units"]) for row in rows]


def units_of(
    db: Connection, building_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the units of a building by name, closed ones too."""
    wanted = select(units).where(units.c.building_id == building_id).order_by(units.c.name).limit(limit + 1)
    cursor = read_cursor(after, str)
    if cursor is not None:
        wanted = wanted.where(units.c.name > cursor[0])
    shown, more = cut(db.execute(wanted).mappings().all(), limit, "name")
    return [unit_view(dict(row)) for row in shown], more


def units_by_code(db: Connection, actor: Actor, codes: Sequence[str], ids: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the units within the caller's reach that have one of these codes or ids, closed ones too."""
    closed = func.coalesce(units.c.closed_at, buildings.c.closed_at, communities.c.closed_at).label("closed_at")
    wanted = (
        select(units.c.code, units.c.id, units.c.community_id, closed)
        .join_from(units, buildings, buildings.c.id == units.c.building_id)
        .join(communities, communities.c.id == units.c.community_id)
        .where(units.c.organisation_id == actor.organisation_id, or_(units.c.code.in_(codes), units.c.id.in_(ids)))
    )
    if actor.community_ids:
        wanted = wanted.where(units.c.community_id.in_(actor.community_ids))
    return [
        {"code": row.code, "id": row.id, "community_id": row.community_id, "closed": row.closed_at is not None}
        for row in db.execute(wanted)
    ]


def place_changes_of(
    db: Connection, actor: Actor, community_id: uuid.UUID | None, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who changed what about places, the latest first."""
    wanted: Select[Any] = select(place_changes).order_by(place_changes.c.id.desc()).limit(limit + 1)
    if actor.community_ids:
        wanted = wanted.where(place_changes.c.community_id.in_(actor.community_ids))
    if community_id is not None:
        wanted = wanted.where(place_changes.c.community_id == str(community_id))
    cursor = read_cursor(after, int)
    if cursor is not None:
        wanted = wanted.where(place_changes.c.id < cursor[0])
    shown, more = cut(db.execute(wanted).mappings().all(), limit, "id")
    kept = ("id", "author_id", "community_id", "kind", "place_id", "action", "data")
    return [{**{name: row[name] for name in kept}, "at": moment(row["at"])} for row in shown], more


def homes_as_rows(db: Connection, actor: Actor) -> list[tuple[str, ...]]:
    """Return open homes as rows of the import's table, so that what is changed in them can be imported again."""
    wanted = (
        select(communities.c.code, buildings.c.name, buildings.c.code, units.c.name, units.c.code)
        .join_from(units, buildings, buildings.c.id == units.c.building_id)
        .join(communities, communities.c.id == units.c.community_id)
        .where(units.c.closed_at.is_(None), buildings.c.closed_at.is_(None), communities.c.closed_at.is_(None))
        .order_by(communities.c.code, buildings.c.code, units.c.code)
        .limit(MOST_EXPORTED)
    )
    if actor.community_ids:
        wanted = wanted.where(units.c.community_id.in_(actor.community_ids))
    return [tuple(row) for row in db.execute(wanted)]
