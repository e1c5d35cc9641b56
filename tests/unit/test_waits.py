"""How long somebody is likely to wait: curves against scipy, windows against what they promise, and what they use."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, beta, ecdf

from services.tickets.waits.curves import LEAST, MINUTE, Curve, Waited, curve_of, known_then
from services.tickets.waits.estimates import BEYOND, TOO_FEW, estimate
from services.tickets.waits.judging import EARLY, LATE, PENDING, WITHDRAWN, WITHIN, outcome
from services.tickets.waits.likeness import BASES, EVENING, NIGHT, WEEKEND, WORKDAY, Likeness, hours_of
from services.tickets.waits.moving import FOUND, LATER, LOST, SOONER, Given, may_be_given, moved
from services.tickets.waits.wording import duration, sentences

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)
LIKE = Likeness("c", "water-leak", "repair", False, WORKDAY)
WAITS = st.lists(st.builds(Waited, st.integers(0, 500).map(lambda m: m * MINUTE), st.booleans()), max_size=80)


@given(WAITS)
def test_the_curve_is_that_of_kaplan_and_meier(waits: list[Waited]) -> None:
    curve = curve_of(waits)
    uncensored = [one.seconds for one in waits if one.ended]
    if not uncensored:
        assert curve.times == ()
        return
    right = [one.seconds for one in waits if not one.ended]
    theirs = ecdf(CensoredData(uncensored=uncensored, right=right)).sf
    assert curve.survival() == pytest.approx([float(theirs.evaluate(time)) for time in curve.times])
    assert curve.n == len(uncensored)
    assert curve.censored == len(right)


@given(WAITS, st.integers(0, 500 * MINUTE))
def test_what_waited_so_long_is_a_curve_of_those_that_waited_longer(waits: list[Waited], waited: int) -> None:
    left = [one for one in waits if one.seconds > waited or not waited]
    ours, theirs = curve_of(waits).window(waited, least=1), curve_of(left).window(waited, least=1)
    assert ours == theirs


@given(WAITS, st.integers(0, 200 * MINUTE), st.sampled_from((0.5, 0.8, 0.9)))
def test_a_window_holds_at_least_what_it_says_and_ends_after_it_begins(
    waits: list[Waited], waited: int, probability: float
) -> None:
    window = curve_of(waits).window(waited, probability, least=1)
    if window is not None:
        assert waited <= window.low <= window.high
        assert probability - 1e-9 <= window.exact < 1
        assert window.high > waited or not waited


@given(WAITS)
def test_one_that_is_still_waiting_never_makes_a_window_end_sooner(waits: list[Waited]) -> None:
    """Hard cases are kept: the longer those still open have waited, the later the far end, until nobody knows it."""
    before = curve_of(waits).window(least=9)
    after = curve_of([*waits, Waited(10_000 * MINUTE, False)]).window(least=9)
    assert before is None or after is None or after.high >= before.high


def test_without_censoring_the_window_lies_between_order_statistics() -> None:
    for n in range(9, 200):
        window = curve_of(Waited(number * MINUTE, True) for number in range(1, n + 1)).window(least=9)
        j, k = (n + 1) // 10, -(-9 * (n + 1) // 10)
        assert window is not None
        assert (window.low, window.high) == ((j - 1) * MINUTE, k * MINUTE)
        assert window.exact == pytest.approx((k - j) / (n + 1))
    assert curve_of(Waited(number * MINUTE, True) for number in range(1, 9)).window(least=1) is None


def test_so_few_are_too_few() -> None:
    """Of n values the window really holds a Beta(k - j, n + 1 - k + j) distributed share of what comes."""
    worst = {n: float(beta.ppf(0.05, k - j, n + 1 - k + j)) for n, j, k in ((9, 1, 9), (LEAST, 2, 19))}
    assert worst == pytest.approx({9: 0.571, LEAST: 0.656}, abs=1e-3)
    waits = [Waited(number * MINUTE, True) for number in range(LEAST)]
    assert curve_of(waits).window() is not None
    assert curve_of(waits[:-1]).window() is None
    # Half of them open, and longer than any that ended: nobody knows when nine in ten are done.
    assert curve_of([*waits, *(Waited(9_999, False) for _ in range(LEAST))]).window() is None


MOMENTS = st.integers(0, 10_000).map(lambda minutes: NOON + timedelta(minutes=minutes))


@given(MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS, MOMENTS)
def test_nothing_that_came_later_is_known(
    filed_at: datetime, ended_at: datetime | None, withdrawn_at: datetime | None, asof: datetime
) -> None:
    ended_at = ended_at and max(filed_at, ended_at)
    withdrawn_at = withdrawn_at and max(filed_at, withdrawn_at)
    told = known_then(filed_at, ended_at, withdrawn_at, asof)
    then_ended = ended_at if ended_at is not None and ended_at <= asof else None
    then_withdrawn = withdrawn_at if withdrawn_at is not None and withdrawn_at <= asof else None
    assert told == known_then(filed_at, then_ended, then_withdrawn, asof)
    if filed_at >= asof:
        assert told is None
    else:
        assert told is not None
        assert 0 <= told.seconds <= (asof - filed_at).total_seconds()
        assert told.ended == (then_ended is not None)


def full(first: int = 10, count: int = 40) -> Curve:
    return curve_of(Waited((first + number) * MINUTE, True) for number in range(count))


def test_an_estimate_comes_from_the_closest_circle_that_has_enough() -> None:
    keys = [key for _, key in LIKE.circles()]
    for number, (basis, key) in enumerate(LIKE.circles()):
        told = estimate(LIKE, {key: full(), **{wider: full(500) for wider in keys[number + 1 :]}})
        assert (told.basis, told.n, told.low, told.high) == (basis, 40, 10 * MINUTE, 50 * MINUTE)
        too_small = {closer: full(1, LEAST - 1) for closer in keys[:number]}
        assert estimate(LIKE, {**too_small, key: full()}) == told
    assert tuple(basis for basis, _ in LIKE.circles()) == BASES


def test_an_emergency_is_compared_to_emergencies() -> None:
    urgent = Likeness("c", "water-leak", "repair", True, WORKDAY)
    assert not {key for _, key in LIKE.circles()} & {key for _, key in urgent.circles()}


def test_too_little_is_said() -> None:
    widest = LIKE.circles()[-1][1]
    told = estimate(LIKE, {widest: full(count=7)})
    assert (told.enough, told.because, told.n, told.window_from(NOON)) == (False, TOO_FEW, 7, (None, None))
    assert "7" in sentences("attend", told)["zh-CN"]
    longer = estimate(LIKE, {widest: full()}, waited=45 * MINUTE)
    assert (longer.because, longer.n) == (BEYOND, 36)
    assert "36 like this were attended by now" in sentences("attend", longer)["en"]


def test_what_is_said() -> None:
    told = estimate(LIKE, {LIKE.circles()[1][1]: curve_of(Waited(m * MINUTE, True) for m in range(66, 318, 4))})
    assert sentences("attend", told) == {
        "en": "8 in 10 like this were attended within 1 h 25 min – 5 h of filing (n = 63, same item, this community).",
        "zh-CN": "同类报事中，80% 在提交后 1 小时 25 分钟至 5 小时内有人到场（n = 63，同一项目、本小区）。",
    }
    assert "that had waited as long" in sentences("resolve", told, later=True)["en"]
    assert duration(90_060, "en") == "1 d 1 h 1 min"


def test_hours_are_those_of_the_wall_clock() -> None:
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    told = [hours_of(monday + timedelta(days=day, hours=hour)) for day in (0, 5) for hour in (7, 8, 17, 18, 21, 22)]
    weekday = [NIGHT, WORKDAY, WORKDAY, EVENING, EVENING, NIGHT]
    assert told == [*weekday, NIGHT, WEEKEND, WEEKEND, WEEKEND, WEEKEND, NIGHT]


def test_outcomes() -> None:
    hour = timedelta(hours=1)
    low, high, asof = NOON + hour, NOON + 3 * hour, NOON + 4 * hour
    told = [outcome(low, high, ended, None, asof) for ended in (NOON, low, high, high + hour / 2, None, asof + hour)]
    assert told == [EARLY, WITHIN, WITHIN, LATE, LATE, LATE]
    assert outcome(low, high, None, high, asof) == WITHDRAWN
    assert outcome(low, high, None, high + hour / 2, asof) == LATE
    # What ended soon is not judged before what did not.
    assert outcome(low, high, low, None, high) == PENDING


def test_a_window_moves_by_more_than_a_little_or_when_it_is_over() -> None:
    hour = timedelta(hours=1)
    standing = Given(NOON, NOON + 5 * hour)
    for later, how in ((0, None), (1, None), (1.1, LATER), (-1.9, None), (-2.1, SOONER)):
        assert moved(standing, NOON + (5 + later) * hour, NOON + hour) == how, later
    assert moved(standing, NOON + 5 * hour + timedelta(minutes=2), NOON + 5 * hour + timedelta(minutes=1)) == LATER
    assert moved(standing, None, NOON + hour) == LOST
    assert moved(Given(NOON, None), None, NOON) is None
    assert moved(Given(NOON, None), NOON + hour, NOON) == FOUND


def test_bad_news_may_come_sooner_than_good_ones() -> None:
    waits = [timedelta(minutes=minutes) for minutes in (0, 15, 60, 360)]
    for emergency, told in ((True, {LATER: waits[1], SOONER: waits[2]}), (False, {LATER: waits[2], SOONER: waits[3]})):
        for how, after in told.items():
            standing = Given(NOON, NOON)
            assert may_be_given(how, standing, NOON + after, emergency=emergency)
            assert not may_be_given(how, standing, NOON + after - timedelta(seconds=1), emergency=emergency)


def history(
    rng: random.Random, days: int, per_day: int, slower_from: int | None = None
) -> list[tuple[datetime, datetime | None, datetime | None]]:
    """Return (filed, ended, withdrawn) of requests whose waits are lognormal, median 2 h, one in twelve withdrawn.

    From day `slower_from` on everybody waits four times as long.
    """
    found = []
    for number in range(days * per_day):
        day = number // per_day
        filed_at = NOON + timedelta(days=day, minutes=rng.uniform(0, 600))
        hours = 2 * np.exp(rng.gauss(0, 0.8)) * (4 if slower_from is not None and day >= slower_from else 1)
        ended_at = filed_at + timedelta(hours=float(hours))
        gone_at = filed_at + timedelta(hours=rng.uniform(0, 12)) if rng.random() < 1 / 12 else None
        withdrawn = gone_at is not None and gone_at < ended_at
        found.append((filed_at, None if withdrawn else ended_at, gone_at if withdrawn else None))
    return sorted(found)


def judged(
    requests: list[tuple[datetime, datetime | None, datetime | None]], days: range, waited: timedelta | None = None
) -> dict[str, int]:
    """Give an estimate for each request of these days from what was known that morning, and judge them at the end."""
    end = NOON + timedelta(days=days.stop + 10)
    counts = dict.fromkeys((WITHIN, EARLY, LATE, WITHDRAWN), 0)
    for day in days:
        morning = NOON + timedelta(days=day)
        known = (known_then(*one, morning) for one in requests if one[0] < morning)
        curve = curve_of(one for one in known if one is not None)
        for filed_at, ended_at, withdrawn_at in requests:
            if not morning <= filed_at < morning + timedelta(days=1):
                continue
            begin = filed_at + (waited or timedelta(0))
            if any(at is not None and at <= begin for at in (ended_at, withdrawn_at)):
                continue
            window = curve.window((waited or timedelta(0)).total_seconds())
            assert window is not None
            low_at, high_at = (filed_at + timedelta(seconds=one) for one in (window.low, window.high))
            counts[outcome(low_at, high_at, ended_at, withdrawn_at, end)] += 1
    return counts


def share(counts: dict[str, int]) -> float:
    return counts[WITHIN] / sum(counts[name] for name in (WITHIN, EARLY, LATE))


def test_windows_hold_what_they_say_of_a_distribution_that_is_known() -> None:
    requests = history(random.Random(7), days=80, per_day=30)
    first = judged(requests, range(20, 80))
    assert sum(first.values()) == 60 * 30
    # Four standard errors of 1,650 are 0.039. Those withdrawn would have waited longer, and are not judged.
    assert share(first) == pytest.approx(0.8, abs=0.039)
    assert first[EARLY] / sum(first.values()) == pytest.approx(0.1, abs=0.03)
    for hours in (1, 4):
        again = judged(requests, range(20, 80), timedelta(hours=hours))
        assert share(again) == pytest.approx(0.8, abs=4 * (0.16 / (sum(again.values()) - again[WITHDRAWN])) ** 0.5)


def test_windows_told_from_finished_requests_alone_would_fail() -> None:
    """What leaving out the open and withdrawn does: the test above is one that such estimates do not pass."""
    rng = random.Random(8)
    waits = [rng.lognormvariate(0, 0.8) * 7200 for _ in range(4000)]
    gone = [rng.uniform(0, 30_000) for _ in waits]
    kept = [Waited(min(wait, left), wait <= left) for wait, left in zip(waits, gone, strict=True)]
    honest, naive = curve_of(kept), curve_of(one for one in kept if one.ended)
    fresh = [rng.lognormvariate(0, 0.8) * 7200 for _ in range(4000)]

    def late(curve: Curve, probability: float) -> float:
        window = curve.window(0, probability)
        assert window is not None
        return sum(wait > window.high for wait in fresh) / len(fresh)

    # The far end at 60 %, since half of them are withdrawn before the longest waits end.
    assert late(honest, 0.6) == pytest.approx(0.2, abs=0.03)
    assert late(naive, 0.6) > 0.35


def test_a_history_that_shifts_shows() -> None:
    requests = history(random.Random(9), days=60, per_day=30, slower_from=40)
    before, after = judged(requests, range(20, 40)), judged(requests, range(40, 46))
    assert share(before) == pytest.approx(0.8, abs=0.07)
    assert share(after) < 0.6
    # It learns: what is known follows, for all that is past stays in it for a while.
    assert share(judged(requests, range(56, 60))) > share(after)


def test_times_of_a_curve_rise() -> None:
    curve = full()
    assert all(one < other for one, other in pairwise(curve.times))
