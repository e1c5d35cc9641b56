"""What any channel offers, and the two ways in which sending can fail."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.notify.audience import Contact


class Temporary(Exception):
    """It may work later: a time-out, a full mailbox, a provider that asks us to come back."""


class Permanent(Exception):
    """It will never work: no such mailbox, an address that is none."""


class Gone(Permanent):
    """The address itself is no more: nothing is to be sent to it again."""


@dataclass(frozen=True)
class Outgoing:
    """One notice on its way to one address. `id` is the delivery's and stays the same over every attempt."""

    id: str
    address: str = field(repr=False)
    locale: str
    title: str
    body: str
    link: str | None
    urgent: bool
    created_at: datetime
    organisation_id: str = ""
    ticket_id: str | None = None
    # Where an answer goes, an address of the company's own; without one to whoever sends.
    reply_address: str | None = None

    @property
    def words(self) -> str:
        """The body, with the link below it where there is one to follow."""
        return f"{self.body}\n\n{self.link}" if self.link else self.body


class Channel(Protocol):
    """A way out of the house."""

    name: str

    def addresses(self, contact: Contact) -> Mapping[str, str]:
        """Return the person's addresses on this channel by a key that gives nothing of them away."""
        ...

    def send(self, outgoing: Outgoing) -> str:
        """Send, and return what the provider answered; raises Temporary or Permanent."""
        ...
