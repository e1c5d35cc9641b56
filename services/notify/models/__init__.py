"""The tables of notify, beside the kit's own."""

from services.notify.models.notices import contacts, deliveries, idempotency_keys, inbox, metadata, notices
from services.notify.models.tellings import alarms, incidents, phone_tasks, tellings, ticket_answers

__all__ = [
    "alarms",
    "contacts",
    "deliveries",
    "idempotency_keys",
    "inbox",
    "incidents",
    "metadata",
    "notices",
    "phone_tasks",
    "tellings",
    "ticket_answers",
]
