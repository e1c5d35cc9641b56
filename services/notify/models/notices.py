"""Contacts, notices and deliveries, beside the kit's own tables."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    Time,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.database import new_metadata
from services.kit.http import effects

metadata = new_metadata()

# `revision` orders what the accounts' owner says, `version` what the person themselves set (their ETag).
contacts = Table(
    "contacts",
    metadata,
    Column("person_id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("role", Text, nullable=False),
    Column("community_ids", ARRAY(UUID(as_uuid=False)), nullable=False, server_default="{}"),
    Column("unit_ids", ARRAY(UUID(as_uuid=False)), nullable=False, server_default="{}"),
    Column("locale", Text, nullable=False, server_default="zh-CN"),
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("active", Boolean, nullable=False, server_default="true"),
    # Nothing but a letter that asks whose it is goes to an address that was not confirmed.
    Column("email", Text),
    Column("email_confirmed_at", DateTime(timezone=True)),
    # Each of these addresses holds a key to somebody's chat or phone: never logged, never shown in full.
    Column("apprise_urls", ARRAY(Text), nullable=False, server_default="{}"),
    # Addresses of the same kind that reach the telephone as a short message; used when nothing else was read.
    Column("sms_urls", ARRAY(Text), nullable=False, server_default="{}"),
    Column("preferred_locale", Text),
    Column("timezone", Text, nullable=False, server_default="Asia/Shanghai"),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
    # When e-mail that can wait is gathered into one a day; none: each by itself.
    Column("digest_at", Time),
    # {kind: [channel, ...]}; a kind that is not named uses every channel the person has an address for.
    Column("channels", JSONB, nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False, server_default="0"),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet_hours_have_two_ends"),
)
Index("ix_contacts_staff", contacts.c.organisation_id, postgresql_where=contacts.c.role.in_(["dispatcher", "manager"]))

notices = Table(
    "notices",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("event_id", UUID(as_uuid=False), nullable=False),
    Column("kind", Text, nullable=False),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("locale", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("link", Text),
    Column("data", JSONB, nullable=False, server_default="{}"),
    Column("urgent", Boolean, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("read_at", DateTime(timezone=True)),
    # However often an event arrives, a person hears of it once.
    UniqueConstraint("event_id", "person_id", "kind"),
)
Index("ix_notices_person", notices.c.person_id, notices.c.id)
Index("ix_notices_unread", notices.c.person_id, notices.c.id, postgresql_where=notices.c.read_at.is_(None))

# `address_key` tells the several addresses of one channel apart without holding them; empty where there is one.
# `next_attempt_at` is when a queued delivery is due, and when the lease of a sending one runs out; `lease` names
# the deliverer that holds it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("notice_id", UUID(as_uuid=False), ForeignKey("notices.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address_key", Text, nullable=False, server_default=""),
    Column("urgent", Boolean, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("lease", UUID(as_uuid=False)),
    Column("last_error", Text),
    Column("answer", Text),
    Column("sent_at", DateTime(timezone=True)),
    UniqueConstraint("notice_id", "channel", "address_key"),
    CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed', 'skipped')", name="state_known"),
    CheckConstraint(
        "(state IN ('queued', 'sending')) = (next_attempt_at IS NOT NULL)", name="pending_has_a_next_moment"
    ),
)
Index(
    "ix_deliveries_due",
    deliveries.c.channel,
    deliveries.c.urgent.desc(),
    deliveries.c.next_attempt_at,
    postgresql_where=deliveries.c.state.in_(["queued", "sending"]),
)

inbox = kit_inbox.define(metadata)
outbox = kit_outbox.define(metadata)
idempotency_keys = effects.define(metadata)
