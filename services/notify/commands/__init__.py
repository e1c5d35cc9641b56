"""What changes notify's rows. Commands never commit: the route, the consumer or the loop's step does."""

from services.notify.commands.notices import (
    mark_read,
    set_preferences,
    upsert_contact,
    upsert_contacts,
    write_notices,
)

__all__ = ["mark_read", "set_preferences", "upsert_contact", "upsert_contacts", "write_notices"]
