"""Importing homes from a table: what it would change, and changing it whole or not at all."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from services.kit.errors import Invalid
from services.kit.events import new_id
from services.kit.identity import Actor
from services.kit.tables import Finding, Table
from services.tickets.commands.register import BUILDING, UNIT, change_of, lock_register
from services.tickets.estate.importing import Changes, Known, changes_of
from services.tickets.models import buildings, communities, place_changes, units

_TABLES = {"building": buildings, "unit": units}


def preview_import(db: Connection, actor: Actor, table: Table) -> tuple[Changes, Sequence[Finding]]:
    """Return what a table of homes would change, and everything that is wrong in it, in the order of its rows."""
    changes = changes_of(_readable(table), *_register(db, actor))
    return changes, sorted((*table.findings, *changes.findings), key=lambda one: one.row)


def import_places(db: Connection, actor: Actor, table: Table, locale: str) -> Changes:
    """Add and rename what the table says. A second time it changes nothing, because places are found by their codes.

    Raises Invalid with every finding, and then nothing is written.
    """
    lock_register(db, actor)
    changes, findings = preview_import(db, actor, table)
    if findings:
        raise Invalid(
            f"{len(findings)} things need correcting; nothing was imported.",
            f"有 {len(findings)} 处需要更正，未导入任何内容。",
            fields={"file": ["see findings"]},
            findings=[one.view(locale) for one in findings],
        )
    _add(db, actor, changes)
    _rename(db, actor, changes)
    return changes


def _readable(table: Table) -> list[Any]:
    """Return the rows in which every cell could be read; the others have their findings already."""
    unread = {finding.row for finding in table.findings}
    return [row for row in table.rows if row.number not in unread]


def _register(db: Connection, actor: Actor) -> tuple[list[Known], list[Known], list[Known]]:
    theirs = select(communities.c.id, communities.c.name, communities.c.code, communities.c.closed_at)
    if actor.community_ids:
        theirs = theirs.where(communities.c.id.in_(actor.community_ids))
    codes: dict[str, str] = {}
    known = [_known(codes, row, "") for row in db.execute(theirs).mappings()]
    shown = [buildings.c[name] for name in ("id", "name", "code", "closed_at")]
    of_building = [_known(codes, row, row["community_id"]) for row in _all(db, *shown, buildings.c.community_id)]
    shown = [units.c[name] for name in ("id", "name", "code", "closed_at")]
    return known, of_building, [_known(codes, row, row["building_id"]) for row in _all(db, *shown, units.c.building_id)]


def _all(db: Connection, *columns: Any) -> Any:
    return db.execute(select(*columns)).mappings()


def _known(codes: dict[str, str], row: RowMapping, parent_id: str) -> Known:
    codes[row["id"]] = row["code"]
    # What stands in a community out of reach has no parent that a row could name, and so is never changed.
    return Known(row["id"], codes.get(parent_id, parent_id), row["name"], row["code"], row["closed_at"] is not None)


def _add(db: Connection, actor: Actor, changes: Changes) -> None:
    ids = {row.code: row.id for row in db.execute(select(communities.c.code, communities.c.id))}
    for one in changes.buildings:
        one.id = str(new_id())
    if changes.buildings:
        db.execute(insert(buildings), [_building(actor, one, ids[one.parent]) for one in changes.buildings])
    placed = select(buildings.c.code, buildings.c.id, buildings.c.community_id)
    of_building = {row.code: (row.id, row.community_id) for row in db.execute(placed)}
    for one in changes.units:
        one.id = str(new_id())
    if changes.units:
        db.execute(insert(units), [_unit(actor, one, *of_building[one.parent]) for one in changes.units])
    rows = [
        *((BUILDING.name, {"id": one.id, "community_id": ids[one.parent]}, one) for one in changes.buildings),
        *((UNIT.name, {"id": one.id, "community_id": of_building[one.parent][1]}, one) for one in changes.units),
    ]
    if rows:
        told = [change_of(actor, kind, place, "create", _made(one)) for kind, place, one in rows]
        db.execute(insert(place_changes), told)


def _building(actor: Actor, one: Known, community_id: str) -> dict[str, Any]:
    return {
        "id": one.id,
        "organisation_id": actor.organisation_id,
        "community_id": community_id,
        "name": one.name,
        "code": one.code,
    }


def _made(one: Known) -> dict[str, Any]:
    return {"name": [None, one.name], "code": [None, one.code], "by": "import"}


def _unit(actor: Actor, one: Known, building_id: str, community_id: str) -> dict[str, Any]:
    return {**_building(actor, one, community_id), "building_id": building_id}


def _rename(db: Connection, actor: Actor, changes: Changes) -> None:
    """Rename in the order of the rows: what one gives up, the next may take."""
    for kind, table in _TABLES.items():
        renamed = [(one, before) for of_kind, one, before in changes.renamed if of_kind == kind]
        if not renamed:
            continue
        statement = (
            update(table)
            .where(table.c.id == bindparam("place"))
            .values(name=bindparam("called"), version=table.c.version + 1)
        )
        db.execute(statement, [{"place": one.id, "called": one.name} for one, _ in renamed])
        where = select(table.c.id, table.c.community_id).where(table.c.id.in_([one.id for one, _ in renamed]))
        within = {row.id: row.community_id for row in db.execute(where)}
        told = [
            change_of(
                actor,
                kind,
                {"id": one.id, "community_id": within[one.id]},
                "rename",
                {"name": [before, one.name], "by": "import"},
            )
            for one, before in renamed
        ]
        db.execute(insert(place_changes), told)
