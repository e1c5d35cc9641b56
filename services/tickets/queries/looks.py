"""Who of the staff saw what is kept closed: records of homes, numbers to call, case files, and reports taken out."""

import uuid
from typing import Any

from sqlalchemy import Connection, Text, cast, func, literal, null, select, union_all

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.models import (
    UNIT_NAME,
    buildings,
    contact_views,
    exports,
    household_views,
    people,
    tickets,
    units,
)
from services.tickets.queries.views import moment

_SHOWN = ("id", "what", "viewer_id", "viewer_role", "viewer_name", "reason", "ticket_id", "unit_id", "subject")


def looks_of(
    db: Connection, actor: Actor, limit: int, after: str | None, viewer_id: str | None, unit_id: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of looks in the caller's communities, the latest first, and the next cursor or None.

    Of a home are its record, and numbers to call and case files of its requests.
    What a household sees of itself is its own affair and not among them.
    """
    every = union_all(_of_homes(actor), _of_numbers(), _of_exports()).subquery()
    wanted = (
        select(every, people.c.badge.label("viewer_name"))
        .outerjoin(people, people.c.id == every.c.viewer_id)
        .order_by(every.c.id.desc())
        .limit(limit + 1)
    )
    if viewer_id is not None:
        wanted = wanted.where(every.c.viewer_id == viewer_id)
    if unit_id is not None:
        wanted = wanted.where(every.c.unit_id == unit_id)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(every.c.id < str(cursor[0]))
    shown, more = cut(db.execute(wanted).mappings().all(), limit, "id")
    return [{**{name: row[name] for name in _SHOWN}, "at": moment(row["at"])} for row in shown], more


def _of_homes(actor: Actor) -> Any:
    table = household_views
    wanted = (
        select(
            table.c.id,
            literal("household", Text).label("what"),
            table.c.viewer_id,
            table.c.viewer_role,
            table.c.purpose.label("reason"),
            table.c.ticket_id,
            table.c.unit_id,
            cast(UNIT_NAME, Text).label("subject"),
            table.c.at,
        )
        .outerjoin(units, units.c.id == table.c.unit_id)
        .outerjoin(buildings, buildings.c.id == units.c.building_id)
        .where(table.c.organisation_id == actor.organisation_id, table.c.viewer_role != "resident")
    )
    return wanted.where(table.c.community_id.in_(actor.community_ids)) if actor.community_ids else wanted


def _of_numbers() -> Any:
    table = contact_views
    return (
        select(
            table.c.id,
            literal("contact", Text).label("what"),
            table.c.viewer_id,
            table.c.viewer_role,
            cast(null(), Text).label("reason"),
            table.c.ticket_id,
            tickets.c.unit_id,
            func.concat_ws(" · ", tickets.c.number, cast(UNIT_NAME, Text)).label("subject"),
            table.c.at,
        )
        .outerjoin(tickets, tickets.c.id == table.c.ticket_id)
        .outerjoin(units, units.c.id == tickets.c.unit_id)
        .outerjoin(buildings, buildings.c.id == units.c.building_id)
    )


def _of_exports() -> Any:
    return select(
        exports.c.id,
        exports.c.kind.label("what"),
        exports.c.viewer_id,
        exports.c.viewer_role,
        cast(null(), Text).label("reason"),
        exports.c.ticket_id,
        tickets.c.unit_id,
        func.coalesce(tickets.c.number, exports.c.report).label("subject"),
        exports.c.at,
    ).outerjoin(tickets, tickets.c.id == exports.c.ticket_id)
