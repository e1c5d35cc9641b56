"""The tables of notify, beside the kit's own."""

from services.notify.models.notices import contacts, deliveries, idempotency_keys, inbox, metadata, notices

__all__ = ["contacts", "deliveries", "idempotency_keys", "inbox", "metadata", "notices"]
