"""The first tables of the notify service, under row-level security."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import grant, in_tenant, protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A person sees what is theirs and nothing else, whatever their role.
_OWN = f"{in_tenant()} AND person_id = NULLIF(current_setting('doorstep.person', true), '')::uuid"
# Who somebody is comes from their account; over the API they only say how they want to be told.
_OWN_SETTINGS = "email, apprise_urls, preferred_locale, timezone, quiet_from, quiet_until, channels, version"
_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, then say who may do what with them."""
    _contacts()
    _notices()
    _deliveries()
    _plumbing()
    every = "SELECT, INSERT, UPDATE, DELETE"
    for statement in [
        *protect("notify", "contacts", _OWN, web=f"SELECT, INSERT, UPDATE ({_OWN_SETTINGS})", worker=every),
        *protect("notify", "notices", _OWN, web="SELECT, UPDATE (read_at)", worker=every),
        *protect("notify", "deliveries", _OWN, web="", worker=every),
        *grant("notify", "inbox", web="", worker=every),
        *protect("notify", "idempotency_keys", _OWN, web="SELECT, INSERT", worker="SELECT, DELETE"),
    ]:
        op.execute(statement)


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("community_ids", postgresql.ARRAY(_UUID), server_default="{}", nullable=False),
        sa.Column("unit_ids", postgresql.ARRAY(_UUID), server_default="{}", nullable=False),
        sa.Column("locale", sa.Text(), server_default="zh-CN", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("apprise_urls", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("preferred_locale", sa.Text()),
        sa.Column("timezone", sa.Text(), server_default="Asia/Shanghai", nullable=False),
        sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_until", sa.Time()),
        sa.Column("channels", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL)", name=op.f("ck_contacts_quiet_hours_have_two_ends")
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_contacts")),
    )
    op.create_index(
        "ix_contacts_staff",
        "contacts",
        ["organisation_id"],
        postgresql_where=sa.text("role IN ('dispatcher', 'manager')"),
    )


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("event_id", _UUID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", _UUID),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.Text()),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("read_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("event_id", "person_id", "kind", name=op.f("uq_notices_event_id_person_id_kind")),
    )
    op.create_index("ix_notices_person", "notices", ["person_id", "id"])
    op.create_index("ix_notices_unread", "notices", ["person_id", "id"], postgresql_where=sa.text("read_at IS NULL"))


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("notice_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), server_default="", nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("lease", _UUID),
        sa.Column("last_error", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.Column("sent_at", _MOMENT),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'failed', 'skipped')", name=op.f("ck_deliveries_state_known")
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'sending')) = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_deliveries_pending_has_a_next_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notices.id"], name=op.f("fk_deliveries_notice_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint(
            "notice_id", "channel", "address_key", name=op.f("uq_deliveries_notice_id_channel_address_key")
        ),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["channel", sa.literal_column("urgent DESC"), "next_attempt_at"],
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
    )


def _plumbing() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_sha256", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "person_id", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", _UUID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("reason", sa.Text()),
        sa.Column("headers", postgresql.JSONB()),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("received_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index("ix_inbox_dead", "inbox", ["received_at"], postgresql_where=sa.text("state = 'dead'"))
    op.create_index("ix_inbox_retry", "inbox", ["next_attempt_at"], postgresql_where=sa.text("state = 'retry'"))
