"""The register of places: communities, buildings and units made, renamed, closed, and taken away while unused."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from services.kit import clock as time
from services.kit.errors import Conflict, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.commands.places import free_code
from services.tickets.commands.terms import no_such_community
from services.tickets.desk_scope import as_the_desk
from services.tickets.estate.codes import code_of
from services.tickets.models import buildings, calendars, communities, people, place_changes, units
from services.tickets.models.plans import plans
from services.tickets.plans import kinds
from services.tickets.sla.policy import STANDARD_VERSION

Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind of place: its table, and which column names what it stands in (None: nothing)."""

    name: str
    zh: str
    table: Table
    within: str | None


COMMUNITY = Kind("community", "小区", communities, None)
BUILDING = Kind("building", "楼栋", buildings, "community_id")
UNIT = Kind("unit", "房屋", units, "building_id")


def open_community(
    db: Connection, actor: Actor, *, name: str, code: str | None, calendar: Mapping[str, Any] | None, like: str | None
) -> Row:
    """Add a community on a calendar of its own, or on the terms of another. Raises Invalid naming the field.

    A calendar decides deadlines, so none is made up.
    """
    lock_register(db, actor)
    if actor.community_ids:
        raise no_such_community()
    terms = _terms(db, calendar, like)
    row = {"id": str(new_id()), "organisation_id": actor.organisation_id, "name": name, **terms}
    row["calendar_version"] = service_levels.FIRST_CALENDAR
    after = _add(db, actor, COMMUNITY, row, code, ())
    first = {"community_id": row["id"], "version": row["calendar_version"], "document": terms["calendar"]}
    db.execute(insert(calendars).values(**first, organisation_id=actor.organisation_id, author_id=actor.id))
    return after


def _terms(db: Connection, calendar: Mapping[str, Any] | None, like: str | None) -> Row:
    if (calendar is None) == (like is None):
        raise invalid_field(
            "calendar",
            "Give a calendar, or in `like` the community whose terms are taken over.",
            "请填写工作日历（calendar），或在 like 中指明沿用哪个小区的时限。",
        )
    if calendar is not None:
        try:
            read = service_levels.calendar_of(calendar)
        except ValueError as problem:
            raise invalid_field("calendar", f"{problem}.", f"日历无效（{problem}）。") from problem
        return {"calendar": dict(calendar), "timezone": read.tz, "policy_version": STANDARD_VERSION}
    taken = ("calendar", "timezone", "policy_version")
    wanted = select(*(communities.c[one] for one in taken)).where(communities.c.id == like)
    found = db.execute(wanted).mappings().one_or_none()
    if found is None:
        raise invalid_field("like", "No community of yours has this id.", "没有您可管理的该编号的小区。")
    return {one: found[one] for one in taken}


def add_building(db: Connection, actor: Actor, community_id: str, *, name: str, code: str | None) -> Row:
    """Add a building to an open community. Raises NotFound, Conflict, and Invalid naming the field."""
    lock_register(db, actor)
    community = _open(find(db, actor, COMMUNITY, community_id), COMMUNITY)
    row = {"id": str(new_id()), "organisation_id": actor.organisation_id, "community_id": community_id, "name": name}
    return _add(db, actor, BUILDING, row, code, (community["code"],))


def add_unit(db: Connection, actor: Actor, building_id: str, *, name: str, code: str | None) -> Row:
    """Add a unit to an open building. Raises NotFound, Conflict, and Invalid naming the field."""
    lock_register(db, actor)
    building = _open(find(db, actor, BUILDING, building_id), BUILDING)
    row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": building["community_id"],
        "building_id": building_id,
        "name": name,
    }
    return _add(db, actor, UNIT, row, code, (building["code"],))


def change_place(
    db: Connection, actor: Actor, kind: Kind, place_id: str, changes: Mapping[str, Any], expected: int | None
) -> Row:
    """Rename a place, close it or open it again. Raises NotFound, Stale, Conflict, and Invalid naming the field.

    Nothing new is filed for a place that is closed, nor for what is in it; what was filed there stays and goes on.
    """
    lock_register(db, actor)
    before = find(db, actor, kind, place_id, expected)
    after = dict(before)
    if "name" in changes and changes["name"] != before["name"]:
        after["name"] = changes["name"]
        _require_free(db, kind, after, "name")
    if "closed" in changes and changes["closed"] != (before["closed_at"] is not None):
        after["closed_at"] = time.now() if changes["closed"] else None
        if changes["closed"]:
            _require_no_plans(db, kind, place_id)
    told = {name: [_told(before[name]), _told(after[name])] for name in before if before[name] != after[name]}
    if not told:
        return before
    after["version"] = before["version"] + 1
    written = {name: after[name] for name in (*told, "version")}
    db.execute(update(kind.table).where(kind.table.c.id == place_id).values(written))
    action = "rename" if "closed_at" not in told else "reopen" if after["closed_at"] is None else "close"
    record(db, actor, kind.name, after, action, told)
    return after


def remove_place(db: Connection, actor: Actor, kind: Kind, place_id: str, expected: int | None) -> None:
    """Take away a place that nothing was ever noted of. Raises NotFound, Stale, and Conflict where there is history."""
    lock_register(db, actor)
    row = find(db, actor, kind, place_id, expected)
    lived_in = select(people.c.id).where(people.c.unit_ids.any_() == place_id).limit(1)
    used = Conflict(
        f"The {kind.name} is in use or has history, which stays. Close it instead.",
        f"该{kind.zh}已有住户或记录，记录须保留；请改为停用。",
    )
    if db.execute(lived_in).one_or_none() is not None:
        raise used
    try:
        with db.begin_nested():
            db.execute(delete(kind.table).where(kind.table.c.id == place_id))
    except IntegrityError as problem:
        raise used from problem
    record(db, actor, kind.name, row, "remove", {"name": [row["name"], None], "code": [row["code"], None]})


def lock_register(db: Connection, actor: Actor) -> None:
    """Let an organisation's places change one transaction at a time, so that what was looked up still holds."""
    key = f"places of {actor.organisation_id}"
    db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def find(db: Connection, actor: Actor, kind: Kind, place_id: str, expected: int | None = None) -> Row:
    """Return a place of the actor's; raises NotFound, and Stale where the caller read another version."""
    found = db.execute(select(kind.table).where(kind.table.c.id == place_id)).mappings().one_or_none()
    if found is None or (actor.community_ids and _community_of(kind.name, dict(found)) not in actor.community_ids):
        raise no_such_place()
    if expected not in (None, found["version"]):
        raise stale(found["version"])
    return {"".join(name): value for name, value in found.items()}


def no_such_place() -> NotFound:
    """Return the refusal for a place that is not there, or not theirs: the two look alike on purpose."""
    return NotFound("There is no such place of yours.", "没有您可管理的该地点。")


def stale(version: int) -> Stale:
    """Return the refusal for whoever changes a place as it was before somebody else's change."""
    return Stale(
        f"The place has changed since you read it (now version {version}). Read it again.",
        f"该地点已被更新（当前版本 {version}），请重新读取后再修改。",
        version=version,
    )


def record(
    db: Connection, actor: Actor, kind: str, row: Mapping[str, Any], action: str, data: Mapping[str, Any]
) -> None:
    """Put a change of the register on record."""
    db.execute(insert(place_changes).values(change_of(actor, kind, row, action, data)))


def change_of(actor: Actor, kind: str, row: Mapping[str, Any], action: str, data: Mapping[str, Any]) -> Row:
    """Return the row that says who changed what about a place."""
    return {
        "organisation_id": actor.organisation_id,
        "community_id": _community_of(kind, row),
        "kind": kind,
        "place_id": row["id"],
        "action": action,
        "data": dict(data),
        "author_id": actor.id,
    }


def _community_of(kind: str, row: Mapping[str, Any]) -> str:
    return str(row["id"] if kind == COMMUNITY.name else row["community_id"])


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _open(row: Row, kind: Kind) -> Row:
    if row["closed_at"] is not None:
        raise Conflict(f"The {kind.name} is closed. Open it again first.", f"该{kind.zh}已停用，请先恢复使用。")
    return row


def _add(db: Connection, actor: Actor, kind: Kind, row: Row, code: str | None, within: tuple[str, ...]) -> Row:
    made = code_of(*within, row["name"])
    row["code"] = code or free_code(db, kind.table, actor.organisation_id, made, row["id"])
    _require_free(db, kind, row, "name")
    _require_free(db, kind, row, "code")
    db.execute(insert(kind.table).values(row))
    record(db, actor, kind.name, row, "create", {"name": [None, row["name"]], "code": [None, row["code"]]})
    return {**row, "closed_at": None, "version": 1}


def _require_free(db: Connection, kind: Kind, row: Row, column: str) -> None:
    table, within = kind.table, kind.within if column == "name" and kind.within else "organisation_id"
    taken = select(table.c.id).where(
        table.c[column] == row[column], table.c[within] == row[within], table.c.id != row["id"]
    )
    if db.execute(taken.limit(1)).one_or_none() is not None:
        raise invalid_field(
            column,
            f"Another {kind.name} has this {column} already.",
            f"已有其他{kind.zh}使用该{'名称' if column == 'name' else '编码'}。",
        )


def _require_no_plans(db: Connection, kind: Kind, place_id: str) -> None:
    of_place: dict[str, ColumnElement[bool]] = {
        COMMUNITY.name: plans.c.community_id == place_id,
        BUILDING.name: plans.c.unit_id.in_(select(units.c.id).where(units.c.building_id == place_id)),
        UNIT.name: plans.c.unit_id == place_id,
    }
    wanted = select(plans.c.id, plans.c.title).where(of_place[kind.name], plans.c.state != kinds.ENDED)
    # Whoever looks after places does not see plans, and is told of those in the way.
    with as_the_desk(db, "manager"):
        running = [{"id": row.id, "title": row.title} for row in db.execute(wanted.order_by(plans.c.id).limit(20))]
    if running:
        raise Conflict(
            "Recurring work is planned there. End those plans first.",
            "该处仍有定期计划，请先终止这些计划。",
            plans=running,
        )
