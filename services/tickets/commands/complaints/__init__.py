"""The verbs of a complaint's case: identify, assess, negotiate, act, review. They never commit."""

from services.tickets.commands.complaints.closing import act, reply, review, settle
from services.tickets.commands.complaints.intake import Assessment, assess, identify
from services.tickets.commands.complaints.negotiation import approve, choose, offer, refuse, tell_overdue

__all__ = [
    "Assessment",
    "act",
    "approve",
    "assess",
    "choose",
    "identify",
    "offer",
    "refuse",
    "reply",
    "review",
    "settle",
    "tell_overdue",
]
