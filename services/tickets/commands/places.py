"""Communities, buildings and units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from services.kit.errors import invalid_field
from services.tickets import service_levels
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
        community = {
            "id": place.id,
            "organisation_id": organisation_id,
            "name": place.name,
            "timezone": calendar.tz,
            "calendar": dict(place.calendar),
            "calendar_version": service_levels.FIRST_CALENDAR,
            "policy_version": STANDARD_VERSION,
        }
        first = {
            "community_id": place.id,
            "version": service_levels.FIRST_CALENDAR,
            "organisation_id": organisation_id,
            "document": dict(place.calendar),
        }
        db.execute(insert(communities).values(community).on_conflict_do_nothing())
        db.execute(insert(calendars).values(first).on_conflict_do_nothing())
        building_rows = [
            {"id": key, "organisation_id": organisation_id, "community_id": place.id, "name": name}
            for key, (name, _) in place.homes.items()
        ]
        unit_rows = [
            {
                "id": unit_id,
                "organisation_id": organisation_id,
                "community_id": place.id,
                "building_id": building_id,
                "name": name,
            }
            for building_id, (_, homes) in place.homes.items()
            for unit_id, name in homes.items()
        ]
        if building_rows:
            db.execute(insert(buildings).values(building_rows).on_conflict_do_nothing())
        if unit_rows:
            db.execute(insert(units).values(unit_rows).on_conflict_do_nothing())
