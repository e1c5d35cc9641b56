"""What the gateway publishes: who may sign in, as ids and roles, and who is to be erased."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services.contracts.fact import Fact


@dataclass(frozen=True, kw_only=True)
class AccountChanged(Fact):
    """An account was opened or changed; the whole of it, so that the last one wins by `revision`.

    `badge` is the name a staff member works under; residents have none here.
    """

    type: ClassVar[str] = "account.changed.v1"
    source: ClassVar[str] = "gateway"

    account_id: str
    revision: int
    role: str
    active: bool
    locale: str
    community_ids: tuple[str, ...]
    unit_ids: tuple[str, ...]
    skills: tuple[str, ...]
    badge: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountReinvited(Fact):
    """Staff made a link by which a new password is chosen for an account: whoever holds the account hears of it.

    `actor_id` made it. Until the link is used, or ends at `expires_at`, the old password holds.
    """

    type: ClassVar[str] = "account.reinvited.v1"
    source: ClassVar[str] = "gateway"

    account_id: str
    actor_id: str
    expires_at: datetime
    # It can be used at once, so it is told before what can wait is gathered.
    urgency: str = "urgent"


@dataclass(frozen=True, kw_only=True)
class PersonErased(Fact):
    """A resident is erased: each service removes their name, addresses and words, and keeps ids and digests.

    `unit_ids` are the homes they lived in until then.
    """

    type: ClassVar[str] = "person.erased.v1"
    source: ClassVar[str] = "gateway"

    account_id: str
    erasure_id: str
    unit_ids: tuple[str, ...]
