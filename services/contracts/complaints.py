"""What the tickets service publishes of complaints: each step to whoever waits for it. Ids only, as of tickets."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.tickets import TicketFact


@dataclass(frozen=True, kw_only=True)
class ComplaintIdentified(TicketFact):
    """A human heard the complainant out, and said back what they want."""

    type: ClassVar[str] = "complaint.identified.v1"


@dataclass(frozen=True, kw_only=True)
class ComplaintAssessed(TicketFact):
    """It was judged; the complainant may have been asked for time until `investigate_until`."""

    type: ClassVar[str] = "complaint.assessed.v1"
    justified: bool = True
    investigate_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ComplaintOffered(TicketFact):
    """The complainant has so many `options` to choose from."""

    type: ClassVar[str] = "complaint.offered.v1"
    options: int = 0


@dataclass(frozen=True, kw_only=True)
class ComplaintAccepted(TicketFact):
    """The complainant chose an option; a manager is to approve it by `approval_due_at`."""

    type: ClassVar[str] = "complaint.accepted.v1"
    option: int = 1
    approval_due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ComplaintDelayed(TicketFact):
    """Nobody approved by `approval_due_at` what the complainant chose."""

    type: ClassVar[str] = "complaint.delayed.v1"
    approval_due_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class ComplaintApproved(TicketFact):
    """A manager approved what the complainant chose."""

    type: ClassVar[str] = "complaint.approved.v1"
    option: int = 1


@dataclass(frozen=True, kw_only=True)
class ComplaintRefused(TicketFact):
    """A manager did not approve it; other options are to be offered."""

    type: ClassVar[str] = "complaint.refused.v1"


@dataclass(frozen=True, kw_only=True)
class ComplaintActed(TicketFact):
    """What was approved is being done; the ticket's promise says by when."""

    type: ClassVar[str] = "complaint.acted.v1"


@dataclass(frozen=True, kw_only=True)
class ComplaintSettled(TicketFact):
    """It was put right; the ticket is completed with it."""

    type: ClassVar[str] = "complaint.settled.v1"


@dataclass(frozen=True, kw_only=True)
class ComplaintReplied(TicketFact):
    """It was not justified, and the complainant was told why and where else they can turn."""

    type: ClassVar[str] = "complaint.replied.v1"


@dataclass(frozen=True, kw_only=True)
class ComplaintReviewed(TicketFact):
    """The return visit found it `solved`, `not_solved`, or reached nobody (`not_reached`)."""

    type: ClassVar[str] = "complaint.reviewed.v1"
    outcome: str = ""
