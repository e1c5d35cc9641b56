"""Reads contacts and notices."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ARRAY, UUID, Connection, and_, any_, bindparam, func, or_, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import ColumnElement

from services.notify.audience import STAFF_AUDIENCES, Contact
from services.notify.models import contacts, deliveries, notices, push_subscriptions, reply_addresses, tellings

_UUIDS = ARRAY(UUID(as_uuid=False))
_DEVICES = (
    select(
        func.json_agg(
            func.json_build_object(
                "key",
                push_subscriptions.c.address_key,
                "endpoint",
                push_subscriptions.c.endpoint,
                "p256dh",
                push_subscriptions.c.p256dh,
                "auth",
                push_subscriptions.c.auth,
            )
        )
    )
    .where(push_subscriptions.c.person_id == contacts.c.person_id, push_subscriptions.c.disabled_at.is_(None))
    .scalar_subquery()
)
_REPLY_ADDRESS = (
    select(reply_addresses.c.address)
    .where(reply_addresses.c.organisation_id == contacts.c.organisation_id)
    .scalar_subquery()
)
_CONTACT = (
    contacts.c.person_id,
    contacts.c.organisation_id,
    contacts.c.role,
    contacts.c.community_ids,
    contacts.c.locale,
    contacts.c.preferred_locale,
    contacts.c.active,
    contacts.c.email,
    contacts.c.email_confirmed_at,
    contacts.c.apprise_urls,
    contacts.c.sms_urls,
    contacts.c.timezone,
    contacts.c.quiet_from,
    contacts.c.quiet_until,
    contacts.c.digest_at,
    contacts.c.channels,
    _DEVICES.label("devices"),
    _REPLY_ADDRESS.label("reply_address"),
)
_PEOPLE = contacts.c.person_id == any_(bindparam("people", type_=_UUIDS))
_STAFF = and_(
    contacts.c.organisation_id == any_(bindparam("organisations", type_=_UUIDS)),
    contacts.c.role.in_(STAFF_AUDIENCES),
    contacts.c.active,
)
_LOAD_PEOPLE = select(*_CONTACT).where(_PEOPLE)
_LOAD_ALL = select(*_CONTACT).where(or_(_PEOPLE, _STAFF))


def load_contacts(connection: Connection, people: Iterable[str], staff_of: Iterable[str]) -> list[Contact]:
    """Return the named people, and the active dispatchers and managers of the organisations in `staff_of`."""
    organisations = sorted(staff_of)
    given: dict[str, Any] = {"people": sorted(people)}
    if organisations:
        given["organisations"] = organisations
    rows = connection.execute(_LOAD_ALL if organisations else _LOAD_PEOPLE, given).mappings()
    return [contact_of(dict(row)) for row in rows]


def contact_of(row: dict[str, Any]) -> Contact:
    """Return a row of contacts as a recipient; the language they chose goes before their account's."""
    return Contact(
        person_id=row["person_id"],
        organisation_id=row["organisation_id"],
        role=row["role"],
        community_ids=tuple(row["community_ids"]),
        locale=row["preferred_locale"] or row["locale"],
        active=row["active"],
        email=row["email"] if row["email_confirmed_at"] else None,
        apprise_urls=tuple(row["apprise_urls"]),
        sms_urls=tuple(row["sms_urls"]),
        timezone=row["timezone"],
        quiet_from=row["quiet_from"],
        quiet_until=row["quiet_until"],
        digest_at=row["digest_at"],
        devices=tuple(row["devices"] or ()),
        channels=row["channels"],
        reply_address=row["reply_address"],
    )


# Each way to its reader in the order in which they were taken; the inbox is first.
_WAYS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(
                    "channel", deliveries.c.channel, "state", deliveries.c.state, "at", deliveries.c.sent_at
                ),
                deliveries.c.sent_at.asc().nulls_last(),
                deliveries.c.channel,
            )
        )
    )
    .where(deliveries.c.notice_id == notices.c.id)
    .scalar_subquery()
)
_LOG = select(notices, tellings.c.target_at, func.coalesce(_WAYS, text("'[]'")).label("told")).outerjoin(
    tellings, tellings.c.notice_id == notices.c.id
)


def list_notices(
    connection: Connection, person_id: str, *, unread: bool | None, after: str | None, limit: int
) -> Sequence[dict[str, Any]]:
    """Return up to `limit` notices of a person with how they were told, newest first, older than the notice `after`."""
    conditions: list[ColumnElement[bool]] = [notices.c.person_id == person_id]
    if after is not None:
        conditions.append(notices.c.id < after)
    if unread is not None:
        conditions.append(notices.c.read_at.is_(None) if unread else notices.c.read_at.is_not(None))
    rows = connection.execute(_LOG.where(*conditions).order_by(notices.c.id.desc()).limit(limit))
    return [dict(row) for row in rows.mappings()]


def find_notice(connection: Connection, notice_id: str) -> dict[str, Any]:
    """Return one notice with how it was told; the caller knows that it is there."""
    return dict(connection.execute(_LOG.where(notices.c.id == notice_id)).mappings().one())


def find_contact(connection: Connection, person_id: str) -> dict[str, Any] | None:
    """Return the row of one person, or None."""
    row = connection.execute(select(contacts).where(contacts.c.person_id == person_id)).mappings().one_or_none()
    return dict(row) if row else None
