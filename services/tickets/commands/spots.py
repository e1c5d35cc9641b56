"""Spots with a code to scan: made, changed, and given a new code when the old print must no longer open anything."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.kit import clock as time
from services.kit.errors import Conflict, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.commands.register import BUILDING, COMMUNITY, find, no_such_place, record, stale
from services.tickets.estate.spots import new_code
from services.tickets.models.spots import spots

Spot = dict[str, Any]
SPOT = "spot"
CHANGEABLE = ("name", "name_en", "kind", "shared")


def add_spot(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Spot:
    """Add a spot in a building, or out of doors in a community. Raises NotFound, Conflict, and Invalid."""
    if (wanted["building_id"] is None) == (wanted["community_id"] is None):
        raise invalid_field("building_id", "Give building_id or community_id.", "请填写 building_id 或 community_id。")
    kind, place_id = (BUILDING, wanted["building_id"]) if wanted["building_id"] else (COMMUNITY, wanted["community_id"])
    place = find(db, actor, kind, place_id)
    if place["closed_at"] is not None:
        raise Conflict("This place is closed. Open it again first.", "该地点已停用，请先恢复使用。")
    row: Spot = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": place["community_id"] if kind is BUILDING else place["id"],
        "building_id": wanted["building_id"],
        **{name: wanted[name] for name in CHANGEABLE},
        "code": new_code(),
    }
    db.execute(insert(spots).values(row))
    record(db, actor, SPOT, row, "create", {"name": [None, row["name"]]})
    return {**row, "closed_at": None, "version": 1}


def change_spot(db: Connection, actor: Actor, spot_id: str, changes: Mapping[str, Any], expected: int | None) -> Spot:
    """Change a spot, close it or open it again. A closed one's code opens nothing. Raises NotFound and Stale."""
    before = lock_spot(db, actor, spot_id, expected)
    after = before | {name: changes[name] for name in CHANGEABLE if name in changes}
    if "closed" in changes and changes["closed"] != (before["closed_at"] is not None):
        after["closed_at"] = time.now() if changes["closed"] else None
    return _write(db, actor, before, after, "change")


def replace_code(db: Connection, actor: Actor, spot_id: str, expected: int | None = None) -> Spot:
    """Give a spot a new code: whoever has the old one, or a picture of it, finds nothing behind it."""
    before = lock_spot(db, actor, spot_id, expected)
    return _write(db, actor, before, before | {"code": new_code()}, "replace_code")


def lock_spot(db: Connection, actor: Actor, spot_id: str, expected: int | None = None) -> Spot:
    """Lock a spot of the actor's and return it; raises NotFound and Stale."""
    found = db.execute(select(spots).where(spots.c.id == spot_id).with_for_update()).mappings().one_or_none()
    if found is None or (actor.community_ids and found["community_id"] not in actor.community_ids):
        raise no_such_place()
    if expected not in (None, found["version"]):
        raise stale(found["version"])
    return {"".join(name): value for name, value in found.items()}


def _write(db: Connection, actor: Actor, before: Spot, after: Spot, action: str) -> Spot:
    changed = {name: after[name] for name in before if before[name] != after[name]}
    if not changed:
        return before
    after["version"] = before["version"] + 1
    db.execute(update(spots).where(spots.c.id == before["id"]).values(**changed, version=after["version"]))
    # The codes themselves stay out of the record: it outlives the prints.
    told = {
        name: [before[name] and str(before[name]), value and str(value)]
        for name, value in changed.items()
        if name != "code"
    }
    record(db, actor, SPOT, after, action, told)
    return after
