"""Incoming mail: where it comes in, whose addresses are known, and every letter until it is dealt with."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from services.tickets.models.columns import Id, Moment, metadata, one_of, organisation

# What became of a letter. `waiting` is for the desk to decide, `automatic` a machine's, kept and shown on demand.
MAIL_STATES = ("received", "filed", "remarked", "bounced", "automatic", "waiting", "discarded")

# One an organisation. Of the secret before the last the end is kept, so that a mail server can be told the new one.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("address", Text),
    Column("authserv_ids", ARRAY(Text), nullable=False, server_default="{}"),
    Column("sealed_secret", Text),
    Column("previous_secret", Text),
    Column("previous_until", Moment),
    Column("changed_by", Id, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    UniqueConstraint("organisation_id"),
)

# Whose address is whose, as keyed digests: notify knows the addresses, and nobody here needs to.
addresses = Table(
    "addresses",
    metadata,
    Column("person_id", Id, primary_key=True),
    organisation(),
    Column("digest", Text),
    # Addresses that were theirs: nobody is known by them any more, and letters from them are theirs to be erased.
    Column("former", ARRAY(Text), nullable=False, server_default="{}"),
    Column("revision", Integer, nullable=False),
)
Index(None, addresses.c.organisation_id, addresses.c.digest)

# `raw` is the letter as it came; it goes a month after the letter was dealt with. `key` tells letters apart.
mails = Table(
    "mails",
    metadata,
    Column("id", Id, primary_key=True),
    organisation(),
    Column("mailbox_id", Id, ForeignKey(mailboxes.c.id), nullable=False),
    Column("key", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("sender", Text, nullable=False),
    Column("sender_name", Text, nullable=False),
    Column("sender_digest", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("attachments", JSONB, nullable=False, server_default="[]"),
    Column("raw", LargeBinary),
    Column("size_bytes", Integer, nullable=False),
    Column("state", Text, nullable=False, server_default="received"),
    Column("reason", Text),
    Column("person_id", Id),
    Column("ticket_id", Id),
    # Whose desk it concerns, where that is known; otherwise it concerns every desk of the organisation.
    Column("community_id", Id),
    Column("decided_by", Id),
    Column("decided_at", Moment),
    Column("note", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Moment),
    UniqueConstraint("organisation_id", "key"),
    one_of("state", MAIL_STATES),
    CheckConstraint("(state = 'received') = (next_attempt_at IS NOT NULL)", name="received_has_a_next_moment"),
)
Index(None, mails.c.organisation_id, mails.c.state, mails.c.id)
Index(None, mails.c.organisation_id, mails.c.sender_digest, mails.c.received_at)
Index("ix_mails_due", mails.c.next_attempt_at, postgresql_where=mails.c.next_attempt_at.is_not(None))
