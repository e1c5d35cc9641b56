"""Who was accountable for a job at any moment of its history: whoever a clock that was decided then is put down to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.tickets.acts import moment_of

Entry = Mapping[str, Any]
Stretch = tuple[datetime, str | None]


def owners_of(entries: Sequence[Entry]) -> list[Stretch]:
    """Return (from when, the person's id, None while it was a desk's) in order, the first from the filing.

    Once a job is done it is put down to whoever completed it, be that its owner or the desk that settled it.
    """
    owner: str | None = None
    crew: str | None = None
    found: list[Stretch] = [(entries[0]["at"], None)]
    for entry in entries:
        data, before = entry["data"], owner
        match entry["action"]:
            case "claim":
                owner = entry["actor_id"]
            case "assign" | "escalate":
                owner = data["to"]
            case "release":
                owner = None
            case "complete":
                # A job that moves with another is completed by whoever completed that.
                owner = crew = data.get("by", entry["actor_id"])
            case "reopen":
                # Entries from before this was recorded do not say whether whoever completed it was still there.
                owner = data.get("owner_id", crew)
        if owner != before:
            found.append((moment_of(entry), owner))
    return found


def owner_at(owners: Sequence[Stretch], at: datetime | None) -> str | None:
    """Return who was accountable at a moment, or is (None). What was done at that very moment had been done."""
    if at is None:
        return owners[-1][1]
    return next((owner for since, owner in reversed(owners) if since <= at), None)
