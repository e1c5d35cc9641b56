"""Spots as staff read them, and what anybody may know of a spot and of a report they made there."""

from collections.abc import Mapping
from typing import Any

import segno
from sqlalchemy import Connection, Select, func, select

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import lifecycle
from services.tickets.commands.steps import no_such_ticket
from services.tickets.commands.visitors import no_such_code, require_followed
from services.tickets.estate.spots import MOST_PHOTOS, PUBLIC_WORK, VISITOR
from services.tickets.models import NAMED_TICKETS, buildings, communities, history, photos, tickets
from services.tickets.models.spots import spots
from services.tickets.queries.contacts import phone_of
from services.tickets.queries.reports.asked import zone_of
from services.tickets.queries.views import item_name, moment

MOST_SHOWN = 20
MOST_ON_SHEET = 200
_NAMED = (
    select(spots, buildings.c.name.label("building"), communities.c.name.label("community"))
    .join_from(spots, communities, communities.c.id == spots.c.community_id)
    .outerjoin(buildings, buildings.c.id == spots.c.building_id)
)


def spot_view(row: Mapping[str, Any], public_url: str) -> dict[str, Any]:
    """Return a spot as staff see it, with what its code says to a phone."""
    return {
        **{name: row[name] for name in ("id", "community_id", "community", "building_id", "building")},
        **_public(row),
        **{name: row[name] for name in ("code", "version")},
        "url": url_of(row, public_url),
        "closed_at": moment(row["closed_at"]),
    }


def _public(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": {"zh-CN": row["name"], "en": row["name_en"] or row["name"]},
        "kind": row["kind"],
        "shared": row["shared"],
    }


def url_of(row: Mapping[str, Any], public_url: str) -> str:
    """Return the address that a spot's code is a picture of."""
    return f"{public_url.rstrip('/')}/q/{row['code']}"


def svg_of(url: str) -> str:
    """Return the picture of an address as an SVG element; it is read with a seventh of it gone (level M)."""
    return segno.make(url, error="m", micro=False).svg_inline(scale=4, border=4, omitsize=True)


def one_spot(db: Connection, actor: Actor, spot_id: str) -> Mapping[str, Any] | None:
    """Return a spot within the actor's reach with the names of where it is, or None."""
    found = db.execute(_reached(actor).where(spots.c.id == spot_id)).mappings().one_or_none()
    return None if found is None else dict(found)


def list_spots(
    db: Connection, actor: Actor, community_id: str | None, building_id: str | None, limit: int, after: str | None
) -> tuple[list[Mapping[str, Any]], str | None]:
    """Return a page of spots, closed ones too."""
    wanted = _narrowed(actor, community_id, building_id).order_by(spots.c.id).limit(limit + 1)
    cursor = read_cursor(after, str)
    if cursor is not None:
        wanted = wanted.where(spots.c.id > cursor[0])
    return cut([dict(row) for row in db.execute(wanted).mappings()], limit, "id")


def sheet_of(
    db: Connection, actor: Actor, community_id: str | None, building_id: str | None, public_url: str
) -> list[dict[str, Any]]:
    """Return the open spots of a place as they are printed, each with its picture."""
    wanted = _narrowed(actor, community_id, building_id).where(spots.c.closed_at.is_(None))
    rows = db.execute(wanted.order_by(buildings.c.name, spots.c.name).limit(MOST_ON_SHEET)).mappings()
    return [{**spot_view(dict(row), public_url), "svg": svg_of(url_of(dict(row), public_url))} for row in rows]


def _narrowed(actor: Actor, community_id: str | None, building_id: str | None) -> Select[Any]:
    wanted = _reached(actor)
    if community_id is not None:
        wanted = wanted.where(spots.c.community_id == community_id)
    return wanted if building_id is None else wanted.where(spots.c.building_id == building_id)


def _reached(actor: Actor) -> Select[Any]:
    return _NAMED.where(spots.c.community_id.in_(actor.community_ids)) if actor.community_ids else _NAMED


def scanned(db: Connection, code: str) -> dict[str, Any]:
    """Return what anybody may know of a spot: where it is, and what is being done there. Raises NotFound."""
    row = db.execute(_NAMED.where(spots.c.code == code, spots.c.closed_at.is_(None))).mappings().one_or_none()
    if row is None:
        raise no_such_code()
    shown = (
        select(*(tickets.c[name] for name in ("catalogue_code", "item_name", "status", "filed_at", "promised_at")))
        .where(tickets.c.spot_id == row["id"], tickets.c.status.in_(lifecycle.OPEN))
        .where(tickets.c.work_type.in_(PUBLIC_WORK))
        .order_by(tickets.c.filed_at.desc())
        .limit(MOST_SHOWN)
    )
    opened = [
        {
            "catalogue_name": item_name(one),
            "status": one["status"],
            "filed_at": moment(one["filed_at"]),
            "promised_at": moment(one["promised_at"]),
        }
        for one in map(dict, db.execute(shown).mappings())
    ]
    place = {name: row[name] for name in ("community", "building")}
    return {**place, **_public(dict(row)), "timezone": zone_of(db, row["community_id"]), "open": opened}


def follow_view(db: Connection, ticket_id: str) -> dict[str, Any]:
    """Return what whoever filed a report at a spot may see of it: what happened when, and nobody's name or words."""
    found = db.execute(NAMED_TICKETS.where(tickets.c.id == ticket_id)).mappings().one_or_none()
    if found is None:
        raise no_such_ticket()
    row = require_followed(dict(found))
    steps = select(history.c.at, history.c.status, history.c.from_status).where(history.c.ticket_id == ticket_id)
    timeline = [
        {"at": moment(step.at), "status": step.status}
        for step in db.execute(steps.order_by(history.c.seq))
        if step.status != step.from_status
    ]
    taken = select(func.count()).where(photos.c.ticket_id == ticket_id, photos.c.author_role == VISITOR)
    left = MOST_PHOTOS - int(db.execute(taken).scalar_one())
    return {
        "number": row["number"],
        "status": row["status"],
        "place": row["location"],
        "community": row["community_name"],
        "timezone": zone_of(db, row["community_id"]),
        "catalogue_name": item_name(row),
        "urgency": row["urgency"],
        "filed_at": moment(row["filed_at"]),
        "promised_at": moment(row["promised_at"]),
        "timeline": timeline,
        "photos_left": left if row["status"] in lifecycle.OPEN else 0,
        "has_phone": phone_of(db, ticket_id) is not None,
    }
