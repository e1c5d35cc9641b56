"""The desk's verbs. A command checks, refuses by name, or changes; it never commits."""

from services.tickets.commands.answering import acknowledge
from services.tickets.commands.corrections import override
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.followups import complain, is_low, reopens
from services.tickets.commands.joining import join, join_filed, part, urgency_of_lead
from services.tickets.commands.on_the_job import arrive, claim, complete, depart, release, start
from services.tickets.commands.pauses import disallow, expire_pause, object_to, pause, resume
from services.tickets.commands.people import remember_person
from services.tickets.commands.places import Place, add_places
from services.tickets.commands.reevaluation import count_of_older_terms, reevaluate, reevaluate_open
from services.tickets.commands.remarks import add_photo, comment
from services.tickets.commands.safety import make_safe
from services.tickets.commands.steps import lock
from services.tickets.commands.terms import set_calendar, set_pack, set_policy
from services.tickets.commands.urging import urge
from services.tickets.commands.verbs import (
    answer,
    assign,
    call_back,
    cancel,
    close,
    confirm,
    decline,
    promise,
    reopen,
)

__all__ = [
    "Filing",
    "Place",
    "acknowledge",
    "add_photo",
    "add_places",
    "answer",
    "arrive",
    "assign",
    "call_back",
    "cancel",
    "claim",
    "close",
    "comment",
    "complain",
    "complete",
    "confirm",
    "count_of_older_terms",
    "decline",
    "depart",
    "disallow",
    "expire_pause",
    "file_ticket",
    "is_low",
    "join",
    "join_filed",
    "lock",
    "make_safe",
    "object_to",
    "override",
    "part",
    "pause",
    "promise",
    "reevaluate",
    "reevaluate_open",
    "release",
    "remember_person",
    "reopen",
    "reopens",
    "resume",
    "set_calendar",
    "set_pack",
    "set_policy",
    "start",
    "urge",
    "urgency_of_lead",
]
