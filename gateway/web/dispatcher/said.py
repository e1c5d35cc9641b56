"""Says codes and names in the page's language, and takes times as they are typed."""

from datetime import datetime
from typing import Any

from gateway.web.language import chinese
from gateway.web.moments import zone
from gateway.web.step_forms import aware as aware
from gateway.web.step_forms import choices as choices
from gateway.web.words import word


def named(names: dict[str, str] | None) -> str:
    """Return a name that a service gives in both languages, in that of the page."""
    names = names or {}
    return names.get("zh-CN" if chinese() else "en") or next(iter(names.values()), "")


def owner(ticket: dict[str, Any]) -> str:
    """Return who is accountable for a ticket, by name."""
    its = ticket["owner"]
    return its["name"] or str(word("desk", its["desk"]))


def typed(moment: str | None, community_id: str | None) -> str | None:
    """Return a moment as a field for times takes it, by the community's clocks."""
    if not moment:
        return None
    at = datetime.fromisoformat(moment)
    return at.astimezone(zone(community_id)).strftime("%Y-%m-%dT%H:%M")
