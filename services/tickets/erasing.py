"""Erasing a resident from the tickets: their words, photos and household go; history keeps ids and sealed digests."""

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, exists, insert, or_, select, update

from services.kit import clock
from services.kit.erasures import Erasure, forget_answers
from services.tickets.chain import ERASED
from services.tickets.erasing_mail import erase_mail
from services.tickets.erasing_plans import erase_planned
from services.tickets.models import (
    household_circumstances,
    household_equipment,
    households,
    idempotency_keys,
    metadata,
    people,
    photo_removals,
    photos,
    remarks,
    resident_preferences,
    tickets,
)
from services.tickets.pictures import Store

log = structlog.get_logger()

REMOVED_AT_ONCE = 100
# Rows of these go with their ticket: what somebody wrote about it, and words taken from its text.
OF_TICKET = ("remarks", "refilings", "complaint_words", "ticket_contacts")
HOME = (household_circumstances, household_equipment, households)


def erase_person(db: Connection, erasure: Erasure) -> dict[str, int]:
    """Erase a resident's words, the words about them in what they requested, and their household; returns the counts.

    What others requested for the same home stays theirs. A household's record goes when nobody else lives there;
    otherwise only what this person consented to goes, since a consent goes with whoever gave it.
    """
    theirs = tickets.c.requester_id == erasure.person_id
    ids: Sequence[str] = db.execute(select(tickets.c.id).where(theirs)).scalars().all()
    counts = {"photos": _photos(db, erasure, ids)}
    counts["tickets"] = _tickets(db, theirs)
    for name in OF_TICKET:
        if name in metadata.tables:
            counts[name] = _of_tickets(db, metadata.tables[name], erasure, ids)
    empty = [unit_id for unit_id in erasure.unit_ids if not _somebody_lives_there(db, erasure, unit_id)]
    for table in HOME:
        gone: ColumnElement[bool] = table.c.unit_id.in_(empty)
        if table is household_circumstances:
            gone = or_(gone, table.c.consented_by == erasure.person_id)
        counts[table.name] = db.execute(delete(table).where(gone)).rowcount
    forget: dict[str, Any] = {"badge": None, "community_ids": [], "unit_ids": [], "skills": [], "active": False}
    counts["people"] = db.execute(update(people).where(people.c.id == erasure.person_id).values(forget)).rowcount
    told = delete(resident_preferences).where(resident_preferences.c.person_id == erasure.person_id)
    counts["resident_preferences"] = db.execute(told).rowcount
    counts["mails"] = erase_mail(db, erasure)
    counts |= erase_planned(db, erasure, ids, ERASED)
    counts["idempotency_keys"] = forget_answers(db, idempotency_keys, erasure, (*ids, *empty))
    return counts


def _tickets(db: Connection, theirs: ColumnElement[bool]) -> int:
    """Blank what a ticket says in words. Its version stays: nothing that history speaks of has changed."""
    words: dict[str, Any] = {"title": ERASED, "description": ERASED, "location": None, "because": []}
    words["words_salt"] = None
    return db.execute(update(tickets).where(theirs, tickets.c.description != ERASED).values(words)).rowcount


def _of_tickets(db: Connection, table: Table, erasure: Erasure, ids: Sequence[str]) -> int:
    gone: ColumnElement[bool] = table.c.ticket_id.in_(ids)
    if table is remarks:
        gone = or_(gone, table.c.author_id == erasure.person_id)
    return db.execute(delete(table).where(gone)).rowcount


def _photos(db: Connection, erasure: Erasure, ids: Sequence[str]) -> int:
    """Delete the rows of photos, and note the files: they are removed after the commit, until they are gone."""
    gone = or_(photos.c.ticket_id.in_(ids), photos.c.author_id == erasure.person_id)
    wanted = select(photos.c.id, photos.c.organisation_id).where(gone)
    db.execute(insert(photo_removals).from_select(["photo_id", "organisation_id"], wanted))
    return db.execute(delete(photos).where(gone)).rowcount


def _somebody_lives_there(db: Connection, erasure: Erasure, unit_id: str) -> bool:
    others = exists().where(
        people.c.unit_ids.any_() == unit_id,
        people.c.id != erasure.person_id,
        people.c.active,
        people.c.role == "resident",
    )
    return bool(db.execute(select(others)).scalar_one())


def remove_photos(engine: Engine, store: Store) -> int:
    """Remove the files of photos that were erased or never recorded, then the notes of them; returns how many went.

    A kill between the two removes a file twice, which is no harm. Raises Unavailable where the store does not answer.
    """
    noted = photo_removals.c
    due = select(noted.photo_id).where(noted.not_before <= clock.now()).order_by(noted.not_before)
    with engine.connect() as db:
        ids = db.execute(due.limit(REMOVED_AT_ONCE)).scalars().all()
    for photo_id in ids:
        store.remove(photo_id)
        with engine.begin() as db:
            db.execute(delete(photo_removals).where(noted.photo_id == photo_id))
    if ids:
        log.info("photos.removed", count=len(ids))
    return len(ids)
