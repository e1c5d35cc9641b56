"""What every step on a ticket answers: the ticket and its new ETag."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from services.kit.http import Answer
from services.kit.identity import Actor
from services.tickets import queries
from services.tickets.models import buildings, communities, people, units


def words(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return parsed input with ids as text, as the commands take them."""
    return {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in body.items()}


def ticket_answer(db: Connection, actor: Actor, ticket: Mapping[str, Any], status: int = 200) -> Answer:
    """Return a ticket after a step; the names beside its ids cost one look-up."""
    names = db.execute(
        select(
            select(communities.c.name).where(communities.c.id == ticket["community_id"]).scalar_subquery(),
            select(buildings.c.name + " " + units.c.name)
            .join_from(units, buildings, buildings.c.id == units.c.building_id)
            .where(units.c.id == ticket["unit_id"])
            .scalar_subquery(),
            select(people.c.badge).where(people.c.id == ticket["owner_id"]).scalar_subquery(),
        )
    ).one()
    named = {**ticket, "community_name": names[0], "unit_name": names[1], "owner_name": names[2]}
    return Answer(queries.ticket_view(named, actor), status, {"ETag": f'"v{ticket["version"]}"'})
