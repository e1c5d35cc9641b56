"""When an estimate has moved so far that whoever waits is to hear of it, and how often they may."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LATER, SOONER, LOST, FOUND = "later", "sooner", "lost", "found"
TOLD = (LATER, SOONER, LOST)

# A window moves later when its end does by a fifth of the length it had, sooner by two fifths; by a quarter of an hour
# and by half an hour at the least. Whoever waits plans by the end, and bad news are the more pressing.
_LATER_PART, _SOONER_PART = 1 / 5, 2 / 5
_LATER_LEAST, _SOONER_LEAST = timedelta(minutes=15), timedelta(minutes=30)
# So long after the estimate before; an emergency is a matter of minutes.
_PACE = {
    LATER: (timedelta(hours=1), timedelta(minutes=15)),
    LOST: (timedelta(hours=1), timedelta(minutes=15)),
    FOUND: (timedelta(0), timedelta(0)),
    SOONER: (timedelta(hours=6), timedelta(hours=1)),
}


@dataclass(frozen=True)
class Given:
    """An estimate that was given: when, and until when it says somebody waits; None where it had no window."""

    given_at: datetime
    high_at: datetime | None


def moved(standing: Given, high_at: datetime | None, now: datetime) -> str | None:
    """Return how far the estimate given last is from the one of now: later, sooner, lost, found, or None.

    A window that is over has always moved: somebody still waits.
    """
    if standing.high_at is None:
        return None if high_at is None else FOUND
    if high_at is None:
        return LOST
    by, length = high_at - standing.high_at, standing.high_at - standing.given_at
    if standing.high_at < now or by > max(_LATER_LEAST, length * _LATER_PART):
        return LATER
    return SOONER if -by > max(_SOONER_LEAST, length * _SOONER_PART) else None


def may_be_given(how: str, standing: Given, now: datetime, *, emergency: bool) -> bool:
    """True where enough time has passed since the last one; a later window may be told sooner than an earlier one."""
    ordinary, pressing = _PACE[how]
    return now - standing.given_at >= (pressing if emergency else ordinary)
