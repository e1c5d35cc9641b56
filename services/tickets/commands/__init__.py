"""The desk's verbs. A command checks, refuses by name, or changes; it never commits."""

from services.tickets.commands.corrections import override
from services.tickets.commands.filing import Filing, file_ticket
from services.tickets.commands.people import remember_person
from services.tickets.commands.places import Place, add_places
from services.tickets.commands.remarks import add_photo, comment
from services.tickets.commands.steps import lock
from services.tickets.commands.verbs import (
    acknowledge,
    arrive,
    assign,
    cancel,
    claim,
    close,
    complete,
    confirm,
    decline,
    depart,
    pause,
    promise,
    release,
    reopen,
    resume,
    start,
)

__all__ = [
    "Filing",
    "Place",
    "acknowledge",
    "add_photo",
    "add_places",
    "arrive",
    "assign",
    "cancel",
    "claim",
    "close",
    "comment",
    "complete",
    "confirm",
    "decline",
    "depart",
    "file_ticket",
    "lock",
    "override",
    "pause",
    "promise",
    "release",
    "remember_person",
    "reopen",
    "resume",
    "start",
]
