"""The figures of surveys, held against scipy, and what they say of too little."""

import random
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from services.surveys import statistics
from services.surveys.statistics import Asked, Figure


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 1), (1, 1), (1, 2), (0, 17), (17, 17), (3, 10), (45, 50), (812, 1000), (1, 100_000)]
)
def test_the_interval_of_a_share_is_wilson_s(successes: int, n: int) -> None:
    figure = statistics.share(successes, n)
    scipy = stats.binomtest(successes, n).proportion_ci(method="wilson")
    assert figure.value == successes / n
    assert figure.n == n
    assert (figure.interval.low, figure.interval.high) == pytest.approx((scipy.low, scipy.high), abs=1e-12)
    assert (figure.interval.method, figure.interval.level) == ("wilson", 0.95)


@given(n=st.integers(1, 5000), data=st.data())
def test_a_share_lies_within_its_interval_and_that_within_all_and_nothing(n: int, data: st.DataObject) -> None:
    figure = statistics.share(data.draw(st.integers(0, n)), n)
    assert 0 <= figure.interval.low <= figure.value <= figure.interval.high <= 1


SAMPLES = {
    "a scale of five": [5, 4, 4, 3, 5, 2, 1, 4, 5, 5, 3, 4],
    "effort of forty": [1 + (i * i) % 7 for i in range(40)],
    "hours with a long tail": [0.5, 0.7, 1.0, 1.5, 2.0, 2.5, 3.0, 8.0, 24.0, 72.0] * 3,
}


@pytest.mark.parametrize("values", SAMPLES.values(), ids=SAMPLES.keys())
@pytest.mark.parametrize(("figure", "statistic"), [(statistics.mean, np.mean), (statistics.middle, np.median)])
def test_the_bootstrap_agrees_with_scipy_s(values: list[float], figure: object, statistic: object) -> None:
    ours = figure(values)  # type: ignore[operator]
    theirs = stats.bootstrap(
        (values,), statistic, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1), batch=2000
    ).confidence_interval
    assert ours.value == pytest.approx(statistic(values))  # type: ignore[operator]
    spread = np.std(values) / len(values) ** 0.5
    # Two thousand resamples settle an end of the interval to a fraction of the standard error; medians jump.
    within = 0.25 * spread if statistic is np.mean else 1.0 * spread
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.low, theirs.high), abs=within)
    assert ours.interval.method == "bootstrap"


def test_a_difference_of_two_groups_agrees_with_scipy_s() -> None:
    residents, managers = [5, 5, 4, 5, 3, 4, 5, 4], [3, 4, 2, 3, 3]
    ours = statistics.difference(residents, managers)
    theirs = stats.bootstrap(
        (residents, managers), lambda a, b, axis=-1: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        n_resamples=20_000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours.value == pytest.approx(fmean(residents) - fmean(managers))
    assert ours.n == 5
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.low, theirs.high), abs=0.1)


def test_above_a_thousand_values_the_interval_is_the_normal_one_and_says_so() -> None:
    chance = random.Random(7)
    values = [chance.choice([1, 2, 3, 4, 5]) for _ in range(3000)]
    ours = statistics.mean(values)
    low, high = stats.norm.interval(0.95, loc=np.mean(values), scale=stats.sem(values))
    assert ours.interval.method == "normal"
    assert (ours.interval.low, ours.interval.high) == pytest.approx((low, high))
    small = statistics.bootstrap(values, fmean)
    assert (small.low, small.high) == pytest.approx((low, high), abs=0.01)


def test_the_median_of_many_lies_between_two_of_them() -> None:
    chance = random.Random(3)
    values = [chance.expovariate(1) for _ in range(4001)]
    ours = statistics.middle(values)
    theirs = stats.quantile_test(values, q=0, p=0.5).confidence_interval(0.95)
    assert ours.interval.method == "order_statistics"
    assert (ours.interval.low, ours.interval.high) == pytest.approx((theirs.low, theirs.high), rel=0.01)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=30), st.randoms())
def test_a_figure_computed_again_in_any_order_is_the_same(values: list[int], chance: random.Random) -> None:
    shuffled = list(values)
    chance.shuffle(shuffled)
    assert statistics.mean(values) == statistics.mean(shuffled)
    assert statistics.middle(values) == statistics.middle(shuffled)
    assert statistics.difference(values, [3, 4]) == statistics.difference(shuffled, [4, 3])


@pytest.mark.parametrize(
    "figure",
    [statistics.csat([]), statistics.nps([]), statistics.ces([]), statistics.mean([]), statistics.middle([]),
     statistics.share(0, 0), Asked(0, 0, 0, 0).response()],
)  # fmt: skip
def test_of_nothing_comes_nothing(figure: Figure) -> None:
    assert figure.to_json() == {"value": None, "n": 0, "interval": None}


def test_what_is_all_the_same_has_a_value_and_no_interval() -> None:
    assert statistics.ces([4]).to_json() == {"value": 4, "n": 1, "interval": None}
    assert statistics.nps([9, 10, 9]).to_json() == {"value": 100, "n": 3, "interval": None}
    assert statistics.difference([4, 4], [2, 2]) == Figure(2, 2, None)
    assert statistics.difference([4], []) == Figure(None, 0, None)


def test_satisfied_are_fours_and_fives() -> None:
    figure = statistics.csat([1, 2, 3, 4, 5, 5])
    assert (figure.value, figure.n) == (0.5, 6)


def test_the_net_promoter_score_takes_detractors_from_promoters() -> None:
    figure = statistics.nps([10, 9, 8, 7, 6, 0])
    assert figure.value == pytest.approx(0)
    assert statistics.nps([10, 10, 8, 3]).value == pytest.approx(25)
    assert figure.interval.low < 0 < figure.interval.high


def test_a_dimension_s_gap_is_what_was_seen_minus_what_was_expected() -> None:
    found = statistics.servqual({"reliability": [(5, 3), (5, 4), (4, 4)], "empathy": [], "tangibles": [(2, 4)]})
    assert found["reliability"].value == pytest.approx(-1)
    assert found["reliability"].n == 3
    assert found["empathy"] == Figure(None, 0, None)
    assert found["tangibles"] == Figure(2, 1, None)


def test_the_response_rate_counts_neither_who_may_still_answer_nor_proxies_as_answers() -> None:
    asked = Asked(answered=6, proxy=2, silent=4, open=8)
    assert asked.asked == 20
    rate = asked.response()
    assert (rate.value, rate.n) == (0.5, 12)
    expected = stats.binomtest(6, 12).proportion_ci(method="wilson")
    assert rate.interval.low == pytest.approx(expected.low)
