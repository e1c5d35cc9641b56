"""What somebody asks for, and where: a home, a shared place of a community, or a spot whose code was scanned."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from services.kit import clock as time
from services.kit.errors import invalid_field
from services.kit.identity import Actor
from services.tickets.estate.spots import label
from services.tickets.models import UNIT_NAME, buildings, communities, household_circumstances, units
from services.tickets.models.catalogues import catalogue_versions
from services.tickets.models.spots import spots


@dataclass(frozen=True)
class Filing:
    """What somebody asks for. Only the description is needed; triage and the household fill in the rest."""

    description: str
    title: str | None = None
    catalogue_code: str | None = None
    unit_id: str | None = None
    location: str | None = None
    urgency: str | None = None
    channel: str = "api"
    on_behalf_of: str | None = None
    community_id: str | None = None
    circumstances: tuple[str, ...] = ()
    about_ticket_id: str | None = None
    # What was scanned: it says where, in place of unit, community and location.
    spot_code: str | None = None
    # Whoever files knows no home for certain and takes the likeliest; its requester is asked.
    place_assumed: bool = False
    # How urgent the job is that it moves with: nobody is called to it by itself, unless it is the more pressing.
    joins: str | None = None


# The organisation's catalogue, asked for with the place: a cached one could not tell that it changed.
_CATALOGUE = (
    select(func.coalesce(func.max(catalogue_versions.c.version), 0))
    .where(catalogue_versions.c.organisation_id == communities.c.organisation_id)
    .scalar_subquery()
)
_OF_COMMUNITY = (
    _CATALOGUE.label("catalogue_version"),
    communities.c.id.label("community_id"),
    communities.c.calendar_version,
    communities.c.policy_version,
    communities.c.timezone,
    communities.c.name.label("community_name"),
    communities.c.closed_at,
)
# The circumstances that somebody living there agreed to have noted, while that lasts.
_AGREED = (
    select(func.array_agg(household_circumstances.c.kind))
    .where(household_circumstances.c.unit_id == units.c.id, household_circumstances.c.until > bindparam("now"))
    .scalar_subquery()
)
# Built once: a statement made anew for each request costs more than the database takes for it.
_HOME = (
    select(
        units.c.id.label("unit_id"),
        UNIT_NAME,
        _AGREED.label("agreed"),
        *_OF_COMMUNITY[:-1],
        func.coalesce(units.c.closed_at, buildings.c.closed_at, communities.c.closed_at).label("closed_at"),
    )
    .join_from(units, communities, communities.c.id == units.c.community_id)
    .join(buildings, buildings.c.id == units.c.building_id)
    .where(units.c.id == bindparam("unit_id"))
)


def place_of(db: Connection, actor: Actor, filing: Filing, homes: tuple[str, ...]) -> dict[str, Any]:
    """Return community, unit, terms and zone. A resident with one home need not name it.

    Raises Invalid naming the field; also for a closed place, except where the desk itself goes on about an earlier
    ticket there, which is no new request.
    """
    place = _place_of(db, actor, filing, homes)
    if place.pop("closed_at") is not None and actor.role != "system":
        raise invalid_field(
            "community_id" if place["unit_id"] is None else "unit_id",
            "This place is closed; nothing new is filed for it.",
            "该地点已停用，不能再提交新的报事。",
        )
    return place


def _place_of(db: Connection, actor: Actor, filing: Filing, homes: tuple[str, ...]) -> dict[str, Any]:
    if filing.spot_code is not None:
        return _spot(db, filing)
    unit_id = filing.unit_id
    if unit_id is None and filing.location is None and filing.community_id is None and len(homes) == 1:
        unit_id = homes[0]
    if unit_id is not None:
        if actor.role == "crew":
            # Their job there gives the crew no sight of the record; what they file is still as pressing as anybody's.
            db.execute(select(func.set_config("doorstep.filing", "on", True)))
        row = db.execute(_HOME, {"unit_id": unit_id, "now": time.now()}).mappings().one_or_none()
        theirs = unit_id in homes if actor.role == "resident" else _is_in_reach(actor, row)
        if row is None or not theirs:
            raise invalid_field(
                "unit_id",
                "This is none of your homes. GET /api/v1/me lists them.",
                "这不是您的房屋，请在 GET /api/v1/me 中查看。",
            )
        return dict(row)
    return _shared_place(db, actor, filing, homes)


def _spot(db: Connection, filing: Filing) -> dict[str, Any]:
    """Return the place of a code that was scanned; whoever stands there may report it, wherever they live."""
    if (filing.unit_id, filing.community_id, filing.location) != (None, None, None):
        raise invalid_field(
            "spot_code",
            "The code says where; leave unit_id, community_id and location out.",
            "二维码已说明地点，请勿再填写 unit_id、community_id 或 location。",
        )
    wanted = (
        select(spots.c.id, spots.c.name, buildings.c.name.label("building"), *_OF_COMMUNITY)
        .join_from(spots, communities, communities.c.id == spots.c.community_id)
        .outerjoin(buildings, buildings.c.id == spots.c.building_id)
        .where(spots.c.code == filing.spot_code, spots.c.closed_at.is_(None), buildings.c.closed_at.is_(None))
    )
    row = db.execute(wanted).mappings().one_or_none()
    if row is None or row["closed_at"] is not None:
        raise invalid_field(
            "spot_code", "Nothing is behind this code, or no longer.", "该二维码无效或已更换，请查看现场的新码。"
        )
    at_spot = {"unit_id": None, "unit_name": None, "spot_id": row["id"]}
    named = {name: value for name, value in row.items() if name not in ("id", "name", "building")}
    return {**named, **at_spot, "location": label(row["building"], row["name"])}


def _is_in_reach(actor: Actor, row: Any) -> bool:
    """True where staff may act in the place's community: without a limit, in all of the organisation."""
    return row is not None and (not actor.community_ids or row["community_id"] in actor.community_ids)


def _shared_place(db: Connection, actor: Actor, filing: Filing, homes: tuple[str, ...]) -> dict[str, Any]:
    wanted = select(*_OF_COMMUNITY)
    if actor.community_ids:
        wanted = wanted.where(communities.c.id.in_(actor.community_ids))
    if filing.community_id is not None:
        wanted = wanted.where(communities.c.id == filing.community_id)
    if homes and (filing.community_id is None or actor.role == "resident"):
        wanted = wanted.where(communities.c.id.in_(select(units.c.community_id).where(units.c.id.in_(homes))))
    rows = db.execute(wanted.limit(2)).mappings().all()
    if len(rows) == 1:
        return {**rows[0], "unit_id": None, "unit_name": None}
    if filing.community_id is not None or not rows:
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    field = "unit_id" if actor.role == "resident" else "community_id"
    raise invalid_field(
        field, f"More than one place is possible; please give {field}.", f"可能的地点不止一处，请填写 {field}。"
    )
