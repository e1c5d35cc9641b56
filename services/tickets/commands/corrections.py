"""Correcting what triage decided: the override is on the record, and triage learns from it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert

from services.contracts.tickets import TicketOverridden
from services.kit.errors import Invalid
from services.kit.identity import Actor
from services.tickets import shelves
from services.tickets.commands.items import chosen, columns_of
from services.tickets.commands.joining import let_danger_stand
from services.tickets.commands.steps import Step, Ticket, allow, lock, require_version, take
from services.tickets.models import refilings


def override(
    db: Connection,
    actor: Actor,
    ticket_id: str,
    *,
    reason: str,
    catalogue_code: str | None = None,
    need_level: int | None = None,
    urgency: str | None = None,
    circumstances: Sequence[str] | None = None,
    version: int | None = None,
) -> Ticket:
    """Change item, need level, urgency or circumstances, with a reason. Pauses already taken keep their credit.

    What becomes a danger to life by it is parted from a request that is no emergency.

    The order of need levels is not rigid (Maslow says so himself), so an operator may set another.
    """
    ticket = lock(db, ticket_id)
    require_version(ticket, version)
    rule = allow(ticket, actor, "override")
    changes: dict[str, Any] = {}
    if catalogue_code is not None:
        version, items = shelves.in_force(db, actor.organisation_id)
        changes |= columns_of(chosen(catalogue_code, items, offered=True), version)
    if need_level is not None:
        changes["need_level"] = need_level
    if urgency is not None:
        changes["urgency"] = urgency
    if circumstances is not None:
        changes["circumstances"] = sorted(set(circumstances))
    changes = {name: value for name, value in changes.items() if ticket[name] != value}
    if not changes.keys() - {"catalogue_version", "item_name"}:
        raise Invalid(
            "Nothing would change: give catalogue_code, need_level, urgency or circumstances.",
            "没有变化：请给出 catalogue_code、need_level、urgency 或 circumstances。",
            fields={"catalogue_code": ["give one that differs"]},
        )
    # What the item is called follows from its version.
    told = {name: [ticket[name], value] for name, value in changes.items() if name != "item_name"}
    step = Step("override", TicketOverridden, changes=changes, data={"changes": told}, note=reason, note_visible=False)
    after = take(db, actor, ticket, step, rule)
    if "catalogue_code" in changes:
        _remember(db, ticket, after)
    return let_danger_stand(db, after)


def _remember(db: Connection, ticket: Ticket, after: Ticket) -> None:
    """Keep what was corrected, for triage to learn from."""
    row = {
        "organisation_id": ticket["organisation_id"],
        "ticket_id": ticket["id"],
        "words": f"{ticket['title']}\n{ticket['description']}",
        "from_code": ticket["catalogue_code"],
        "to_code": after["catalogue_code"],
        "at": after["changed_at"],
    }
    db.execute(insert(refilings).values(row))
