"""The tables of notify, beside the kit's own."""

from services.kit import erasures as kit_erasures
from services.kit import exports as kit_exports
from services.notify.models.addresses import address_confirmations, reply_addresses
from services.notify.models.endpoints import paces, push_subscriptions, webhook_attempts, webhook_deliveries, webhooks
from services.notify.models.invitation_letters import invitation_letters
from services.notify.models.notices import contacts, deliveries, idempotency_keys, inbox, metadata, notices, outbox
from services.notify.models.tellings import alarms, incidents, phone_tasks, tellings, ticket_answers

__all__ = [
    "address_confirmations",
    "alarms",
    "contacts",
    "deliveries",
    "erasure_passes",
    "exports",
    "idempotency_keys",
    "inbox",
    "incidents",
    "invitation_letters",
    "metadata",
    "notices",
    "outbox",
    "paces",
    "phone_tasks",
    "push_subscriptions",
    "reply_addresses",
    "tellings",
    "ticket_answers",
    "webhook_attempts",
    "webhook_deliveries",
    "webhooks",
]

erasure_passes = kit_erasures.define(metadata)
exports = kit_exports.define(metadata)
