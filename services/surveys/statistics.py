"""Figures of surveys, each with the number of answers it stands on and its interval; of nothing comes nothing.

Pure, and a figure computed again from the same answers comes out the same, its interval included. Intervals are of
95 %: Wilson's score interval for shares (E. B. Wilson, JASA 22, 1927), the percentile bootstrap (B. Efron, 1979) with
2,000 resamples for everything else.
"""

import hashlib
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import NormalDist, fmean, median, stdev
from typing import Any

from services.kit.intervals import wilson

LEVEL = 0.95
RESAMPLES = 2000
# Above this many values the bootstrap of a mean is the normal interval to the last digit shown, and costs seconds.
MOST_RESAMPLED = 1000
Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)

SATISFIED = (4, 5)
# Net promoter score (F. Reichheld, 2003): answers of 0 to 10; 9 and 10 promote, 0 to 6 detract.
PROMOTERS, DETRACTORS = range(9, 11), range(0, 7)

Statistic = Callable[[Sequence[float]], float]


@dataclass(frozen=True)
class Interval:
    """Where the true figure lies with the probability `level`, and how that was found out."""

    low: float
    high: float
    method: str
    level: float = LEVEL


@dataclass(frozen=True)
class Figure:
    """A value with the number of answers it was computed from. Without answers there is none.

    Without an `interval` there is too little to tell one: a single answer, or answers that are all the same.
    """

    value: float | None
    n: int
    interval: Interval | None

    def to_json(self) -> dict[str, Any]:
        """Return it as the reports show it."""
        return {
            "value": self.value,
            "n": self.n,
            "interval": None if self.interval is None else asdict(self.interval),
        }


NOTHING = Figure(None, 0, None)


def share(successes: int, n: int) -> Figure:
    """Return how large a part of `n` the successes are, 0 to 1."""
    ends = wilson(successes, n, Z)
    return NOTHING if ends is None else Figure(successes / n, n, Interval(*ends, "wilson"))


def mean(values: Sequence[float]) -> Figure:
    """Return the arithmetic mean."""
    if not values:
        return NOTHING
    return Figure(fmean(values), len(values), _interval_of_mean(values))


def middle(values: Sequence[float]) -> Figure:
    """Return the median."""
    if not values:
        return NOTHING
    interval = bootstrap(values, median) if len(values) <= MOST_RESAMPLED else _between_ranks(values)
    return Figure(median(values), len(values), interval)


def csat(ratings: Sequence[int]) -> Figure:
    """Return the share of ratings of 1 to 5 that are 4 or 5."""
    return share(sum(rating in SATISFIED for rating in ratings), len(ratings))


def nps(ratings: Sequence[int]) -> Figure:
    """Return the net promoter score of ratings of 0 to 10, −100 to 100."""
    return mean([100.0 * ((rating in PROMOTERS) - (rating in DETRACTORS)) for rating in ratings])


def ces(ratings: Sequence[int]) -> Figure:
    """Return the mean customer effort rating."""
    return mean(ratings)


def servqual(pairs: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, Figure]:
    """Return perception minus expectation of each dimension, from pairs (expectation, perception) of one person each.

    Parasuraman, Zeithaml and Berry (1988): below zero the service stays behind what was expected.
    """
    return {name: mean([seen - wanted for wanted, seen in answered]) for name, answered in pairs.items()}


def difference(left: Sequence[float], right: Sequence[float]) -> Figure:
    """Return the mean of `left` minus the mean of `right`, two groups of people; `n` is the smaller group's size."""
    if not left or not right:
        return Figure(None, min(len(left), len(right)), None)
    value = fmean(left) - fmean(right)
    size = min(len(left), len(right))
    if size < 2 or len({*left}) == len({*right}) == 1:
        return Figure(value, size, None)
    if max(len(left), len(right)) > MOST_RESAMPLED:
        error = math.sqrt(stdev(left) ** 2 / len(left) + stdev(right) ** 2 / len(right))
        return Figure(value, size, Interval(value - Z * error, value + Z * error, "normal"))
    left, right = sorted(left), sorted(right)
    chance = random.Random(_seed([*left, math.inf, *right]))  # noqa: S311
    drawn = [
        fmean(chance.choices(left, k=len(left))) - fmean(chance.choices(right, k=len(right))) for _ in range(RESAMPLES)
    ]
    return Figure(value, size, _percentiles(drawn))


def bootstrap(values: Sequence[float], statistic: Statistic) -> Interval | None:
    """Return the percentile bootstrap interval of a statistic; None where the values have nothing to tell one from.

    The order of the values does not matter: who answered first must not move a figure.
    """
    if len(set(values)) < 2:
        return None
    ordered = sorted(values)
    chance = random.Random(_seed(ordered))  # noqa: S311
    return _percentiles([statistic(chance.choices(ordered, k=len(ordered))) for _ in range(RESAMPLES)])


def _interval_of_mean(values: Sequence[float]) -> Interval | None:
    if len(values) <= MOST_RESAMPLED:
        return bootstrap(values, fmean)
    centre, error = fmean(values), stdev(values) / math.sqrt(len(values))
    return Interval(centre - Z * error, centre + Z * error, "normal") if error else None


def _between_ranks(values: Sequence[float]) -> Interval:
    """Return the interval of a median between two of the ordered values, by the sign test's normal approximation."""
    ordered, half = sorted(values), Z * math.sqrt(len(values)) / 2
    low, high = math.floor(len(values) / 2 - half), math.ceil(len(values) / 2 + half)
    return Interval(ordered[low], ordered[high], "order_statistics")


def _seed(values: Sequence[float]) -> int:
    """Return a seed that the data alone decides, so that a figure computed again has the same interval."""
    written = ",".join(repr(float(value)) for value in values)
    return int.from_bytes(hashlib.sha256(written.encode()).digest()[:8], "big")


def _percentiles(drawn: Sequence[float]) -> Interval:
    ordered, tail = sorted(drawn), (1 - LEVEL) / 2
    return Interval(_quantile(ordered, tail), _quantile(ordered, 1 - tail), "bootstrap")


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Return a quantile by linear interpolation between the ordered values."""
    place = part * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


@dataclass(frozen=True)
class Asked:
    """How many were asked and what came of it. Each is exactly one of the four."""

    answered: int
    proxy: int
    silent: int
    open: int

    @property
    def asked(self) -> int:
        """All who were asked."""
        return self.answered + self.proxy + self.silent + self.open

    def response(self) -> Figure:
        """Return the share that answered themselves of those whose time to answer is over or who have answered.

        Who may still answer is no silence, and a proxy's word is not the household's answer.
        """
        return share(self.answered, self.concluded)

    def silence(self) -> Figure:
        """Return the share of the same from whom nothing was heard, neither from them nor in their place."""
        return share(self.silent, self.concluded)

    @property
    def concluded(self) -> int:
        """All of whom it is known what came of asking."""
        return self.answered + self.proxy + self.silent

    def to_json(self) -> dict[str, Any]:
        """Return it as the reports show it."""
        rates = {"response_rate": self.response().to_json(), "silence_rate": self.silence().to_json()}
        return {"asked": self.asked, **asdict(self), **rates}
