"""How a clock looks from outside: plain data, the same in the API, in a case file and where that is checked."""

from datetime import datetime
from typing import Any

from services.tickets.sla.clocks import Clock

# What the answers of the desk say of a clock whose end was told as it came.
NOT_LATER: dict[str, Any] = {"known_at": None, "backdated_seconds": 0.0, "known_late": False}


def clock_view(clock: Clock) -> dict[str, Any]:
    """Return a clock with its moments as ISO 8601 in UTC and its lengths in seconds.

    A target that says "by the end of the day" is as long as it came out from its start, for its own seconds are only
    the least it leaves to a request late in the evening.
    """
    view = {
        "clock": clock.kind,
        "generation": clock.generation,
        "state": clock.state,
        "started_at": moment(clock.started_at),
        "target_seconds": clock.allowed_seconds,
        "sundown": clock.sundown,
        "basis": clock.basis,
        "rule": clock.rule,
        "warnings_at": [at.isoformat() for at in clock.warnings_at],
        "due_at": moment(clock.due_at),
        "stopped_at": moment(clock.stopped_at),
        "paused_at": moment(clock.paused_at),
        "paused_until": moment(clock.paused_until),
        "pauses": [[moment(begin), moment(end)] for begin, end in clock.pauses],
        "breached_at": moment(clock.breached_at),
        "contract_seconds": clock.elapsed_seconds,
        "lived_seconds": clock.lived_seconds,
        "pause_seconds": clock.pause_seconds,
        "remaining_seconds": clock.remaining_seconds,
        "unknown_because": clock.unknown,
    }
    return view if clock.known_at is None else view | _later(clock)


def _later(clock: Clock) -> dict[str, Any]:
    """Return what is said of a clock whose end was told later; of any other, as in older case files, nothing is."""
    return {
        "known_at": moment(clock.known_at),
        "backdated_seconds": clock.backdated_seconds,
        "known_late": clock.known_late,
    }


def moment(value: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, or None."""
    return None if value is None else value.isoformat()
