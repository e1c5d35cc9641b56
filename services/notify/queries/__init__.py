"""What is read from notify's tables. Row-level security narrows the web's reads to what the caller may see."""

from services.notify.queries.notices import contact_of, find_contact, find_notice, list_notices, load_contacts

__all__ = ["contact_of", "find_contact", "find_notice", "list_notices", "load_contacts"]
