"""Lets work gather for a moment while much of it comes, and not at all while it is rare."""

import time
from collections.abc import Callable

# A desk at rest passes an event on at once. A busy one passes several on together, which costs each of them a little
# waiting and spares every one of them a transaction of its own.
BUSY_SECONDS = 0.1
GATHER_SECONDS = 0.03


class Pace:
    """Says when to wait for more: where the last batch was only just taken."""

    def __init__(self, wait: Callable[[float], object]) -> None:
        """`wait` takes seconds, and keeps alive what must be kept alive meanwhile."""
        self._wait = wait
        self._last = 0.0

    def taken(self) -> None:
        """Say that a batch was taken."""
        self._last = time.monotonic()

    def gather(self) -> None:
        """Wait a moment where a batch was taken only just before."""
        if time.monotonic() - self._last < BUSY_SECONDS:
            self._wait(GATHER_SECONDS)
