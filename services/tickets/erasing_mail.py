"""Erasing a resident from the letters: what they wrote goes, that something came and what became of it stays."""

from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, update

from services.kit.erasures import Erasure
from services.tickets.models import addresses, mails


def erase_mail(db: Connection, erasure: Erasure) -> int:
    """Blank every letter of a resident's, by person and by the digests of their addresses; returns how many.

    That finds letters that came before the address was known to be theirs, too, and those not read yet: there is
    nothing left to read in them.
    """
    every = func.unnest(func.array_append(addresses.c.former, addresses.c.digest))
    theirs = select(every).where(addresses.c.person_id == erasure.person_id)
    mine = (mails.c.organisation_id == erasure.organisation_id) & or_(
        mails.c.person_id == erasure.person_id, mails.c.sender_digest.in_(theirs.scalar_subquery())
    )
    unread = mine & (mails.c.state == "received")
    db.execute(update(mails).where(unread).values(state="discarded", next_attempt_at=None))
    nothing: dict[str, Any] = {
        "raw": None,
        "sender": "",
        "sender_name": "",
        "sender_digest": "",
        "subject": "",
        "text": "",
        "attachments": [],
        "note": None,
        "key": mails.c.id.cast(mails.c.key.type),
    }
    touched = db.execute(update(mails).where(mine).values(nothing)).rowcount
    db.execute(delete(addresses).where(addresses.c.person_id == erasure.person_id))
    return touched
