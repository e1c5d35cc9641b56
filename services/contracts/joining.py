"""What the tickets service publishes of requests with one cause: joined to the one that leads, and parted again."""

from dataclasses import dataclass
from typing import ClassVar

from services.contracts.ticket_fact import TicketFact


@dataclass(frozen=True, kw_only=True)
class TicketJoined(TicketFact):
    """It has the same cause as another request and moves with that from now on."""

    type: ClassVar[str] = "ticket.joined.v1"


@dataclass(frozen=True, kw_only=True)
class TicketParted(TicketFact):
    """It does not move with `parted_from` any more."""

    type: ClassVar[str] = "ticket.parted.v1"
    parted_from: str = ""
