"""What changes notify's rows. Commands never commit: the route, the consumer or the loop's step does."""

from services.notify.commands.addresses import ask_again, confirm, note_mailboxes
from services.notify.commands.alarms import ask_to_call, note_answers
from services.notify.commands.deliveries import mark_returned, settle, take
from services.notify.commands.notices import (
    Batch,
    mark_read,
    set_preferences,
    upsert_contact,
    upsert_contacts,
    write_notices,
)
from services.notify.commands.paces import gather, give_turn_back, take_turn
from services.notify.commands.push_subscriptions import disable_device

__all__ = [
    "Batch",
    "ask_again",
    "ask_to_call",
    "confirm",
    "disable_device",
    "gather",
    "give_turn_back",
    "mark_read",
    "mark_returned",
    "note_answers",
    "note_mailboxes",
    "set_preferences",
    "settle",
    "take",
    "take_turn",
    "upsert_contact",
    "upsert_contacts",
    "write_notices",
]
