"""Where else news go: devices that take pushes, and endpoints of other systems that take events."""

from typing import Any

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
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from services.notify.models.notices import metadata


def _id(name: str, **more: Any) -> Column[str]:
    return Column(name, UUID(as_uuid=False), nullable=False, **more)


def _moment(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True))


def _written() -> Column[object]:
    return Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now())


# The endpoint is a secret of the device: whoever knows it may try to push to it.
push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    _id("id", primary_key=True),
    _id("organisation_id"),
    _id("person_id"),
    Column("address_key", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    _written(),
    _moment("disabled_at"),
    UniqueConstraint("person_id", "address_key"),
)

# When a person's device may next be disturbed with what is not urgent.
paces = Table(
    "paces",
    metadata,
    _id("person_id", primary_key=True),
    Column("address_key", Text, primary_key=True),
    _id("organisation_id"),
    Column("free_at", DateTime(timezone=True), nullable=False),
)

# `busy_until` is the lease of whoever sends to it: one at a time, so that events keep their order.
webhooks = Table(
    "webhooks",
    metadata,
    _id("id", primary_key=True),
    _id("organisation_id"),
    Column("community_ids", ARRAY(UUID(as_uuid=False)), nullable=False, server_default="{}"),
    Column("url", Text, nullable=False),
    Column("event_types", ARRAY(Text), nullable=False),
    Column("sealed_secret", Text, nullable=False),
    Column("active", Boolean, nullable=False, server_default="true"),
    Column("disabled_cause", Text),
    _id("created_by"),
    _written(),
    _moment("busy_until"),
    Column("version", Integer, nullable=False, server_default="0"),
)
Index("ix_webhooks_active", webhooks.c.organisation_id, postgresql_where=webhooks.c.active)

# `ticket_version` and `position` (when it came to us) tell what happened first to a ticket.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    _id("id", primary_key=True),
    _id("organisation_id"),
    Column("webhook_id", UUID(as_uuid=False), ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    _id("event_id"),
    Column("type", Text, nullable=False),
    Column("ticket_id", UUID(as_uuid=False)),
    Column("ticket_version", Integer),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _moment("next_attempt_at"),
    _written(),
    _moment("sent_at"),
    UniqueConstraint("webhook_id", "event_id"),
    CheckConstraint("state IN ('queued', 'sent', 'failed')", name="state_known"),
    CheckConstraint("(state = 'queued') = (next_attempt_at IS NOT NULL)", name="queued_has_a_next_moment"),
)
Index(
    "ix_webhook_deliveries_due",
    webhook_deliveries.c.next_attempt_at,
    postgresql_where=webhook_deliveries.c.state == "queued",
)
Index(
    "ix_webhook_deliveries_order",
    *(webhook_deliveries.c[name] for name in ("webhook_id", "ticket_id", "ticket_version", "position")),
    postgresql_where=webhook_deliveries.c.state == "queued",
)
Index(
    "ix_webhook_deliveries_old",
    webhook_deliveries.c.created_at,
    postgresql_where=webhook_deliveries.c.state != "queued",
)
Index("ix_webhook_deliveries_list", webhook_deliveries.c.webhook_id, webhook_deliveries.c.id)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    _id("id", primary_key=True),
    _id("organisation_id"),
    Column("delivery_id", UUID(as_uuid=False), ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("status", Integer),
    Column("problem", Text),
    Column("milliseconds", Integer, nullable=False),
)
Index("ix_webhook_attempts_delivery", webhook_attempts.c.delivery_id, webhook_attempts.c.id)
