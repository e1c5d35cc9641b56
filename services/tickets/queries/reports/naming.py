"""What the groups of a report are called, where their keys do not say it."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select

from services.tickets import shelves
from services.tickets.catalogue import NEED_LEVELS
from services.tickets.models import communities, people
from services.tickets.queries.reports.asked import ITEM, Asked


def names_of(db: Connection, asked: Asked, grouping: str, keys: Iterable[Any]) -> Mapping[Any, str | None]:
    """Return the names of groups by their keys; an item's is the catalogue's in force, in the reader's language."""
    if grouping == "need_level":
        return NEED_LEVELS
    if grouping == ITEM:
        chinese = asked.locale.startswith("zh")
        _, items = shelves.in_force(db, asked.organisation_id)
        return {item.code: item.zh if chinese else item.en for item in items}
    known = [key for key in keys if key is not None]
    if grouping == "community":
        wanted = select(communities.c.id, communities.c.name).where(communities.c.id.in_(known))
    elif grouping in ("crew", "member"):
        wanted = select(people.c.id, people.c.badge).where(people.c.id.in_(known))
    else:
        return {}
    return {key: name for key, name in db.execute(wanted)}  # noqa: C416 - rows, not pairs
