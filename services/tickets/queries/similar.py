"""Open reports that a new one may have its cause in common with, as far as whoever reports it may know of them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select, true

from services.kit.errors import invalid_field
from services.kit.identity import Actor
from services.tickets import catalogue, lifecycle, shelves
from services.tickets.commands.items import chosen
from services.tickets.commands.joining import CAUSES
from services.tickets.commands.nearness import near_to
from services.tickets.complaints.similarity import jaccard, words_of
from services.tickets.desk_scope import as_the_desk
from services.tickets.models import UNIT_NAME, announcements, buildings, tickets, units
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import item_name, moment

MOST_COMPARED, MOST_SHOWN = 200, 5
SAME_ITEM = 0.5
# The same home as the new report, another one in its building, a shared place of its community.
_NEARNESS = {"home": 0.3, "building": 0.2, "shared_area": 0.2, "community": 0.1}
# How much the words count; of another item of the same topic only what is told in much the same words is offered.
WORDS = 0.2
LEAST_ALIKE = 0.25

_JOINED = (
    select(func.count()).where(tickets.alias("other").c.joined_to == tickets.c.id).correlate(tickets).scalar_subquery()
)


def similar_reports(
    db: Connection,
    actor: Actor,
    *,
    code: str | None,
    unit_id: str | None,
    community_id: str | None,
    text: str | None = None,
) -> list[dict[str, Any]]:
    """Return the open reports and running outages most like a new one of an item at a place, the most alike first.

    A resident who names no place has their only home meant; without any place there is nothing to compare. Raises
    Invalid for a home or a community that is not theirs.
    """
    item = None if code is None else chosen(code, shelves.in_force(db, actor.organisation_id)[1])
    place = _place(db, actor, unit_id, community_id)
    if place is None or (item is not None and item.work_type not in CAUSES):
        return []
    with as_the_desk(db, "dispatcher"):
        rows = [dict(row) for row in db.execute(_candidates(actor, place, item)).mappings()]
    words = words_of(text).keys() if text else None
    rated = [(_score(row, place, item, words), row) for row in rows]
    best = sorted((one for one in rated if one[0] > 0), key=lambda one: (-one[0], one[1]["filed_at"], one[1]["id"]))
    return [{**lead_view(row, place, actor), "score": round(score, 2)} for score, row in best[:MOST_SHOWN]]


def joined_reports(db: Connection, actor: Actor, ticket_id: str) -> dict[str, Any]:
    """Return the report that a ticket moves with, and those that move with it; raises NotFound."""
    mine = ticket_row(db, ticket_id)
    theirs = select(tickets.c.id, tickets.c.number, tickets.c.status, tickets.c.requester_id, UNIT_NAME)
    theirs = theirs.outerjoin(units, units.c.id == tickets.c.unit_id)
    theirs = theirs.outerjoin(buildings, buildings.c.id == units.c.building_id)
    with as_the_desk(db, "dispatcher"):
        place = _named(db, mine["unit_id"], mine["community_id"])
        lead = db.execute(_LEADS.where(tickets.c.id == mine["joined_to"])).mappings().first()
        rows = db.execute(theirs.where(tickets.c.joined_to == ticket_id).order_by(tickets.c.id)).mappings().all()
    shown = rows if actor.is_staff else []
    names = ("number", "status", "requester_id", "unit_name")
    return {
        "lead": None if lead is None or place is None else lead_view(dict(lead), place, actor),
        "count": len(rows),
        "joined": [{"ticket_id": row["id"], **{name: row[name] for name in names}} for row in shown],
    }


def lead_view(row: Mapping[str, Any], place: Mapping[str, Any], actor: Actor) -> dict[str, Any]:
    """Return a report as whoever may join it sees it: of a neighbour's, what it is, about where, and since when."""
    staff = actor.is_staff
    return {
        "ticket_id": row["id"],
        "announcement_id": row["announcement_id"],
        "catalogue_code": row["catalogue_code"],
        "catalogue_name": item_name(row),
        "where": _where(row, place),
        "building": row["building"],
        "status": row["status"],
        "since": moment(row["filed_at"]),
        "joined": row["joined"],
        "mine": row["requester_id"] == actor.id,
        **{name: row[name] if staff else None for name in ("number", "title", "unit_name")},
    }


_CURRENT = and_(announcements.c.ticket_id == tickets.c.id, announcements.c.state == "published")
_LEADS = (
    select(
        *(tickets.c[name] for name in ("id", "number", "title", "description", "status", "filed_at", "unit_id")),
        *(tickets.c[name] for name in ("catalogue_code", "item_name", "topic", "requester_id", "location")),
        units.c.building_id,
        buildings.c.name.label("building"),
        UNIT_NAME,
        announcements.c.id.label("announcement_id"),
        announcements.c.building_ids,
        _JOINED.label("joined"),
    )
    .outerjoin(units, units.c.id == tickets.c.unit_id)
    .outerjoin(buildings, buildings.c.id == units.c.building_id)
    .outerjoin(announcements, _CURRENT)
)


def _candidates(actor: Actor, place: Mapping[str, Any], item: catalogue.Item | None) -> Any:
    alike: ColumnElement[bool] = true()
    if item is not None:
        alike = or_(tickets.c.catalogue_code == item.code, tickets.c.topic == item.topic)
    return (
        _LEADS.where(
            tickets.c.organisation_id == actor.organisation_id,
            tickets.c.community_id == place["community_id"],
            tickets.c.status.in_(lifecycle.OPEN),
            tickets.c.joined_to.is_(None),
            tickets.c.work_type.in_(CAUSES),
            near_to(actor, place["unit_id"], place["building_id"]),
            alike,
        )
        .order_by(tickets.c.filed_at.desc())
        .limit(MOST_COMPARED)
    )


def _score(row: Mapping[str, Any], place: Mapping[str, Any], item: catalogue.Item | None, words: Any) -> float:
    """Return how alike a report is, 0 where it is not to be offered."""
    same = item is None or row["catalogue_code"] == item.code
    alike = 0.0 if words is None else jaccard(words, words_of(f"{row['title']}\n{row['description']}").keys())
    if not same and alike < LEAST_ALIKE:
        return 0.0
    return (SAME_ITEM if same else 0.0) + _NEARNESS[_where(row, place)] + WORDS * alike


def _where(row: Mapping[str, Any], place: Mapping[str, Any]) -> str:
    if row["unit_id"] is not None:
        return "home" if row["unit_id"] == place["unit_id"] else "building"
    if row["announcement_id"] is None:
        return "shared_area"
    return "building" if row["building_ids"] else "community"


def _place(db: Connection, actor: Actor, unit_id: str | None, community_id: str | None) -> Mapping[str, Any] | None:
    homes = actor.unit_ids
    if unit_id is None and community_id is None and len(homes) == 1:
        unit_id = homes[0]
    if unit_id is None and community_id is None:
        return None
    place = _named(db, unit_id, community_id)
    reach = place is not None and (not actor.community_ids or place["community_id"] in actor.community_ids)
    if unit_id is not None and (place is None or not (unit_id in homes if actor.role == "resident" else reach)):
        raise invalid_field("unit_id", "This is none of your homes. GET /api/v1/units lists them.", "这不是您的房屋。")
    if unit_id is None and actor.role == "resident":
        lives = select(literal(1)).where(units.c.community_id == community_id, units.c.id.in_(homes)).limit(1)
        reach = db.execute(lives).one_or_none() is not None
    if not reach:
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    return place


def _named(db: Connection, unit_id: str | None, community_id: str | None) -> Mapping[str, Any] | None:
    if unit_id is None:
        return {"unit_id": None, "building_id": None, "community_id": community_id}
    home = select(units.c.id.label("unit_id"), units.c.building_id, units.c.community_id).where(units.c.id == unit_id)
    found = db.execute(home).mappings().one_or_none()
    return None if found is None else dict(found)
