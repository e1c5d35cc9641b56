"""What notify publishes: whose an address is, as a digest, how people want to be told, and who read what."""

from dataclasses import dataclass
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class AddressChanged(Fact):
    """A person's confirmed e-mail address changed; the last one wins by `revision`.

    `address_digest` is the keyed digest of kit.letters, or null where they have no confirmed address any more.
    """

    type: ClassVar[str] = "address.changed.v1"
    source: ClassVar[str] = "notify"

    account_id: str
    revision: int
    address_digest: str | None


@dataclass(frozen=True, kw_only=True)
class PreferencesChanged(Fact):
    """A person changed how they want to be told; the whole of it, so that the last one wins by `revision`.

    `locale` is the language they chose, null where they leave it at their account's. `channels` are those they gave an
    address for, and an e-mail address counts once it is confirmed. `quiet_from`, `quiet_until` and `digest_at` are
    hours of the day such as 22:00 in `timezone`, null without any.
    """

    type: ClassVar[str] = "preferences.changed.v1"
    source: ClassVar[str] = "notify"

    account_id: str
    revision: int
    locale: str | None
    timezone: str
    channels: tuple[str, ...]
    quiet_from: str | None
    quiet_until: str | None
    digest_at: str | None


@dataclass(frozen=True, kw_only=True)
class AnnouncementOpened(Fact):
    """A resident read the notice of an announcement, which was about this `version` of it."""

    type: ClassVar[str] = "announcement.opened.v1"
    source: ClassVar[str] = "notify"

    announcement_id: str
    person_id: str
    version: int
