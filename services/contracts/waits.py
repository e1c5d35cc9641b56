"""What the tickets service publishes of waits: the estimates that somebody was given, and that one has moved."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from services.contracts.ticket_fact import TicketFact


@dataclass(frozen=True)
class ToldWait:
    """How long until what is waited for (`attend`, `resolve`), as one line of text in an event.

    Of `n` requests that are alike in `basis`, `percent` in a hundred took a time by which this one is attended, or
    resolved, from `from_at` until `until_at`.
    """

    measure: str
    percent: int
    from_at: datetime
    until_at: datetime
    n: int
    basis: str

    def written(self) -> str:
        """Return the line: `attend 80 2026-03-01T08:30:00+00:00 2026-03-01T12:00:00+00:00 63 item_community`."""
        window = (self.from_at.isoformat(), self.until_at.isoformat())
        return " ".join(map(str, (self.measure, self.percent, *window, self.n, self.basis)))

    @classmethod
    def read(cls, line: str) -> Self:
        """Read a line; parts of a later version are ignored. Raises ValueError for what is no such line."""
        measure, percent, begin, end, n, basis, *_ = line.split(" ")
        return cls(measure, int(percent), datetime.fromisoformat(begin), datetime.fromisoformat(end), int(n), basis)


@dataclass(frozen=True, kw_only=True)
class WaitMoved(TicketFact):
    """How long a request is likely to wait is told anew: `moved` is `later`, `sooner` or `lost`.

    `measure` is what is waited for, `attend` or `resolve`. The window was from `was_from_at` until `was_until_at`; it
    is from `from_at` until `until_at` now, for `percent` in a hundred of `n` that waited as long and are alike in
    `basis`. Where it is lost, there is none: too few waited as long to tell.
    """

    type: ClassVar[str] = "wait.moved.v1"
    measure: str = "attend"
    moved: str = "later"
    was_from_at: datetime | None = None
    was_until_at: datetime | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
    percent: int | None = None
    n: int = 0
    basis: str | None = None
