"""Waiting for what other threads and processes do, as long as a busy machine may need."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
POLL_SECONDS = 0.03


def until(ask: Callable[[], T], what: str = "what was waited for", seconds: float = 30.0) -> T:
    """Ask until the answer is something, and return it; fail saying what did not come about."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(POLL_SECONDS)
    return answer
