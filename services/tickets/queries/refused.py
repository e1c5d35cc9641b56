"""A ticket in short, for whoever was refused a step on it: whose it is, since when, by whom, and what can be done."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from services.kit.identity import Actor
from services.tickets.accountable import owners_of
from services.tickets.models import history, people
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import moment, ticket_view

# What may make somebody else accountable.
_PASSES_ON = frozenset({"file", "claim", "assign", "escalate", "release", "complete", "reopen"})
_KEPT = ("id", "number", "title", "status", "version", "owner", "waiting_reason", "paused_until", "actions")


def ticket_in_short(db: Connection, actor: Actor, ticket_id: str) -> dict[str, Any]:
    """Return what a ticket is now, with its last step, who made its owner accountable, and until when the actor was."""
    view = ticket_view(ticket_row(db, ticket_id), actor)
    past = (
        select(history, people.c.badge)
        .outerjoin(people, people.c.id == history.c.actor_id)
        .where(history.c.ticket_id == ticket_id)
        .order_by(history.c.seq)
    )
    entries = [dict(row) for row in db.execute(past).mappings()]
    given = _given(entries)
    return {
        **{name: view[name] for name in _KEPT},
        "owner_since": moment(given["at"]),
        "owner_by": {"action": given["action"], **_by(given)},
        "last": {"action": entries[-1]["action"], "at": moment(entries[-1]["at"]), "by": _by(entries[-1])},
        "was_yours_until": moment(_lost(entries, actor.id)),
    }


def acted_at(db: Connection, ticket_id: str, actor: Actor, action: str) -> list[datetime]:
    """Return when the actor did this to the ticket, by a phone's clock, for each time that was told later."""
    told = history.c.data["acted"]["acted_at"].astext
    theirs = (history.c.ticket_id == ticket_id, history.c.actor_id == actor.id, history.c.action == action)
    return [datetime.fromisoformat(at) for at in db.execute(select(told).where(*theirs, told.is_not(None))).scalars()]


def _given(entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the entry by which the ticket came to where it is."""
    passed = [entry for entry in entries if entry["action"] in _PASSES_ON]
    for place in range(len(passed) - 1, 0, -1):
        if owners_of(passed[:place])[-1][1] != owners_of(passed[: place + 1])[-1][1]:
            return passed[place]
    return entries[0]


def _lost(entries: list[dict[str, Any]], person_id: str) -> Any:
    """Return when somebody ceased to be accountable; None where they are, or never were."""
    owners = owners_of(entries)
    gone = [after[0] for before, after in zip(owners, owners[1:], strict=False) if before[1] == person_id]
    return gone[-1] if gone and owners[-1][1] != person_id else None


def _by(entry: dict[str, Any]) -> dict[str, Any]:
    return {"id": entry["actor_id"], "role": entry["actor_role"], "name": entry["badge"]}
