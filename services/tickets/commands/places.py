"""Communities, buildings and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects.postgresql import insert

from services.kit.errors import invalid_field
from services.tickets import service_levels
from services.tickets.estate.codes import code_of, told_apart
from services.tickets.models import buildings, calendars, communities, units
from services.tickets.sla.policy import STANDARD_VERSION


@dataclass(frozen=True)
class Place:
    """A community with its working calendar (see sla.Calendar.from_json) and its buildings' units by name.

    `homes` is {building id: (building name, {unit id: unit name})}.
    """

    id: str
    name: str
    calendar: Mapping[str, Any]
    homes: Mapping[str, tuple[str, Mapping[str, str]]]


def add_places(db: Connection, organisation_id: str, places: Sequence[Place]) -> None:
    """Add communities with their buildings and units; what is there already stays as it is.

    Raises Invalid where a calendar cannot be used: it is refused when saved, not when a clock needs it.
    """
    for place in places:
        try:
            calendar = service_levels.calendar_of(place.calendar)
        except ValueError as problem:
            raise invalid_field(
                "calendar", f"{place.name}: {problem}", f"{place.name}：日历无效（{problem}）"
            ) from problem
        community: dict[str, Any] = {
            "id": place.id,
            "organisation_id": organisation_id,
            "name": place.name,
            "timezone": calendar.tz,
            "calendar": dict(place.calendar),
            "calendar_version": service_levels.FIRST_CALENDAR,
            "policy_version": STANDARD_VERSION,
            "code": free_code(db, communities, organisation_id, code_of(place.name), place.id),
        }
        first = {
            "community_id": place.id,
            "version": service_levels.FIRST_CALENDAR,
            "organisation_id": organisation_id,
            "document": dict(place.calendar),
        }
        db.execute(insert(communities).values(community).on_conflict_do_nothing())
        db.execute(insert(calendars).values(first).on_conflict_do_nothing())
        building_rows, unit_rows = _rows_of(organisation_id, place, community["code"])
        if building_rows:
            db.execute(insert(buildings).values(building_rows).on_conflict_do_nothing())
        if unit_rows:
            db.execute(insert(units).values(unit_rows).on_conflict_do_nothing())


def _rows_of(
    organisation_id: str, place: Place, community_code: str
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of a community's buildings and of their units."""
    common = {"organisation_id": organisation_id, "community_id": place.id}
    building_rows = [
        {**common, "id": key, "name": name, "code": code_of(community_code, name)}
        for key, (name, _) in place.homes.items()
    ]
    unit_rows = [
        {**common, "id": unit_id, "building_id": key, "name": name, "code": code_of(community_code, building, name)}
        for key, (building, homes) in place.homes.items()
        for unit_id, name in homes.items()
    ]
    return building_rows, unit_rows


def free_code(db: Connection, table: Table, organisation_id: str, code: str, place_id: str) -> str:
    """Return the code for a place, told apart where another has it already."""
    taken = select(table.c.id).where(
        table.c.organisation_id == organisation_id, table.c.code == code, table.c.id != place_id
    )
    return code if db.execute(taken).one_or_none() is None else told_apart(code, place_id)
