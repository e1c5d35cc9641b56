"""What notify has to tell people of its own work. These facts stay inside: nobody else hears them."""

from dataclasses import dataclass
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class DeskFact(Fact):
    """Something that somebody answerable for an organisation has to know."""

    source: ClassVar[str] = "notify"

    community_id: str | None = None
    urgency: str = "routine"


@dataclass(frozen=True, kw_only=True)
class NoticeUndelivered(DeskFact):
    """An emergency reached nobody: no channel took the notice (`undelivered`), or nobody acknowledged it.

    `tried` is false where the person has no address beyond the inbox, so that no channel could be tried.
    """

    type: ClassVar[str] = "notice.undelivered.v1"
    number: str
    ticket_id: str | None = None
    incident_id: str
    cause: str
    tried: bool = True
    urgency: str = "emergency"


@dataclass(frozen=True, kw_only=True)
class WebhookDisabled(DeskFact):
    """An endpoint gets nothing any more: it said 410, or took nothing for days."""

    type: ClassVar[str] = "webhook.disabled.v1"
    webhook_id: str
    host: str
    cause: str
