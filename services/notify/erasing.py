"""Erasing a person from what they were told: addresses and words go; that, when and how they were told stays."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, update

from services.kit.erasures import Erasure, forget_answers
from services.notify.models import alarms, contacts, deliveries, idempotency_keys, metadata

# Rows that are nothing but somebody's addresses or choices.
GONE = ("push_subscriptions", "paces", "address_confirmations", "invitation_letters")
# Words in rows that figures are made of.
BLANK: dict[str, dict[str, Any]] = {
    "notices": {"title": "", "body": "", "link": None, "data": {}},
    "phone_tasks": {"title": ""},
    "incidents": {"remark": None},
}


def erase_person(db: Connection, erasure: Erasure) -> dict[str, int]:
    """Erase where a person is reached and what they were told in words; returns the counts.

    The contact stays as an id that nothing is sent to, so that news arriving late does not make it anew.
    """
    counts = {"contacts": _contact(db, erasure), "deliveries": _deliveries(db, erasure)}
    for name, words in BLANK.items():
        if name in metadata.tables:
            table = metadata.tables[name]
            values = {column: value for column, value in words.items() if column in table.c}
            theirs = table.c.person_id == erasure.person_id
            counts[name] = db.execute(update(table).where(theirs).values(values)).rowcount
    for name in GONE:
        if name in metadata.tables and "person_id" in metadata.tables[name].c:
            table = metadata.tables[name]
            counts[name] = db.execute(delete(table).where(table.c.person_id == erasure.person_id)).rowcount
    open_ones = (alarms.c.person_id == erasure.person_id) & alarms.c.next_at.is_not(None)
    counts["alarms"] = db.execute(delete(alarms).where(open_ones)).rowcount
    counts["idempotency_keys"] = forget_answers(db, idempotency_keys, erasure)
    return counts


def _contact(db: Connection, erasure: Erasure) -> int:
    theirs: ColumnElement[bool] = contacts.c.person_id == erasure.person_id
    nothing: dict[str, Any] = {
        "active": False,
        "email": None,
        "email_confirmed_at": None,
        "preferred_locale": None,
        "timezone": "Asia/Shanghai",
        "quiet_from": None,
        "quiet_until": None,
        "channels": {},
        "community_ids": [],
        "unit_ids": [],
    }
    nothing |= {name: [] for name in ("apprise_urls", "sms_urls") if name in contacts.c}
    return db.execute(update(contacts).where(theirs).values(nothing)).rowcount


def _deliveries(db: Connection, erasure: Erasure) -> int:
    """Take away what a provider answered and which address was used; what was still to be sent is not sent."""
    theirs = deliveries.c.person_id == erasure.person_id
    waiting = deliveries.c.state.in_(("queued", "sending"))
    db.execute(update(deliveries).where(theirs, waiting).values(state="skipped", next_attempt_at=None, lease=None))
    values = {"last_error": None, "answer": None}
    touched = db.execute(update(deliveries).where(theirs).values(values)).rowcount
    keyed = update(deliveries).where(theirs, deliveries.c.address_key != "")
    db.execute(keyed.values(address_key=cast(deliveries.c.id, Text)))
    return touched
