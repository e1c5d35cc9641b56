"""What the tickets service publishes of appointments: proposed, agreed to, called off, near. Ids and moments only."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.ticket_fact import TicketFact


@dataclass(frozen=True, kw_only=True)
class AppointmentFact(TicketFact):
    """A window in which somebody is to come, and whether the household named it."""

    begins_at: datetime | None = None
    ends_at: datetime | None = None
    by_household: bool = False


@dataclass(frozen=True, kw_only=True)
class AppointmentProposed(AppointmentFact):
    """One side proposes a window. `instead` is true where another one stands until this is agreed to."""

    type: ClassVar[str] = "appointment.proposed.v1"
    instead: bool = False


@dataclass(frozen=True, kw_only=True)
class AppointmentAgreed(AppointmentFact):
    """Both sides agreed, with `spoken` by the household's word as the desk recorded it; an earlier one is replaced."""

    type: ClassVar[str] = "appointment.agreed.v1"
    spoken: bool = False
    instead: bool = False


@dataclass(frozen=True, kw_only=True)
class AppointmentWithdrawn(AppointmentFact):
    """A window is off the table: one that was only proposed, or with `agreed` the appointment itself."""

    type: ClassVar[str] = "appointment.withdrawn.v1"
    agreed: bool = False


@dataclass(frozen=True, kw_only=True)
class AppointmentReminded(AppointmentFact):
    """What was agreed is near: both sides are reminded of it, once."""

    type: ClassVar[str] = "appointment.reminded.v1"
