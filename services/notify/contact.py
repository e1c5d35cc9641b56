"""Somebody as a recipient: in which language, by which channels, and when they are not to be disturbed."""

from dataclasses import dataclass, field
from datetime import time


@dataclass(frozen=True)
class Contact:
    """A person as a recipient. The defaults serve whoever is named in an event before their account was heard of."""

    person_id: str
    organisation_id: str
    role: str = ""
    community_ids: tuple[str, ...] = ()
    locale: str = "zh-CN"
    active: bool = True
    # Only an address that was confirmed to be theirs.
    email: str | None = field(default=None, repr=False)
    apprise_urls: tuple[str, ...] = field(default=(), repr=False)
    sms_urls: tuple[str, ...] = field(default=(), repr=False)
    timezone: str = "Asia/Shanghai"
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_at: time | None = None
    # Each device as {"key", "endpoint", "p256dh", "auth"}.
    devices: tuple[dict[str, str], ...] = field(default=(), repr=False)
    channels: dict[str, list[str]] = field(default_factory=dict)
    # Of their organisation: where answers to letters go.
    reply_address: str | None = None

    def serves(self, community_id: str | None) -> bool:
        """True where this member of staff answers for the community; no list means all of the organisation.

        What is no community's (None) concerns everybody who answers for one.
        """
        return not self.community_ids or community_id is None or community_id in self.community_ids
