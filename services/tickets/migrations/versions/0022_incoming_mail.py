"""Incoming mail: a mailbox for each organisation, whose addresses are known as digests, and letters until dealt with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)
_ROLE = "current_setting('doorstep.role', true)"
# Whoever brings a letter sees the one mailbox they name, to check the signature against, and nothing else.
_BRINGER = f"({_ROLE} = 'mail' AND id = NULLIF(current_setting('doorstep.person', true), '')::uuid)"
_ANSWERABLE = f"({in_tenant()} AND {_ROLE} IN ('manager', 'admin', 'system'))"
_MAILBOX = f"{_BRINGER} OR {_ANSWERABLE}"
# A letter that concerns one community is for those who answer for it; any other for every desk.
_COMMUNITIES = "coalesce(current_setting('doorstep.communities', true), '')"
_DESK = (
    f"{in_tenant()} AND ({_ROLE} = 'system' OR ({_ROLE} IN ('dispatcher', 'manager') AND ({_COMMUNITIES} = ''"
    f" OR community_id IS NULL OR community_id::text = ANY (string_to_array({_COMMUNITIES}, ',')))))"
)
_SYSTEM = f"{in_tenant()} AND {_ROLE} = 'system'"


def upgrade() -> None:
    """Create the tables, then say who may do what with them."""
    _mailboxes()
    op.create_table(
        "addresses",
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("digest", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_organisation_id_digest"), "addresses", ["organisation_id", "digest"])
    _mails()
    every = "SELECT, INSERT, UPDATE, DELETE"
    for statement in [
        *protect("tickets", "mailboxes", _MAILBOX, check=_ANSWERABLE, web="SELECT, INSERT, UPDATE", worker="SELECT"),
        *protect("tickets", "addresses", _SYSTEM, web="SELECT", worker=every),
        *protect("tickets", "mails", _DESK, web="SELECT, INSERT, UPDATE", worker=every),
    ]:
        op.execute(statement)


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("authserv_ids", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("sealed_secret", sa.Text()),
        sa.Column("previous_secret", sa.Text()),
        sa.Column("previous_until", _MOMENT),
        sa.Column("changed_by", _UUID, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_mailboxes_organisation_id")),
    )


def _mails() -> None:
    op.create_table(
        "mails",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("mailbox_id", _UUID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_name", sa.Text(), nullable=False),
        sa.Column("sender_digest", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("attachments", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("raw", sa.LargeBinary()),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("person_id", _UUID),
        sa.Column("ticket_id", _UUID),
        sa.Column("community_id", _UUID),
        sa.Column("decided_by", _UUID),
        sa.Column("decided_at", _MOMENT),
        sa.Column("note", sa.Text()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.CheckConstraint(
            "state IN ('received', 'filed', 'remarked', 'bounced', 'automatic', 'waiting', 'discarded')",
            name=op.f("ck_mails_state_known"),
        ),
        sa.CheckConstraint(
            "(state = 'received') = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_mails_received_has_a_next_moment"),
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_mails_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        sa.UniqueConstraint("organisation_id", "key", name=op.f("uq_mails_organisation_id_key")),
    )
    op.create_index(op.f("ix_mails_organisation_id_state_id"), "mails", ["organisation_id", "state", "id"])
    op.create_index(
        op.f("ix_mails_organisation_id_sender_digest_received_at"),
        "mails",
        ["organisation_id", "sender_digest", "received_at"],
    )
    op.create_index(
        "ix_mails_due", "mails", ["next_attempt_at"], postgresql_where=sa.text("next_attempt_at IS NOT NULL")
    )
