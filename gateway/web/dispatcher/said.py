"""Says codes and names in the page's language, and takes times as they are typed."""

from datetime import datetime
from typing import Any

from gateway.web.language import chinese
from gateway.web.moments import zone
from gateway.web.words import all_of, word


def named(names: dict[str, str] | None) -> str:
    """Return a name that a service gives in both languages, in that of the page."""
    names = names or {}
    return names.get("zh-CN" if chinese() else "en") or next(iter(names.values()), "")


def owner(ticket: dict[str, Any]) -> str:
    """Return who is accountable for a ticket, by name."""
    its = ticket["owner"]
    return its["name"] or str(word("desk", its["desk"]))


def choices(kind: str, first: object = None) -> list[tuple[str, object]]:
    """Return a kind's words for a field with a choice, below what stands for none."""
    return ([("", first)] if first is not None else []) + [(code, one.name) for code, one in all_of(kind).items()]


def aware(typed: str | None, community_id: str | None) -> str | None:
    """Return a moment typed as the community's clocks show it, with its zone; the desk refuses what is none."""
    if not typed:
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return typed
    place = zone(community_id)
    return typed if moment.tzinfo or place is None else moment.replace(tzinfo=place).isoformat()


def typed(moment: str | None, community_id: str | None) -> str | None:
    """Return a moment as a field for times takes it, by the community's clocks."""
    if not moment:
        return None
    at = datetime.fromisoformat(moment)
    return at.astimezone(zone(community_id)).strftime("%Y-%m-%dT%H:%M")
