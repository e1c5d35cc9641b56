"""An estimate of a wait, or the words for having too little to give one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tickets.waits.curves import LEAST, MINUTE, PROBABILITY, Curve, Window
from services.tickets.waits.likeness import Likeness

# Why there is no window: too few like it have ended, or it waits longer than nearly all of them did.
TOO_FEW, BEYOND = "too_few", "beyond"
HOUR = 60 * MINUTE


@dataclass(frozen=True)
class Estimate:
    """How long a request is likely to wait in all, in seconds from its filing, and what that was told from.

    Without a window `basis`, `low`, `high` and `exact` are None and `because` says why: `too_few`, and then `n` is how
    many like it have ended in the widest circle; or `beyond`, and then `n` is how many of the closest circle that is
    large enough had ended after as long as this one has waited.
    """

    basis: str | None
    n: int
    censored: int
    probability: float = PROBABILITY
    low: int | None = None
    high: int | None = None
    exact: float | None = None
    because: str | None = None

    @property
    def enough(self) -> bool:
        """True where there is a window."""
        return self.basis is not None

    def window_from(self, filed_at: datetime) -> tuple[datetime | None, datetime | None]:
        """Return the window as moments."""
        if self.low is None or self.high is None:
            return None, None
        return filed_at + timedelta(seconds=self.low), filed_at + timedelta(seconds=self.high)


# Up to so many seconds, to so many seconds: what is told is no finer than what is known.
_GRAINS = ((2 * HOUR, 5 * MINUTE), (10 * HOUR, 10 * MINUTE), (48 * HOUR, HOUR), (240 * HOUR, 3 * HOUR))
_COARSEST = 24 * HOUR


def of_window(basis: str, window: Window) -> Estimate:
    """Return the estimate that a window makes: widened to round numbers, so that it is judged as it was told."""
    low = window.low - window.low % _grain(window.low)
    high = window.high + -window.high % _grain(window.high)
    return Estimate(basis, window.n, window.censored, PROBABILITY, low, high, window.exact)


def _grain(seconds: int) -> int:
    return next((grain for limit, grain in _GRAINS if seconds <= limit), _COARSEST)


def estimate(like: Likeness, curves: Mapping[str, Curve], waited: float = 0) -> Estimate:
    """Return the estimate for a request that has waited so long, from the closest circle that has enough to tell.

    `curves` are by the keys of circles (`Likeness.circles`).
    """
    beyond: Estimate | None = None
    widest = Curve()
    for basis, key in like.circles():
        curve = widest = curves.get(key, Curve())
        window = curve.window(waited)
        if window is not None:
            return of_window(basis, window)
        if beyond is None and waited and curve.n >= LEAST:
            beyond = Estimate(None, curve.ended_by(waited), curve.censored, because=BEYOND)
    return beyond or Estimate(None, widest.n, widest.censored, because=TOO_FEW)
