"""When an act was done: the phone's clock put right and bounded, beside the moment at which the desk heard of it. Pure.

A phone without signal tells later what was done. It says when that was and when it sends it, both by its own clock, so
that only the time between the two is believed, and never the clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Entry = Mapping[str, Any]

# What was done in the world, or taken upon oneself, counts from when it was done. Whatever puts something on others (a
# job given away, a promise, words) counts from when they could know of it.
# A checkpoint that is ticked off is no step of the history, and counts the same.
COUNTS_BACK = frozenset({"claim", "depart", "arrive", "start", "pause", "resume", "make_safe", "complete", "tick"})
# A phone with signal takes this long to send what was just done: it was told as it was done.
AT_ONCE = timedelta(seconds=3)
# Why an act counts from another moment than its own.
PREVIOUS_STEP = "previous_step"
TOO_LONG_AGO = "too_long_ago"
CLOCK_TURNED_BACK = "clock_turned_back"
WHEN_HEARD = "when_heard"
BOUNDS = (PREVIOUS_STEP, TOO_LONG_AGO, CLOCK_TURNED_BACK, WHEN_HEARD)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Phone:
    """What a phone says beside an act, each if it does: its own clock then and now, and what its owner saw.

    That is the status of the ticket, and how far a complaint had come.
    """

    acted_at: datetime | None = None
    sent_at: datetime | None = None
    expected_status: str | None = None
    expected_step: str | None = None

    def ago(self) -> timedelta:
        """The time between act and sending; below zero where the clock was turned back meanwhile."""
        if self.acted_at is None or self.sent_at is None:
            return timedelta()
        return self.sent_at - self.acted_at

    def tells_at_once(self) -> bool:
        """Whether there is nothing to count back: no time of its own was said, or it is now."""
        return self.acted_at is None or timedelta() <= self.ago() < AT_ONCE


@dataclass(frozen=True)
class Act:
    """An act as history takes it: when it was heard of, when it counts from, and what to record of the phone's say."""

    heard_at: datetime
    done_at: datetime
    said: Mapping[str, Any]


def at_once(heard_at: datetime) -> Act:
    """Return an act that was told as it was done."""
    return Act(heard_at, heard_at, {})


def told_later(action: str, phone: Phone, heard_at: datetime, not_before: datetime, longest_back: timedelta) -> Act:
    """Return an act that a phone tells of, counted from its own moment within bounds.

    That is never after `heard_at`, never before `not_before`, and no more than `longest_back` ago; one from longer ago
    counts from when it was heard of. What the phone said and what was made of it are both recorded, so that anybody
    can do this sum again from history (`ledger.untrue_acts`).
    """
    assert phone.acted_at is not None, "the door asks for both or neither"
    assert phone.sent_at is not None, "the door asks for both or neither"
    done_at = heard_at - phone.ago()
    moment, bound = heard_at, None
    if action not in COUNTS_BACK:
        bound = WHEN_HEARD
    elif done_at > heard_at:
        bound = CLOCK_TURNED_BACK
    elif phone.ago() > longest_back:
        bound = TOO_LONG_AGO
    elif done_at < not_before:
        moment, bound = not_before, PREVIOUS_STEP
    else:
        moment = done_at
    said = {
        "acted_at": _text(phone.acted_at),
        "sent_at": _text(phone.sent_at),
        "skew_ms": (heard_at - phone.sent_at) // _MILLISECOND,
        "done_at": _text(done_at),
        "moment": _text(moment),
        "bound": bound,
    }
    return Act(heard_at, moment, {"acted": said})


def moment_of(entry: Entry) -> datetime:
    """Return the moment from which an entry of the history counts: its own, or that of an act told later."""
    acted = entry["data"].get("acted")
    return datetime.fromisoformat(acted["moment"]) if acted else entry["at"]


def done_before(entry: Entry) -> bool:
    """Whether an entry counts from before it was heard of."""
    return moment_of(entry) < entry["at"]


def phone_of(entry: Entry) -> Phone | None:
    """Return what the phone said of an entry; None where no phone said when it was done."""
    acted = entry["data"].get("acted")
    if not acted:
        return None
    return Phone(datetime.fromisoformat(acted["acted_at"]), datetime.fromisoformat(acted["sent_at"]))


def latest_of(entries: Sequence[Entry], moving: frozenset[str]) -> datetime:
    """Return the moment of the last entry among the actions that move clocks: nothing counts from before it."""
    return max(moment_of(entry) for entry in entries if entry["action"] in moving)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
