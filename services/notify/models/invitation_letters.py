"""Letters that carry somebody's way into their account."""

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from services.notify.models.notices import metadata

# One row an invitation; the link is made from its id when it is sent. `address` goes as soon as the letter is sent or
# over. `next_attempt_at` is when it is due, and when the lease of whoever sends it runs out.
invitation_letters = Table(
    "invitation_letters",
    metadata,
    Column("invitation_id", UUID(as_uuid=False), primary_key=True),
    Column("organisation_id", UUID(as_uuid=False), nullable=False),
    Column("person_id", UUID(as_uuid=False), nullable=False),
    Column("address", Text),
    Column("locale", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("asked_by", UUID(as_uuid=False), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    CheckConstraint("purpose IN ('join', 'reset')", name="purpose_known"),
    CheckConstraint("next_attempt_at IS NULL OR address IS NOT NULL", name="due_has_an_address"),
)
Index(
    "ix_invitation_letters_due",
    invitation_letters.c.next_attempt_at,
    postgresql_where=invitation_letters.c.next_attempt_at.is_not(None),
)
