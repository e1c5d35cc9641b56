"""Who wrote a letter that is being read: whose address it is, how much they wrote lately, and about which home."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit.database import set_scope
from services.kit.identity import Actor
from services.tickets.models import addresses, mailboxes, mails, people, tickets

Row = dict[str, Any]


def received(mail_id: str, *, lock: bool = False) -> Any:
    """Return the query for a letter that waits to be read, with what its mailbox says of itself."""
    wanted = (
        select(mails, mailboxes.c.address, mailboxes.c.authserv_ids)
        .join(mailboxes, mailboxes.c.id == mails.c.mailbox_id)
        .where(mails.c.id == mail_id, mails.c.state == "received")
    )
    return wanted.with_for_update(of=mails) if lock else wanted


def senders(db: Connection, organisation_id: str, digest: str) -> list[Row]:
    """Return the active people whose confirmed address it is: one, as a rule."""
    wanted = (
        select(people)
        .join(addresses, addresses.c.person_id == people.c.id)
        .where(addresses.c.organisation_id == organisation_id, addresses.c.digest == digest, people.c.active)
        .where(people.c.organisation_id == organisation_id)
    )
    return [dict(row) for row in db.execute(wanted.limit(2)).mappings()]


def within_the_hour(db: Connection, row: Row) -> int:
    """Count what the sender of a letter sent in the hour before it, machines' letters apart."""
    since: datetime = row["received_at"] - timedelta(hours=1)
    theirs = (mails.c.organisation_id == row["organisation_id"]) & (mails.c.sender_digest == row["sender_digest"])
    recent = mails.c.received_at.between(since, row["received_at"]) & (mails.c.state != "automatic")
    counted: int = db.execute(select(func.count()).select_from(mails).where(theirs, recent)).scalar_one()
    return counted


def rights_of(person: Row) -> Actor:
    """Return a sender as somebody who acts with their own rights."""
    return Actor(
        id=person["id"],
        organisation_id=person["organisation_id"],
        role=person["role"],
        community_ids=tuple(person["community_ids"]),
        unit_ids=tuple(person["unit_ids"]),
        skills=tuple(person["skills"]),
    )


def home_of(db: Connection, actor: Actor) -> str | None:
    """Return the home a letter is about: the only one, or the one of the sender's newest ticket, or the first.

    Looked up with the sender's own rights, in which the transaction stays.
    """
    set_scope(db, actor)
    if len(actor.unit_ids) < 2:
        return next(iter(actor.unit_ids), None)
    newest = (
        select(tickets.c.unit_id)
        .where(tickets.c.requester_id == actor.id, tickets.c.unit_id.in_(actor.unit_ids))
        .order_by(tickets.c.filed_at.desc())
    )
    return db.execute(newest.limit(1)).scalar_one_or_none() or actor.unit_ids[0]
