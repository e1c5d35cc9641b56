"""One effect per event: inbox row, effect and outgoing events commit together, then the ack goes out."""

from services.kit.inbox.consumer import Consumer
from services.kit.inbox.dead_letters import dead_letter, dead_letters, discard, replay
from services.kit.inbox.once import Handle, define, fresh_events, handle_once, sweep

__all__ = [
    "Consumer",
    "Handle",
    "dead_letter",
    "dead_letters",
    "define",
    "discard",
    "fresh_events",
    "handle_once",
    "replay",
    "sweep",
]
