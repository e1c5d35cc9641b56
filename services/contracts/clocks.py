"""How a service-level clock that has stopped is told in an event: one line of text a clock."""

from dataclasses import dataclass
from typing import Self

STATES = ("met", "breached", "unknown")


@dataclass(frozen=True)
class ToldClock:
    """A stopped clock: which one, whether its target was met, and the seconds behind that.

    `target_seconds` is the target in hours of its own `basis` (`clock` or `working`), `allowed_seconds` how long that
    came to by the wall, pauses included, and `taken_seconds` what the resident lived through until it stopped.
    `allowed_seconds` is None where the moment could not be computed.
    """

    kind: str
    generation: int
    state: str
    basis: str
    target_seconds: int
    allowed_seconds: int | None
    taken_seconds: int

    def written(self) -> str:
        """Return the line: `attend:1:met:clock:7200:7200:3412`."""
        allowed = "" if self.allowed_seconds is None else self.allowed_seconds
        parts = (self.kind, self.generation, self.state, self.basis, self.target_seconds, allowed, self.taken_seconds)
        return ":".join(map(str, parts))

    @classmethod
    def read(cls, line: str) -> Self:
        """Read a line; parts of a later version are ignored. Raises ValueError for what is no such line."""
        kind, generation, state, basis, target, allowed, taken, *_ = line.split(":")
        if not kind or state not in STATES:
            raise ValueError(f"no clock: {line!r}")
        return cls(kind, int(generation), state, basis, int(target), int(allowed) if allowed else None, int(taken))
