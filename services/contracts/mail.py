"""What the tickets service publishes of incoming mail: where to write to, and what came back. Ids and codes only."""

from dataclasses import dataclass
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class MailboxChanged(Fact):
    """An organisation's own address for mail was set or changed; the last one wins by `revision`.

    Answers to notices go to `mailbox`, an address of the company, or nowhere while it is null.
    """

    type: ClassVar[str] = "mailbox.changed.v1"
    source: ClassVar[str] = "tickets"

    revision: int
    mailbox: str | None


@dataclass(frozen=True, kw_only=True)
class MailBounced(Fact):
    """A mail server could not deliver a letter of ours and gave up on it."""

    type: ClassVar[str] = "mail.bounced.v1"
    source: ClassVar[str] = "tickets"

    delivery_id: str
