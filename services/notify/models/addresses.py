"""E-mail addresses: letters that ask whether an address is somebody's, and where each organisation takes answers."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from services.notify.models.notices import metadata

# `address` goes when the letter is used, replaced or over; the rest counts how often letters were asked for.
# `next_attempt_at` is when it is due, and when the lease of whoever sends it runs out.
address_confirmations = Table(
    "address_confirmations",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("address", Text),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint("next_attempt_at IS NULL OR address IS NOT NULL", name="due_has_an_address"),
)
Index("ix_address_confirmations_person", address_confirmations.c.person_id, address_confirmations.c.created_at)
Index(
    "ix_address_confirmations_due",
    address_confirmations.c.next_attempt_at,
    postgresql_where=address_confirmations.c.next_attempt_at.is_not(None),
)

# What the tickets service tells: the address of the company that answers to notices go to.
reply_addresses = Table(
    "reply_addresses",
    metadata,
    Column("organisation_id", UUID(as_uuid=False), primary_key=True),
    Column("address", Text),
    Column("revision", Integer, nullable=False),
)
