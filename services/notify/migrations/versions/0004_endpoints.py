"""Devices that take pushes, how often they may be disturbed, and endpoints of other systems that take events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from services.kit.migrate import in_tenant, protect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OWN = f"{in_tenant()} AND person_id = NULLIF(current_setting('doorstep.person', true), '')::uuid"
# An endpoint for some communities is managed by whoever answers for all of these.
_ANSWERABLE = f"{in_tenant()} AND current_setting('doorstep.role', true) IN ('manager', 'admin')"
_THEIRS = (
    f"{_ANSWERABLE} AND (coalesce(current_setting('doorstep.communities', true), '') = '' OR (community_ids <> '{{}}'"
    " AND community_ids::text[] <@ string_to_array(current_setting('doorstep.communities', true), ',')))"
)
_EVERY = "SELECT, INSERT, UPDATE, DELETE"
_UUID = sa.UUID(as_uuid=False)
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, then say who may do what with them."""
    op.add_column("contacts", sa.Column("digest_at", sa.Time()))
    _push()
    _webhooks()
    _webhook_deliveries()
    shown = (
        "id, organisation_id, community_ids, url, event_types, active, disabled_cause, created_by, created_at, version"
    )
    of_webhook = f"{_ANSWERABLE} AND webhook_id IN (SELECT id FROM webhooks)"
    of_delivery = f"{_ANSWERABLE} AND delivery_id IN (SELECT id FROM webhook_deliveries)"
    for statement in [
        "GRANT UPDATE (digest_at) ON contacts TO doorstep_notify",
        *protect(
            "notify",
            "push_subscriptions",
            _OWN,
            web="SELECT, INSERT, DELETE, UPDATE (p256dh, auth, disabled_at)",
            worker=_EVERY,
        ),
        *protect("notify", "paces", _OWN, web="", worker=_EVERY),
        # The secret goes in and never comes out again by the web role.
        *protect(
            "notify",
            "webhooks",
            _THEIRS,
            web=f"SELECT ({shown}), INSERT, DELETE, UPDATE (url, event_types, active, disabled_cause, version)",
            worker=_EVERY,
        ),
        *protect(
            "notify",
            "webhook_deliveries",
            of_webhook,
            web="SELECT, UPDATE (state, attempts, next_attempt_at)",
            worker=_EVERY,
        ),
        *protect("notify", "webhook_attempts", of_delivery, web="SELECT", worker=_EVERY),
    ]:
        op.execute(statement)


def _push() -> None:
    op.create_table(
        "push_subscriptions",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("p256dh", sa.Text(), nullable=False),
        sa.Column("auth", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("disabled_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint("person_id", "address_key", name=op.f("uq_push_subscriptions_person_id_address_key")),
    )
    op.create_table(
        "paces",
        sa.Column("person_id", _UUID, nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("free_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "address_key", name=op.f("pk_paces")),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("community_ids", postgresql.ARRAY(_UUID), server_default="{}", nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("sealed_secret", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("disabled_cause", sa.Text()),
        sa.Column("created_by", _UUID, nullable=False),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("busy_until", _MOMENT),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_active", "webhooks", ["organisation_id"], postgresql_where=sa.text("active"))


def _webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("webhook_id", _UUID, nullable=False),
        sa.Column("event_id", _UUID, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", _MOMENT),
        sa.Column("created_at", _MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.CheckConstraint("state IN ('queued', 'sent', 'failed')", name=op.f("ck_webhook_deliveries_state_known")),
        sa.CheckConstraint(
            "(state = 'queued') = (next_attempt_at IS NOT NULL)",
            name=op.f("ck_webhook_deliveries_queued_has_a_next_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_webhook_deliveries_webhook_id_event_id")),
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["next_attempt_at"],
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index("ix_webhook_deliveries_list", "webhook_deliveries", ["webhook_id", "id"])
    op.create_table(
        "webhook_attempts",
        sa.Column("id", _UUID, nullable=False),
        sa.Column("organisation_id", _UUID, nullable=False),
        sa.Column("delivery_id", _UUID, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("problem", sa.Text()),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["webhook_deliveries.id"],
            name=op.f("fk_webhook_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_attempts")),
    )
    op.create_index("ix_webhook_attempts_delivery", "webhook_attempts", ["delivery_id", "id"])
