"""Which open reports and outages somebody may know of around a place, and may therefore join their own to."""

from sqlalchemy import ColumnElement, and_, func, or_, true

from services.kit.identity import Actor
from services.tickets.models import announcements, tickets, units

# What a neighbour may know that another home reported, for its cause may be in the house. A theft is nobody's affair.
OF_THE_HOUSE = ("repair", "cleaning", "greening")


def near_to(actor: Actor, unit_id: str | None, building_id: str | None) -> ColumnElement[bool]:
    """Return the condition on tickets, their `units` and current `announcements`, within the place's own community."""
    if unit_id is None:
        return true() if actor.is_staff else tickets.c.unit_id.is_(None)
    next_door = units.c.building_id == building_id
    if not actor.is_staff:
        next_door &= or_(tickets.c.unit_id == unit_id, tickets.c.work_type.in_(OF_THE_HOUSE))
    outage = or_(announcements.c.id.is_(None), concerns_unit(unit_id, building_id))
    return and_(or_(tickets.c.unit_id.is_(None), next_door), outage)


def concerns_unit(unit_id: str, building_id: str | None) -> ColumnElement[bool]:
    """Return the condition that an announcement in the home's community is for this home."""
    of = announcements
    everywhere = func.cardinality(of.c.building_ids) + func.cardinality(of.c.unit_ids) == 0
    return or_(everywhere, of.c.building_ids.any_() == building_id, of.c.unit_ids.any_() == unit_id)
