"""The gateway's tables: who may sign in, their sessions, and the last day of events for the live stream."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.kit import erasures as kit_erasures
from services.kit import inbox as kit_inbox
from services.kit import outbox as kit_outbox
from services.kit.database import new_metadata
from services.kit.http import effects

metadata = new_metadata()

ROLES = "role IN ('resident', 'crew', 'dispatcher', 'manager', 'admin')"

organisations = Table(
    "organisations",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    # The language of new accounts.
    Column("locale", Text, nullable=False),
    Column("name_en", Text),
    Column("phone", Text),
    Column("emergency_phone", Text),
    Column("revision", Integer, nullable=False, server_default="1"),
)

# Who changed what an organisation says of itself: each fact by its name with before and after. Append-only.
organisation_changes = Table(
    "organisation_changes",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), ForeignKey("organisations.id"), nullable=False),
    Column("author_id", UUID(as_uuid=False), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("changes", JSONB, nullable=False),
    Index(None, "organisation_id", "id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), ForeignKey("organisations.id"), nullable=False),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("badge", Text),
    Column("locale", Text, nullable=False),
    Column("community_ids", ARRAY(UUID(as_uuid=False)), nullable=False),
    Column("unit_ids", ARRAY(UUID(as_uuid=False)), nullable=False),
    Column("skills", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    # Since when nobody is behind it any more: the row stays as an id that history speaks of.
    Column("erased_at", DateTime(timezone=True)),
    CheckConstraint(ROLES, name="role"),
    Index(None, "organisation_id", "id"),
)

# Who was erased, by whom and why: a code, for words about it would be words about the person. Append-only.
REASONS = ("requested", "moved_out", "retention_over", "unlawful")
erasures = Table(
    "erasures",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("account_id", UUID(as_uuid=False), ForeignKey("accounts.id"), nullable=False, unique=True),
    Column("reason", Text, nullable=False),
    Column("requested_by", UUID(as_uuid=False), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    CheckConstraint(f"reason IN {REASONS}", name="reason"),
    Index(None, "organisation_id", "id"),
)

# Only the SHA-256 of a refresh token is kept. One sign-in is one family; `predecessor` is the token it replaced.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("family", UUID(as_uuid=False), nullable=False, index=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("account_id", UUID(as_uuid=False), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("predecessor", Text),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)

# Only the SHA-256 of a browser session's token is kept; the token itself is in a cookie.
web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("account_id", UUID(as_uuid=False), ForeignKey("accounts.id"), nullable=False, index=True),
    Column("issued_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, index=True),
    Column("revoked_at", DateTime(timezone=True)),
)

# Who may choose a password for an account, once. The link is made from the id and is kept nowhere (kit.invitations).
PURPOSES = ("join", "reset")
invitations = Table(
    "invitations",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("account_id", UUID(as_uuid=False), ForeignKey("accounts.id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("made_by", UUID(as_uuid=False), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
    CheckConstraint("used_at IS NULL OR revoked_at IS NULL", name="used_or_revoked"),
    Index(None, "organisation_id", "id"),
)
# An account has one way in by invitation at a time: a new one takes the place of the one before.
Index(
    "uq_invitations_open",
    invitations.c.account_id,
    unique=True,
    postgresql_where=invitations.c.used_at.is_(None) & invitations.c.revoked_at.is_(None),
)

# Ids only, kept for a day: what a client that lost its connection asks for again.
stream_events = Table(
    "stream_events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("community_id", UUID(as_uuid=False)),
    Column("requester_id", UUID(as_uuid=False)),
    Column("unit_id", UUID(as_uuid=False)),
    Column("owner_id", UUID(as_uuid=False)),
    Column("visible_to_resident", Boolean, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("stored_at", DateTime(timezone=True), nullable=False, server_default=func.now(), index=True),
    Index(None, "organisation_id", "id"),
)

outbox = kit_outbox.define(metadata)
inbox = kit_inbox.define(metadata)
idempotency_keys = effects.define(metadata)
erasure_passes = kit_erasures.define(metadata)
