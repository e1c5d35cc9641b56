"""How long requests waited, open and withdrawn ones included: the curve of Kaplan and Meier, and windows from it.

E. L. Kaplan and P. Meier, "Nonparametric Estimation from Incomplete Observations", JASA 53 (1958). A request that is
still open, or was withdrawn, waited at least so long: it is among those waiting until then and is never left out, which
would make every wait look shorter than it is.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

MINUTE = 60
# The least that has ended of which a window is told. One of 80 % by order statistics exists from 9 on, yet then one
# history in twenty has a window that holds fewer than 57 % of what comes; of 20 it holds 65 %, see the tests.
LEAST = 20
PROBABILITY = 0.8


class Waited(NamedTuple):
    """How long one request waited, in seconds, and whether it had ended by then or its end is not known."""

    seconds: float
    ended: bool


class Window(NamedTuple):
    """From when to when, in seconds from filing; how many it was told from, and the share of them that it holds.

    `exact` is at least the probability asked for: between few values no window holds just that.
    """

    low: int
    high: int
    n: int
    censored: int
    exact: float


@dataclass(frozen=True)
class Curve:
    """After how many seconds waits ended, in rising order; how many still waited just before; and how many ended then.

    `censored` is how many were open or withdrawn.
    """

    times: tuple[int, ...] = ()
    at_risk: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    censored: int = 0

    @property
    def n(self) -> int:
        """How many have ended."""
        return sum(self.ended)

    def survival(self) -> tuple[float, ...]:
        """Return the share that waits longer than each of the times."""
        left, found = 1.0, []
        for at_risk, ended in zip(self.at_risk, self.ended, strict=True):
            left *= 1 - ended / at_risk
            found.append(left)
        return tuple(found)

    def ended_by(self, seconds: float) -> int:
        """Return how many had ended after so long."""
        return sum(self.ended[: bisect_right(self.times, seconds)])

    def window(self, waited: float = 0, probability: float = PROBABILITY, least: int = LEAST) -> Window | None:
        """Return the window that holds the probability for one more request that has waited so long already.

        Those are looked at that waited longer than that; the next one is as likely to fall between any two of them as
        between any other two, so that between the j-th and the k-th of n it falls with (k - j) / (n + 1), whatever
        the distribution. None where fewer than `least` of them have ended, or so many are still open that nobody
        knows the far end.
        """
        first = bisect_right(self.times, waited) if waited > 0 else 0
        n = sum(self.ended[first:])
        if n < least:
            return None
        at_risk = self.at_risk[first]
        scale, tail = at_risk / (at_risk + 1), (1 - probability) / 2
        low, below, left = float(waited), 0.0, 1.0
        for time, waiting, ended in zip(self.times[first:], self.at_risk[first:], self.ended[first:], strict=True):
            left *= 1 - ended / waiting
            passed = scale * (1 - left)
            if passed <= tail + _ROUNDING:
                # Times are rounded up to the minute: it may have been all of one earlier.
                low, below = max(float(waited), time - MINUTE), passed
            elif passed >= 1 - tail - _ROUNDING:
                return Window(int(low), time, n, at_risk - n, passed - below)
        return None


_ROUNDING = 1e-9


def curve_of(waits: Iterable[Waited]) -> Curve:
    """Return the curve of so many waits, their times rounded up to the minute."""
    ended: Counter[int] = Counter()
    left: Counter[int] = Counter()
    for seconds, has_ended in waits:
        (ended if has_ended else left)[_minute(seconds)] += 1
    # Who left at the same minute as another ended was still waiting when that one did.
    times = tuple(sorted(ended))
    everybody = sorted((ended + left).items(), reverse=True)
    at_risk, waiting, following = {}, 0, 0
    for time in reversed(times):
        while following < len(everybody) and everybody[following][0] >= time:
            waiting += everybody[following][1]
            following += 1
        at_risk[time] = waiting
    return Curve(times, tuple(at_risk[time] for time in times), tuple(ended[time] for time in times), left.total())


def _minute(seconds: float) -> int:
    return -int(-max(seconds, 0) // MINUTE) * MINUTE


def known_then(
    filed_at: datetime, ended_at: datetime | None, withdrawn_at: datetime | None, asof: datetime
) -> Waited | None:
    """Return what was known at a moment of how long a request waited; None where it was not filed yet.

    Whatever came later has not happened: an estimate uses what was known when it was given.
    """
    if filed_at >= asof:
        return None
    if ended_at is not None and ended_at <= asof:
        return Waited((ended_at - filed_at).total_seconds(), True)
    until = asof if withdrawn_at is None else min(withdrawn_at, asof)
    return Waited((until - filed_at).total_seconds(), False)
