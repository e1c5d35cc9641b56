"""Addresses are confirmed by letter, answers know where to go, and notify tells others by an outbox of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import grant, in_tenant, protect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OWN = f"{in_tenant()} AND person_id = NULLIF(current_setting('doorstep.person', true), '')::uuid"
_EVERY = "SELECT, INSERT, UPDATE, DELETE"
_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, then say who may do what with them. Addresses given before are to be confirmed, too."""
    op.add_column("contacts", sa.Column("email_confirmed_at", _MOMENT))
    _outbox()
    _confirmations()
    op.create_table(
        "reply_addresses",
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_reply_addresses")),
    )
    for statement in [
        "GRANT UPDATE (email_confirmed_at) ON contacts TO doorstep_notify",
        *grant("notify", "outbox", web="INSERT", worker=_EVERY),
        *protect("notify", "address_confirmations", _OWN, web="SELECT, INSERT, UPDATE", worker=_EVERY),
        *protect("notify", "reply_addresses", in_tenant(), web="", worker="SELECT, INSERT, UPDATE"),
    ]:
        op.execute(statement)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", _UUID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("occurred_at", _MOMENT, nullable=False),
        sa.Column("correlation_id", sa.Text(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), nullable=False),
        sa.Column("written_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", _MOMENT),
        sa.Column("parked_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_unpublished", "outbox", ["id"], postgresql_where=sa.text("published_at IS NULL"))


def _confirmations() -> None:
    op.create_table(
        "address_confirmations",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.Column("used_at", _MOMENT),
        sa.CheckConstraint(
            "next_attempt_at IS NULL OR address IS NOT NULL",
            name=op.f("ck_address_confirmations_due_has_an_address"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_confirmations")),
    )
    op.create_index("ix_address_confirmations_person", "address_confirmations", ["person_id", "created_at"])
    op.create_index(
        "ix_address_confirmations_due",
        "address_confirmations",
        ["next_attempt_at"],
        postgresql_where=sa.text("next_attempt_at IS NOT NULL"),
    )
