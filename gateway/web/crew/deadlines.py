"""How much time is left of a clock, said in words with a sign; scripts go on counting from `due_at`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from gateway.web.moments import duration
from gateway.web.words import Word
from services.kit import clock as time

# What a crew is measured by.
KINDS = ("attend", "make_safe", "resolve")
SOON_SECONDS = 1800


@dataclass(frozen=True)
class Deadline:
    """One deadline that is still to be met."""

    clock: str
    due_at: str
    left: Word


def deadlines(clocks: list[dict[str, Any]]) -> list[Deadline]:
    """Return the deadlines of a job that still run, the nearest first."""
    running = [clock for clock in clocks if clock["due_at"] and clock["stopped_at"] is None and clock["clock"] in KINDS]
    found = [Deadline(clock["clock"], clock["due_at"], left(clock["due_at"])) for clock in running]
    return sorted(found, key=lambda one: datetime.fromisoformat(one.due_at))


def left(due_at: str) -> Word:
    """Return how long there is until a moment, or how long it has passed."""
    seconds = (datetime.fromisoformat(due_at) - time.now()).total_seconds()
    if seconds < 0:
        return Word(_("%(time)s late", time=duration(-seconds)), "‼", "danger")
    tone = "warning" if seconds < SOON_SECONDS else "secondary"
    return Word(_("%(time)s left", time=duration(seconds)), "◔", tone)
