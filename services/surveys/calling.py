"""How households are called: when it is possible, what may come of a call, and what follows from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.surveys.visiting import CallRules, Night, out_of_night


class State(StrEnum):
    """Where a call stands: `waiting` until the household is invited, then `open`, `claimed` and `ended`."""

    WAITING = "waiting"
    OPEN = "open"
    CLAIMED = "claimed"
    ENDED = "ended"


ANSWERED, PROXY, CALL_LATER = "answered", "proxy", "call_later"
# How a call can go. `proxy` is somebody speaking in the household's place.
OUTCOMES = (ANSWERED, PROXY, "no_answer", "busy", "wrong_number", "refused", CALL_LATER)
# Why a call is over: by its last outcome, all attempts used, answered another way, the ticket open again, or time.
ENDINGS = (ANSWERED, PROXY, "wrong_number", "refused", "exhausted", "answered_elsewhere", "withdrawn", "lapsed")
# How long after a call that reached nobody the next one may be made.
TRY_AGAIN = {"no_answer": timedelta(hours=4), "busy": timedelta(minutes=30)}


@dataclass(frozen=True)
class Next:
    """What follows from an attempt: the call is over for a reason, or may be made again from a moment on."""

    ended_because: str | None
    next_call_at: datetime | None


def possible_at(now: datetime, earliest: datetime | None, zone: ZoneInfo, night: Night | None) -> datetime:
    """Return when the household may be called: now, or from `earliest` on, and never at night where it lives."""
    return out_of_night(now if earliest is None else max(now, earliest), zone, night)


def after(
    outcome: str,
    made: int,
    called_at: datetime,
    again_at: datetime | None,
    zone: ZoneInfo,
    night: Night | None,
    rules: CallRules,
) -> Next:
    """Return what follows from the `made`-th attempt. The last one ends it, also where a later call was asked for."""
    if outcome not in TRY_AGAIN and outcome != CALL_LATER:
        return Next(outcome, None)
    if made >= rules.attempts:
        return Next("exhausted", None)
    earliest = again_at if again_at is not None else called_at + TRY_AGAIN[outcome]
    return Next(None, out_of_night(earliest, zone, night))
