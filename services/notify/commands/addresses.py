"""Addresses and whose they are: asked by letter, confirmed by link, taken back when letters return."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import to_event
from services.contracts.mail import MailboxChanged
from services.contracts.notify import AddressChanged, PreferencesChanged
from services.kit import clock, letters, outbox
from services.kit.errors import Conflict
from services.kit.events import Event, new_id
from services.kit.identity import Actor
from services.notify.addresses import Confirmation, unknown_link
from services.notify.models import address_confirmations, contacts, deliveries, notices, reply_addresses, tellings
from services.notify.models import outbox as outbox_table

LASTS = timedelta(hours=48)
# Whoever asks for more writes to strangers with our letters.
MOST_AN_HOUR = 5
RETURNED = "the mail server of the address returned it"

_OVER = {"address": None, "next_attempt_at": None}


def ask_whose(connection: Connection, actor: Actor, contact: dict[str, Any]) -> None:
    """Queue a letter to a contact's new address; links sent before confirm nothing any more. Raises Conflict."""
    theirs = address_confirmations.c.person_id == actor.id
    now = clock.now()
    recent = theirs & (address_confirmations.c.created_at > now - timedelta(hours=1))
    asked = connection.execute(select(func.count()).select_from(address_confirmations).where(recent)).scalar_one()
    if asked >= MOST_AN_HOUR:
        raise Conflict(
            f"{MOST_AN_HOUR} letters were asked for within the hour. Please look for them, also in the spam folder.",
            f"一小时内已发送 {MOST_AN_HOUR} 封确认邮件，请先查收（包括垃圾邮件箱）。",
        )
    connection.execute(update(address_confirmations).where(theirs).values(_OVER))
    if contact["email"] is None:
        return
    row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "person_id": actor.id,
        "address": contact["email"],
        "locale": contact["preferred_locale"] or contact["locale"],
        "created_at": now,
        "expires_at": now + LASTS,
        "next_attempt_at": now,
    }
    connection.execute(insert(address_confirmations).values(row))


def ask_again(connection: Connection, actor: Actor) -> None:
    """Queue another letter to an address that is not confirmed. Raises Conflict where there is nothing to confirm."""
    row = connection.execute(select(contacts).where(contacts.c.person_id == actor.id)).mappings().one_or_none()
    if row is None or row["email"] is None or row["email_confirmed_at"] is not None:
        raise Conflict("You have no address that is to be confirmed.", "您没有待确认的邮箱地址。")
    ask_whose(connection, actor, dict(row))


def confirm(connection: Connection, confirmation: Confirmation, secret: str) -> None:
    """Take an address for the person's whose letter this is; the link works once. Raises NotFound or Conflict.

    Locks the person's contact. Opened again by a mail program that looks at links, it stays confirmed.
    """
    mine = address_confirmations.c.id == confirmation.id
    contact = (
        connection.execute(select(contacts).where(contacts.c.person_id == confirmation.person_id).with_for_update())
        .mappings()
        .one_or_none()
    )
    row = connection.execute(select(address_confirmations).where(mine)).mappings().one_or_none()
    if row is None or contact is None:
        raise unknown_link()
    if row["used_at"] is not None and contact["email_confirmed_at"] is not None:
        return
    now = clock.now()
    if row["address"] is None or row["expires_at"] <= now or row["address"] != contact["email"]:
        raise Conflict(
            "This link is over. Please ask for another letter in your settings.",
            "该链接已失效，请在设置中重新发送确认邮件。",
        )
    connection.execute(update(address_confirmations).where(mine).values(**_OVER, used_at=now))
    digest = letters.address_digest(secret, confirmation.organisation_id, contact["email"])
    _set_confirmed(connection, contact["person_id"], now, digest)


def withdraw(connection: Connection, contact: dict[str, Any]) -> None:
    """Say that a contact's address is nobody's that we know; its own row was changed by the caller."""
    _publish(connection, contact, None)


def _set_confirmed(connection: Connection, person_id: str, moment: datetime | None, digest: str | None) -> None:
    change = update(contacts).where(contacts.c.person_id == person_id)
    row = connection.execute(
        change.values(email_confirmed_at=moment, version=contacts.c.version + 1).returning(contacts)
    )
    contact = dict(row.mappings().one())
    _publish(connection, contact, digest)
    publish_preferences(connection, contact)


def _publish(connection: Connection, contact: dict[str, Any], digest: str | None) -> None:
    fact = AddressChanged(account_id=contact["person_id"], revision=contact["version"], address_digest=digest)
    event = to_event(fact, organisation_id=contact["organisation_id"], subject=contact["person_id"], at=clock.now())
    outbox.emit(connection, outbox_table, event)


def publish_preferences(connection: Connection, contact: Mapping[str, Any]) -> None:
    """Tell others how a contact wants to be told, as their row says now."""
    has = {"email": contact["email_confirmed_at"], "apprise": contact["apprise_urls"], "sms": contact["sms_urls"]}
    fact = PreferencesChanged(
        account_id=contact["person_id"],
        revision=contact["version"],
        locale=contact["preferred_locale"],
        timezone=contact["timezone"],
        channels=tuple(channel for channel, address in has.items() if address),
        **{name: _hour(contact[name]) for name in ("quiet_from", "quiet_until", "digest_at")},
    )
    event = to_event(fact, organisation_id=contact["organisation_id"], subject=contact["person_id"], at=clock.now())
    outbox.emit(connection, outbox_table, event)


def _hour(moment: time | None) -> str | None:
    return None if moment is None else moment.strftime("%H:%M")


def note_mailboxes(connection: Connection, changes: Sequence[tuple[Event, MailboxChanged]]) -> None:
    """Keep where each organisation takes answers; the highest revision wins."""
    for event, fact in changes:
        new = insert(reply_addresses).values(
            organisation_id=event.organisation_id, address=fact.mailbox, revision=fact.revision
        )
        connection.execute(
            new.on_conflict_do_update(
                index_elements=["organisation_id"],
                set_={"address": new.excluded.address, "revision": new.excluded.revision},
                where=reply_addresses.c.revision < new.excluded.revision,
            )
        )


def take_back(connection: Connection, delivery_id: str) -> list[str]:
    """Record that a sent letter came back; returns the notice that is undelivered by it, if any.

    The address is to be confirmed anew before anything else goes there. A report that comes twice, or about a letter
    that is not there any more, changes nothing.
    """
    back = (deliveries.c.id == delivery_id) & (deliveries.c.state == "sent") & (deliveries.c.channel == "email")
    failed = update(deliveries).where(back).values(state="failed", last_error=RETURNED)
    row = connection.execute(failed.returning(deliveries.c.notice_id, deliveries.c.person_id)).one_or_none()
    if row is None:
        return []
    told = (tellings.c.notice_id == row.notice_id) & (tellings.c.accepted_by == "email")
    connection.execute(update(tellings).where(told).values(accepted_at=None, accepted_by=None))
    confirmed = (contacts.c.person_id == row.person_id) & contacts.c.email_confirmed_at.is_not(None)
    sent_to_it = select(notices.c.created_at).where(notices.c.id == row.notice_id).scalar_subquery()
    # What was confirmed since is another address, or the same one that works again.
    stale = select(contacts.c.person_id).where(confirmed, contacts.c.email_confirmed_at <= sent_to_it)
    person = connection.execute(stale.with_for_update()).scalar_one_or_none()
    if person is not None:
        _set_confirmed(connection, person, None, None)
    return [row.notice_id]
