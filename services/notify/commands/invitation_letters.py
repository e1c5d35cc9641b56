"""Letters with links to accounts: queued for whoever has an address."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.kit import clock
from services.kit.database import set_scope
from services.kit.identity import Actor
from services.notify.models import contacts, invitation_letters


def queue_letters(connection: Connection, by: Actor, wanted: Sequence[Mapping[str, Any]]) -> list[bool]:
    """Queue a letter for each invitation that has an address, its own or the one its person confirmed; says which.

    Asked for again, the letter goes out once more. `wanted` are invitation_id, person_id, locale, purpose, expires_at
    and email (None: the confirmed one). A link for a forgotten password goes to the confirmed address wherever there is
    one: who types another could open somebody else's account by it.
    """
    now = clock.now()
    queued = []
    for one in wanted:
        reset = one["purpose"] == "reset"
        confirmed = confirmed_address(connection, by, one["person_id"]) if reset or not one["email"] else None
        address = confirmed or one["email"]
        queued.append(address is not None)
        if address is None:
            continue
        row = {name: one[name] for name in ("invitation_id", "person_id", "locale", "purpose", "expires_at")}
        row |= {"organisation_id": by.organisation_id, "asked_by": by.id, "address": address}
        row |= {"created_at": now, "next_attempt_at": now, "attempts": 0}
        again = {name: row[name] for name in ("address", "next_attempt_at", "attempts", "asked_by")}
        connection.execute(
            insert(invitation_letters).values(row).on_conflict_do_update(index_elements=["invitation_id"], set_=again)
        )
    return queued


def confirmed_address(connection: Connection, by: Actor, person_id: str) -> str | None:
    """Read the address somebody confirmed: the database shows it to themselves alone, so it is asked in their scope."""
    set_scope(connection, Actor(person_id, by.organisation_id, "resident"))
    theirs = (contacts.c.person_id == person_id) & contacts.c.email_confirmed_at.is_not(None)
    found: str | None = connection.execute(select(contacts.c.email).where(theirs)).scalar_one_or_none()
    set_scope(connection, by)
    return found
