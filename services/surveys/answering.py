"""The three things that can come of asking, as three types: a human's answer, a proxy's answer, and no answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class AnsweredBy(StrEnum):
    """Who gave an answer. Nobody answering is no row, never a kind."""

    HOUSEHOLD = "household"
    PROXY = "proxy"


class Channel(StrEnum):
    """The way an answer came."""

    LINK = "link"
    IN_APP = "in_app"
    PHONE = "phone"


# What somebody who speaks for a household can be to it. Whoever lives there is the household.
SPOKESPEOPLE = ("relative", "carer", "neighbour", "colleague", "other")


@dataclass(frozen=True)
class Said:
    """What was said. None means that nothing was said about that; `items` are further items of the question set."""

    solved: bool
    satisfaction: int | None = None
    comment: str | None = None
    items: Mapping[str, int] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, int]:
        """Return each item's value; a yes is 1 and a no is 0, and what was not said is not there."""
        rated = {} if self.satisfaction is None else {"satisfaction": self.satisfaction}
        return {"solved": int(self.solved), **rated, **self.items}


@dataclass(frozen=True)
class HumanAnswer:
    """The household's own answer. `recorded_by` is who wrote it down, where it was given by telephone."""

    said: Said
    channel: Channel
    recorded_by: str | None = None

    def __post_init__(self) -> None:
        """Refuse an answer by telephone that nobody took, and a written one that somebody else wrote."""
        if (self.channel is Channel.PHONE) != (self.recorded_by is not None):
            raise ValueError("staff record what is said on the telephone, and nothing else")


@dataclass(frozen=True)
class ProxyAnswer:
    """What somebody said in the household's place, on the telephone. It is never counted as the household's."""

    said: Said
    spoken_by: str
    recorded_by: str

    def __post_init__(self) -> None:
        """Refuse a proxy of whom nobody knows what they are to the household."""
        if self.spoken_by not in SPOKESPEOPLE:
            raise ValueError(f"a proxy is one of {', '.join(SPOKESPEOPLE)}, not {self.spoken_by!r}")


@dataclass(frozen=True)
class NoAnswer:
    """Nobody answered. That is all there is to say: it has no values."""


Outcome = HumanAnswer | ProxyAnswer | NoAnswer
# What an outcome is called outside.
KINDS = {HumanAnswer: "human", ProxyAnswer: "proxy", NoAnswer: "missing"}


def kind_of(*, answered: bool, proxied: bool) -> str:
    """Return what has come of a visit so far; the household's own answer goes before a proxy's."""
    return KINDS[HumanAnswer if answered else ProxyAnswer if proxied else NoAnswer]
