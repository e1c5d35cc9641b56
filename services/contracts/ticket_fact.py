"""What every event about a ticket has in common."""

from dataclasses import dataclass
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class TicketFact(Fact):
    """What every event about a ticket says: where it is, whose it is, and who did this.

    `version` is the ticket's version after the step; `owner_id` the accountable person, or None while
    `owner_desk` (`dispatch` or `management`) is accountable. `actor_role` is a role or `system`. `joined_to` is the
    request with the same cause that it moves with.
    """

    source: ClassVar[str] = "tickets"

    ticket_id: str
    number: str
    version: int
    community_id: str
    unit_id: str | None
    requester_id: str
    status: str
    owner_id: str | None
    owner_desk: str | None
    catalogue_code: str
    work_type: str
    need_level: int | None
    urgency: str
    actor_id: str
    actor_role: str
    joined_to: str | None = None
