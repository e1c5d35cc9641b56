"""What the tickets service publishes of plans, events and announcements. Ids and codes only: no names, no words."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class CommunityFact(Fact):
    """Something about a community that is no step on a ticket; `requester_id` is the resident it concerns, if any."""

    source: ClassVar[str] = "tickets"

    community_id: str
    requester_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class PlanFiled(CommunityFact):
    """What was planned for somebody's home was filed as a ticket; the visit is at `occurs_at`."""

    type: ClassVar[str] = "plan.filed.v1"

    plan_id: str
    kind: str
    ticket_id: str
    number: str
    occurs_at: datetime


@dataclass(frozen=True, kw_only=True)
class PlanSkipped(CommunityFact):
    """A plan was due and filed nothing: `because` it was missed, its resident left, or it is not possible any more."""

    type: ClassVar[str] = "plan.skipped.v1"

    plan_id: str
    kind: str
    occurs_at: datetime
    because: str


@dataclass(frozen=True, kw_only=True)
class EventPromoted(CommunityFact):
    """A resident who waited has a place at a community event now."""

    type: ClassVar[str] = "event.promoted.v1"

    event_id: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class EventMoved(CommunityFact):
    """A community event that a resident signed up for has another time or place; `starts_at` is when it starts now."""

    type: ClassVar[str] = "event.moved.v1"

    event_id: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class EventCancelled(CommunityFact):
    """A community event that a resident signed up for was called off."""

    type: ClassVar[str] = "event.cancelled.v1"

    event_id: str
    starts_at: datetime


@dataclass(frozen=True, kw_only=True)
class AnnouncementFact(CommunityFact):
    """Something announced to one resident, `requester_id`; the words are read where it is published.

    `kind` is planned_repair, water_outage, power_outage, gas_outage, lift_out_of_service or notice.
    """

    announcement_id: str
    kind: str
    planned: bool
    starts_at: datetime
    ends_at: datetime | None = None
    urgency: str = "routine"
    need_level: int | None = None
    # Which version of it this is about, for whoever counts who has read it as it stands.
    version: int = 1


@dataclass(frozen=True, kw_only=True)
class AnnouncementPublished(AnnouncementFact):
    """It was announced."""

    type: ClassVar[str] = "announcement.published.v1"


@dataclass(frozen=True, kw_only=True)
class AnnouncementChanged(AnnouncementFact):
    """It begins or ends at another time than was announced."""

    type: ClassVar[str] = "announcement.changed.v1"


@dataclass(frozen=True, kw_only=True)
class AnnouncementWithdrawn(AnnouncementFact):
    """What was announced will not be."""

    type: ClassVar[str] = "announcement.withdrawn.v1"


@dataclass(frozen=True, kw_only=True)
class AnnouncementRestored(AnnouncementFact):
    """It is over: what was out works again."""

    type: ClassVar[str] = "announcement.restored.v1"


@dataclass(frozen=True, kw_only=True)
class AnnouncementReminded(AnnouncementFact):
    """Nobody in the resident's home has read it; with `call` the desk is to ring them as well."""

    type: ClassVar[str] = "announcement.reminded.v1"
    call: bool = False
