"""What notify publishes: which address is whose, as a digest that gives no address away."""

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
