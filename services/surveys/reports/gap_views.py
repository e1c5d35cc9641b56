"""Gaps 1, 2 and 5: from what households rated and what managers expected of them. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from services.surveys import statistics
from services.surveys.question_sets import DIMENSIONS, Item
from services.surveys.reports.gap import LEAST_HOUSEHOLDS, LEAST_JOBS, LEAST_MANAGERS, Gap, missing
from services.surveys.reports.ratings import Ratings
from services.surveys.statistics import Figure, Interval

EXPECTING = ("importance", "expectation")
HOURS = "hours"
HOUR = 3600


@dataclass(frozen=True)
class Campaign:
    """A campaign's answers, a mapping of item to value for each household, and the managers' for each of them."""

    id: str
    name: str
    items: Sequence[Item]
    households: Sequence[Mapping[str, int]] = ()
    managers: Sequence[Mapping[str, int]] = ()
    estimated_before: int | None = None

    def told(self) -> dict[str, Any]:
        """Return which campaign this is, as data of a gap."""
        return {
            "campaign_id": self.id,
            "campaign": self.name,
            "households": len(self.households),
            "managers": len(self.managers),
            # How many had answered when the last manager said what they expected; 0 is an honest guess.
            "answers_before_estimates": self.estimated_before,
        }

    def said(self, item: Item) -> list[int]:
        """Return what the households said of an item."""
        return [sheet[item.name] for sheet in self.households if item.name in sheet]

    def guessed(self, item: Item) -> list[int]:
        """Return what the managers think of an item."""
        return [sheet[item.name] for sheet in self.managers if item.name in sheet]

    def measuring(self, *measures: str) -> list[Item]:
        """Return the items that measure one of these."""
        return [item for item in self.items if item.measures in measures]


@dataclass(frozen=True)
class Targets:
    """The targets that urgent repairs of the period ran under, in hours of their own basis."""

    hours: list[float] = field(default_factory=list)
    bases: Counter[str] = field(default_factory=Counter)


NO_CAMPAIGN: Mapping[str, Any] = {"campaign_id": None, "campaign": None, "households": 0, "managers": 0}
POINTS, HOURS_UNIT = "points of 1 to 7", "hours"


def diagnosis(campaign: Campaign | None) -> Gap:
    """Gap 1: how far the managers' answers lie from the residents', item by item; the figure is the mean distance."""
    if campaign is None:
        lacks = missing(households=(0, LEAST_HOUSEHOLDS), managers=(0, LEAST_MANAGERS))
        return Gap("diagnosis", POINTS, 0, NO_CAMPAIGN, lacks=lacks)
    both = [item for item in campaign.measuring(*EXPECTING) if campaign.said(item) and campaign.guessed(item)]
    n = sum(any(item.name in sheet for item in campaign.measuring(*EXPECTING)) for sheet in campaign.households)
    managers = sum(any(item.name in sheet for item in campaign.measuring(*EXPECTING)) for sheet in campaign.managers)
    lacks = missing(households=(n, LEAST_HOUSEHOLDS), managers=(managers, LEAST_MANAGERS))
    if lacks or not both:
        return Gap("diagnosis", POINTS, n, campaign.told(), lacks=lacks)
    details = [_compared(campaign, item) for item in both]
    worst = max(details, key=lambda one: abs(one["difference"]["value"]))
    return Gap(
        "diagnosis", POINTS, n, campaign.told(), _distance(campaign, both), details, _to_learn(worst)
    )  # fmt: skip


def _compared(campaign: Campaign, item: Item) -> dict[str, Any]:
    said, guessed = campaign.said(item), campaign.guessed(item)
    return {
        "item": item.name,
        "text": item.text,
        "residents": statistics.mean(said).to_json(),
        "managers": statistics.mean(guessed).to_json(),
        "difference": statistics.difference(guessed, said).to_json(),
    }


def _distance(campaign: Campaign, items: Sequence[Item]) -> Figure:
    """Return the mean distance over the items, with the interval that the choice of households leaves.

    Each household's sheet counts in the direction in which the whole errs, so that the mean of the sheets is the
    mean distance, and resampling sheets keeps together what one household said.
    """
    guess = {item.name: fmean(campaign.guessed(item)) for item in items}
    sign = {item.name: 1 if guess[item.name] >= fmean(campaign.said(item)) else -1 for item in items}
    sheets = [
        fmean(sign[name] * (guess[name] - sheet[name]) for name in guess if name in sheet)
        for sheet in campaign.households
        if any(name in sheet for name in guess)
    ]
    return statistics.mean(sheets)


def _to_learn(worst: Mapping[str, Any]) -> dict[str, Any]:
    by = worst["difference"]["value"]
    if abs(by) < 0.05:
        says = {"zh-CN": "管理者的估计与业主所说一致。", "en": "What managers think is what residents say."}
        return {"item": worst["item"], "points": 0.0, "says": says}
    points, more = f"{abs(by):.1f}", by < 0
    way_zh, way_en = ("上调", "up") if more else ("下调", "down")
    return {
        "item": worst["item"],
        "points": -by,
        "says": {
            "zh-CN": f"差距最大的一项是“{worst['text']['zh-CN']}”：管理者的估计需要{way_zh} {points} 分。",
            "en": f"The widest is “{worst['text']['en']}”: what managers think has to go {way_en} by {points}.",
        },
    }


def prescription(campaign: Campaign | None, targets: Targets) -> Gap:
    """Gap 2: the median target for urgent repairs minus the median time households expect; above 0 it is slower."""
    items = campaign.measuring(HOURS) if campaign else []
    expected = [value for item in items for value in campaign.said(item)] if campaign else []
    guessed = [value for item in items for value in campaign.guessed(item)] if campaign else []
    data = {
        **(campaign.told() if campaign else NO_CAMPAIGN),
        "households": len(expected),
        "urgent_repairs": len(targets.hours),
        "target_bases": dict(sorted(targets.bases.items())),
    }
    lacks = missing(households=(len(expected), LEAST_HOUSEHOLDS), urgent_repairs=(len(targets.hours), LEAST_JOBS))
    if lacks:
        return Gap("prescription", HOURS_UNIT, len(expected), data, lacks=lacks)
    wanted, standard = statistics.middle(expected), statistics.middle(targets.hours)
    assert wanted.value is not None
    assert standard.value is not None
    by = standard.value - wanted.value
    turned = wanted.interval and Interval(
        standard.value - wanted.interval.high, standard.value - wanted.interval.low, wanted.interval.method
    )
    details = [
        {"what": "expected_hours", **wanted.to_json()},
        {"what": "target_hours", **standard.to_json()},
        {"what": "managers_think_hours", **statistics.middle(guessed).to_json()},
    ]
    return Gap("prescription", HOURS_UNIT, len(expected), data, Figure(by, wanted.n, turned), details, _to_promise(by))


def _to_promise(by: float) -> dict[str, Any]:
    if by <= 0:
        return {
            "hours_sooner": 0.0,
            "says": {"zh-CN": "标准已不慢于业主的期望。", "en": "The standard is no slower than residents expect."},
        }
    return {
        "hours_sooner": by,
        "says": {
            "zh-CN": f"急修到场时限需要提前 {by:.1f} 小时。",
            "en": f"The target for urgent repairs has to be {by:.1f} hours sooner.",
        },
    }


def outcome(ratings: Ratings) -> Gap:
    """Gap 5: what was expected minus what was perceived, by SERVQUAL dimension; above 0 the service stays behind."""
    n = len(ratings.sheets)
    data = {"households": n, "pairs": {name: len(ratings.pairs[name]) for name in DIMENSIONS}}
    lacks = missing(households=(n, LEAST_HOUSEHOLDS))
    if lacks:
        return Gap("outcome", POINTS, n, data, lacks=lacks)
    figures = {name: statistics.mean([wanted - seen for wanted, seen in ratings.pairs[name]]) for name in DIMENSIONS}
    details = [{"dimension": name, **figure.to_json()} for name, figure in figures.items()]
    whole = statistics.mean([fmean(wanted - seen for wanted, seen in sheet) for sheet in ratings.sheets])
    told = {name: figure.value for name, figure in figures.items() if figure.value is not None}
    worst = max(told, key=lambda name: told[name])
    return Gap("outcome", POINTS, n, data, whole, details, _to_serve(worst, told[worst]))


DIMENSION_NAMES = {
    "reliability": "可靠性",
    "responsiveness": "响应性",
    "assurance": "保证性",
    "empathy": "移情性",
    "tangibles": "有形性",
}


def _to_serve(dimension: str, by: float) -> dict[str, Any]:
    if by <= 0:
        return {
            "dimension": dimension,
            "points": 0.0,
            "says": {"zh-CN": "各维度均达到期望。", "en": "Every dimension is at least what was expected."},
        }
    return {
        "dimension": dimension,
        "points": by,
        "says": {
            "zh-CN": f"差距最大的是{DIMENSION_NAMES[dimension]}：感受分需要提高 {by:.1f} 分。",
            "en": f"The widest is {dimension}: what residents perceive has to rise by {by:.1f}.",
        },
    }
