"""What any transport of the bus offers to the relay and to the consumers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from services.kit.events import Message

# Which event types each service's queue is bound for: {"notify": ("ticket.filed.v1", ...)}.
Topology = Mapping[str, Sequence[str]]

PREFETCH = 200


class BusDown(Exception):
    """The transport is not answering; the caller backs off and opens it again."""


class Outcome(Enum):
    """What became of one published message."""

    CONFIRMED = "confirmed"
    UNROUTABLE = "unroutable"
    REFUSED = "refused"


@dataclass(frozen=True)
class Delivery:
    """A message in hand. `attempts` counts earlier deliveries that were never settled; `tag` is the transport's."""

    message: Message
    tag: Any
    attempts: int


class Publisher(Protocol):
    """Publishes persistently and waits for the confirms, keeping a whole batch in flight."""

    def publish(self, messages: Sequence[Message]) -> list[Outcome]:
        """Return one outcome per message, in order; raises BusDown when the transport fails midway."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


class Subscription(Protocol):
    """Hands out messages of one queue in order; what is not settled comes back after a crash."""

    def receive(self, limit: int, wait_seconds: float) -> list[Delivery]:
        """Return up to `limit` deliveries, waiting at most `wait_seconds` for the first."""
        ...

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge the deliveries of the last `receive`, after their effects are committed."""
        ...

    def idle(self, seconds: float) -> None:
        """Wait while keeping the connection and the unsettled deliveries."""
        ...

    def close(self) -> None:
        """Give the connection back; unsettled deliveries return to the queue."""
        ...
