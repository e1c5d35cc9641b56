"""The five gaps, each recomputed by hand from what was told, and each saying so where there is too little."""

from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from scipy import stats

from services.kit.identity import Actor
from services.kit.testing import fresh
from services.surveys.question_sets import DIMENSIONS
from tests.surveys.conftest import Desk
from tests.surveys.voices import START, Job, Organisation, clock


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own."""
    return Organisation(desk, client)


@pytest.fixture
def manager(firm: Organisation) -> Actor:
    """Return a manager of all of it."""
    return firm.person("manager")


def gaps(firm: Organisation, who: Actor, query: str = "") -> dict[str, dict[str, Any]]:
    """Return the gaps of the organisation's community by code."""
    answer = firm.get(who, f"/reports/gaps?community_id={firm.community_id}{query}")
    assert answer.status_code == 200, answer.json
    (here,) = answer.json["communities"]
    assert here["community_id"] == firm.community_id
    assert [gap["gap"] for gap in here["gaps"]] == [1, 2, 3, 4, 5]
    return {gap["code"]: gap for gap in here["gaps"]}


def asked(firm: Organisation, manager: Actor, sheets: list[dict[str, int]]) -> str:
    """Let as many households answer a campaign; returns its id."""
    people = [firm.resident() for _ in sheets]
    planned = firm.campaign(manager)
    for who, sheet in zip(people, sheets, strict=True):
        answer = firm.post(who, f"/campaigns/{planned['id']}/answers", {"answers": sheet})
        assert answer.status_code == 201, answer.json
    return str(planned["id"])


def guessed(firm: Organisation, who: Actor, campaign_id: str, value: int, **others: int) -> None:
    """Let a manager estimate every item at a value, but for the others."""
    items = firm.get(who, f"/campaigns/{campaign_id}").json["to_estimate"]
    guess = {item["name"]: value for item in items} | others
    answer = firm.post(who, f"/campaigns/{campaign_id}/estimates", {"answers": guess})
    assert answer.status_code == 201, answer.json


def test_where_nothing_was_told_every_gap_says_what_it_lacks(firm: Organisation, manager: Actor) -> None:
    for code, gap in gaps(firm, manager).items():
        assert gap["verdict"] == "not_enough_data", code
        assert (gap["figure"], gap["to_close"], gap["details"]) == (None, None, [])
        assert gap["n"] == 0
        assert gap["lacks"], code
        assert all(lack["missing"] == lack["needed"] - lack["have"] > 0 for lack in gap["lacks"])
        assert set(gap["name"]) == set(gap["between"]) == {"zh-CN", "en"}


def test_one_less_than_enough_is_not_enough(firm: Organisation, manager: Actor) -> None:
    asked(firm, manager, [{"repair_importance": 7, "urgent_repair_hours": 2}] * 9)
    found = gaps(firm, manager)
    assert {lack["what"]: lack["missing"] for lack in found["diagnosis"]["lacks"]} == {"households": 1, "managers": 1}
    assert {lack["what"] for lack in found["prescription"]["lacks"]} == {"households", "urgent_repairs"}
    assert found["diagnosis"]["n"] == 9


def test_gap_one_is_what_managers_think_beside_what_residents_say(firm: Organisation, manager: Actor) -> None:
    repair, safety = [7, 7, 6, 7, 5, 7, 6, 7, 7, 7], [3, 4, 3, 2, 5, 3, 4, 3, 3, 2]
    sheets = [{"repair_importance": r, "safety_importance": s} for r, s in zip(repair, safety, strict=True)]
    campaign_id = asked(firm, manager, sheets)
    guessed(firm, manager, campaign_id, 5, safety_importance=6)
    guessed(firm, firm.person("manager"), campaign_id, 4, safety_importance=6)
    gap = gaps(firm, manager)["diagnosis"]
    distances = [4.5 - fmean(repair), 6 - fmean(safety)]
    assert gap["verdict"] == "measured"
    assert gap["n"] == 10
    assert gap["figure"]["value"] == pytest.approx(fmean(map(abs, distances)))
    by_sheet = [fmean((r - 4.5, 6 - s)) for r, s in zip(repair, safety, strict=True)]
    theirs = stats.bootstrap(
        (by_sheet,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    found = gap["figure"]["interval"]
    assert (found["low"], found["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.1)
    details = {one["item"]: one for one in gap["details"]}
    assert details["safety_importance"]["difference"]["value"] == pytest.approx(distances[1])
    assert details["repair_importance"]["residents"]["n"] == 10
    assert details["repair_importance"]["managers"]["n"] == 2
    assert gap["to_close"]["item"] == "safety_importance"
    assert gap["to_close"]["points"] == pytest.approx(-distances[1])
    assert gap["data"]["campaign_id"] == campaign_id
    assert gap["data"]["answers_before_estimates"] == 10
    assert "down by 2.8" in gap["to_close"]["says"]["en"]
    assert "安全与秩序" in gap["to_close"]["says"]["zh-CN"]


def test_gap_two_is_the_target_in_force_beside_the_time_expected(firm: Organisation, manager: Actor) -> None:
    hours = [1, 2, 2, 3, 2, 2, 4, 1, 2, 3]
    asked(firm, manager, [{"urgent_repair_hours": one} for one in hours])
    for number in range(10):
        job = firm.job(urgency="urgent")
        firm.desk.hear(job.filed(), job.completed(clock("attend", 6 if number else 4, 1, basis="working")))
    plain = firm.job()
    firm.desk.hear(plain.filed(), plain.completed(clock("attend", 100, 1)))
    gap = gaps(firm, manager)["prescription"]
    assert gap["figure"]["value"] == 6 - median(hours) == 4
    assert gap["unit"] == "hours"
    assert gap["data"]["target_bases"] == {"working": 10}
    assert gap["to_close"]["hours_sooner"] == 4
    assert gap["figure"]["interval"]["low"] <= 4 <= gap["figure"]["interval"]["high"]


def worked(firm: Organisation, taken: list[float], **changes: Any) -> list[Job]:
    """File and complete a job for each time taken, of an hour allowed."""
    jobs = [firm.job(**changes) for _ in taken]
    for job, hours in zip(jobs, taken, strict=True):
        firm.desk.hear(job.filed(), job.completed(clock("resolve", 1, hours)))
    return jobs


def test_gap_three_is_the_share_of_clocks_missed(firm: Organisation, manager: Actor) -> None:
    worked(firm, [0.5] * 8 + [2.0, 4.0, 3.0])
    still, waiting, gone = (firm.job() for _ in range(3))
    firm.desk.hear(still.filed(), still.breached("resolve"), waiting.filed(), gone.filed(), gone.cancelled())
    gap = gaps(firm, manager)["dispensary"]
    assert (gap["figure"]["value"], gap["n"]) == (4 / 12, 12)
    wilson = stats.binomtest(4, 12).proportion_ci(method="wilson")
    assert gap["figure"]["interval"]["low"] == pytest.approx(wilson.low)
    clocks = {"clocks_decided": 12, "clocks_missed": 4, "clocks_unknown": 0}
    assert gap["data"] == {"jobs_filed": 14, "jobs_open": 2, **clocks}
    (resolve,) = gap["details"]
    assert (resolve["met"], resolve["breached"], resolve["running_late"]) == (8, 4, 1)
    assert (resolve["hours_late"]["value"], resolve["hours_late"]["n"]) == (2, 3)
    assert gap["to_close"]["jobs_in_time"] == 4
    assert gap["to_close"]["hours_sooner"] == 2


def test_events_in_any_order_and_twice_tell_the_same(firm: Organisation, manager: Actor) -> None:
    jobs = worked(firm, [0.5] * 10)
    late = firm.job()
    told = [
        late.filed(),
        late.promised(START + timedelta(hours=1)),
        late.breached("resolve"),
        late.completed(clock("resolve", 1, 5), at=START + timedelta(hours=5)),
    ]
    firm.desk.hear(*told)
    first = gaps(firm, manager)["dispensary"]
    firm.desk.hear(*reversed(told), *told, jobs[0].completed(clock("resolve", 1, 0.5)))
    assert gaps(firm, manager)["dispensary"] == first
    other = firm.job()
    firm.desk.hear(
        other.completed(clock("resolve", 1, 5), at=START + timedelta(hours=5)),
        other.breached("resolve"),
        other.promised(START + timedelta(hours=1)),
        other.filed(),
    )
    again = gaps(firm, manager)
    assert again["dispensary"]["details"][0]["hours_late"]["value"] == 4
    assert again["communication"]["data"]["broken"] == 2


def test_the_newest_word_on_a_clock_counts(firm: Organisation, manager: Actor) -> None:
    jobs = worked(firm, [0.5] * 10)
    firm.desk.hear(jobs[0].completed(clock("resolve", 1, 9), version=9, completion=2))
    assert gaps(firm, manager)["dispensary"]["details"][0]["breached"] == 1
    firm.desk.hear(jobs[0].completed(clock("resolve", 1, 0.5), version=4))
    assert gaps(firm, manager)["dispensary"]["details"][0]["breached"] == 1


def test_gap_four_is_the_share_of_promises_broken(firm: Organisation, manager: Actor) -> None:
    for late in (-1, -1, -1, -1, -1, -1, -1, 2, 4, 9):
        job = firm.job()
        promised = START + timedelta(hours=3)
        firm.desk.hear(job.filed(), job.promised(promised), job.completed(at=promised + timedelta(hours=late)))
    waiting = firm.job()
    firm.desk.hear(waiting.filed(), waiting.promised(datetime(2126, 1, 1, tzinfo=START.tzinfo)))
    gap = gaps(firm, manager)["communication"]
    assert (gap["figure"]["value"], gap["n"]) == (0.3, 10)
    wilson = stats.binomtest(3, 10).proportion_ci(method="wilson")
    assert gap["figure"]["interval"]["high"] == pytest.approx(wilson.high)
    assert {name: gap["data"][name] for name in ("promises", "kept", "broken", "open")} == {
        "promises": 11,
        "kept": 7,
        "broken": 3,
        "open": 1,
    }
    assert (gap["to_close"]["promises_kept"], gap["to_close"]["hours_sooner"]) == (3, 4)
    assert "3 more promises" in gap["to_close"]["says"]["en"]


def test_gap_five_is_expectation_minus_perception_by_dimension(firm: Organisation, manager: Actor) -> None:
    sheets = []
    for number in range(12):
        sheet = {f"{name}_expectation": 6 for name in DIMENSIONS} | {f"{name}_perception": 5 for name in DIMENSIONS}
        sheet["empathy_perception"] = 2 + number % 3
        sheets.append(sheet)
    sheets[0].pop("tangibles_perception")
    asked(firm, manager, sheets)
    gap = gaps(firm, manager)["outcome"]
    found = {one["dimension"]: one for one in gap["details"]}
    assert found["reliability"]["value"] == 1
    assert found["empathy"]["value"] == pytest.approx(3)
    assert (found["tangibles"]["n"], found["assurance"]["n"]) == (11, 12)
    values = [6 - sheet["empathy_perception"] for sheet in sheets]
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    interval = found["empathy"]["interval"]
    assert (interval["low"], interval["high"]) == pytest.approx((theirs.low, theirs.high), abs=0.1)
    assert (gap["to_close"]["dimension"], gap["to_close"]["points"]) == ("empathy", pytest.approx(3))
    told = firm.get(manager, "/reports/satisfaction").json["total"]["household"]["servqual"]
    assert told["empathy"]["value"] == pytest.approx(-3)


def test_gaps_are_of_one_period_and_one_community(firm: Organisation, manager: Actor) -> None:
    worked(firm, [0.5] * 10)
    other = fresh()
    worked(firm, [2.0] * 10, community_id=other)
    everything = firm.get(manager, "/reports/gaps").json
    assert {one["community_id"] for one in everything["communities"]} == {firm.community_id, other}
    assert gaps(firm, manager)["dispensary"]["figure"]["value"] == 0
    assert gaps(firm, manager)["dispensary"]["to_close"]["says"]["en"] == "All jobs were in time."
    after = (START + timedelta(days=1)).isoformat().replace("+", "%2B")
    assert gaps(firm, manager, f"&from={after}")["dispensary"]["verdict"] == "not_enough_data"
    assert gaps(firm, manager, f"&to={after}")["dispensary"]["verdict"] == "measured"
    elsewhere = firm.person("manager", community_ids=(other,))
    assert gaps(firm, elsewhere)["dispensary"]["n"] == 0
    assert [one["community_id"] for one in firm.get(elsewhere, "/reports/gaps").json["communities"]] == [other]


def test_rules_of_thumb_stand_beside_the_gaps_as_estimates(firm: Organisation, manager: Actor) -> None:
    rules = firm.get(manager, "/reports/gaps").json["rules_of_thumb"]
    assert {rule["kind"] for rule in rules} == {"estimate"}
    assert all(rule["source"]["en"] and rule["says"]["zh-CN"] for rule in rules)


def test_gaps_computed_again_are_the_same(firm: Organisation, manager: Actor) -> None:
    worked(firm, [0.5, 3, 2, 0.1, 7, 0.2, 0.3, 9, 1, 0.4])
    asked(firm, manager, [{"repair_importance": 1 + n % 7, "urgent_repair_hours": 1 + n} for n in range(11)])
    assert gaps(firm, manager) == gaps(firm, manager)
