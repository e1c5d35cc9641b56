"""The shipped targets are complete and sensible, and urgent ones sooner."""

import hashlib
import timeit
from datetime import date

import pytest

from services.tickets import catalogue, lifecycle
from services.tickets.sla import policy
from services.tickets.sla.conditions import Facts
from services.tickets.sla.packs import with_pack
from services.tickets.sla.policy import (
    SLA_CLASSES,
    URGENCIES,
    read_policy,
    shipped,
    standard_policy,
)

COMMUNITY = "0192f0c1-0000-7000-8000-000000000001"

SHIPPED = policy.standard_document()
targets = standard_policy().targets


@pytest.mark.parametrize("urgency", URGENCIES)
@pytest.mark.parametrize("sla_class", SLA_CLASSES)
def test_every_class_and_urgency_has_its_three_targets(sla_class: str, urgency: str) -> None:
    assert [target.kind for target in targets(sla_class, urgency)] == ["acknowledge", "attend", "resolve"]


@pytest.mark.parametrize("sla_class", SLA_CLASSES)
def test_the_more_urgent_is_never_slower(sla_class: str) -> None:
    for quick, slow in (("emergency", "urgent"), ("urgent", "routine")):
        for sooner, later in zip(targets(sla_class, quick), targets(sla_class, slow), strict=True):
            assert sooner.basis == "clock"
            assert sooner.seconds <= later.seconds


@pytest.mark.parametrize("sla_class", SLA_CLASSES)
@pytest.mark.parametrize("urgency", URGENCIES)
def test_answering_comes_before_attending_and_attending_before_resolving(sla_class: str, urgency: str) -> None:
    acknowledge, attend, resolve = targets(sla_class, urgency)
    assert acknowledge.seconds <= attend.seconds <= resolve.seconds or resolve.basis == "working"


def test_somebody_trapped_in_a_lift_is_reached_within_thirty_minutes() -> None:
    attend = targets("life_safety", "emergency")[1]
    assert (attend.seconds, attend.basis) == (1800, "clock")
    assert "TSG T5002-2017" in attend.source


def test_routine_requests_are_answered_before_sundown() -> None:
    sundown = {sla_class for sla_class in SLA_CLASSES if targets(sla_class, "routine")[0].sundown}
    # Danger is answered within the half hour whatever its urgency, which is sooner than sundown.
    assert sundown == set(SLA_CLASSES) - {"life_safety"}


def test_the_policy_has_a_version_and_default_switches() -> None:
    assert standard_policy().version == SHIPPED["version"] == policy.STANDARD_VERSION
    # A job that was reopened shows both figures: its new time, and the whole time since it was filed.
    assert standard_policy().switches == policy.Switches(reopening="both")


def test_a_policy_that_once_shipped_is_still_there_word_for_word() -> None:
    old = (policy.FOLDER / "2026-11-22.1.yaml").read_bytes()
    assert hashlib.sha256(old).hexdigest() == "d1342b3db377e77b393c34ce3b2496d45eb5660d4bea5c306dce7ca7fa2ecaa1"
    before = shipped("2026-11-22.1")
    assert before is not None
    assert before.table == standard_policy().table
    # What history was filed under knew no rules and no escalation, so its clocks stay the three they were.
    assert [target.kind for target in before.targets_for(request("lift-entrapment"))] == list(policy.ALWAYS_SAID)
    assert shipped("the-moon-1") is None


def request(code: str, *circumstances: str, urgency: str | None = None, day: date = date(2026, 12, 1)) -> Facts:
    """A request for an item as it would be filed, at the item's usual urgency unless another is named."""
    item = catalogue.load().get(code)
    return Facts(
        item.code, item.sla_class, item.work_type, item.need_level, urgency or item.urgency, COMMUNITY,
        frozenset(circumstances), day,
    )  # fmt: skip


def shortest(facts: Facts) -> dict[str, int]:
    """The least seconds of each kind that the standard policy asks for."""
    found: dict[str, int] = {}
    for target in standard_policy().targets_for(facts):
        seconds = target.seconds or (target.days or 0) * 86_400
        found[target.kind] = min(seconds, found.get(target.kind, seconds))
    return found


@pytest.mark.parametrize("code", ["water-outage", "power-outage", "heating-outage"])
@pytest.mark.parametrize("who", ["infant", "elderly_alone", "disability", "illness"])
def test_whoever_cannot_wait_without_water_power_or_heating_is_reached_sooner(code: str, who: str) -> None:
    assert shortest(request(code, who))["attend"] == 1800 < shortest(request(code))["attend"]
    assert shortest(request(code, "only_toilet"))["attend"] == shortest(request(code))["attend"]


def test_the_only_toilet_does_not_wait_for_its_turn() -> None:
    usual, only = shortest(request("bathroom-fixture")), shortest(request("bathroom-fixture", "only_toilet"))
    assert (only["attend"], only["resolve"]) == (3600, 86_400)
    assert usual["attend"] > only["attend"]


def test_danger_is_made_safe_and_somebody_calls_afterwards() -> None:
    found = shortest(request("live-wire"))
    assert (found["make_safe"], found["callback"]) == (3600, 86_400)
    assert "make_safe" not in shortest(request("door-window"))


def test_a_complaint_is_followed_by_a_call() -> None:
    assert shortest(request("complaint-conduct"))["callback"] == 3 * 86_400
    assert "callback" not in shortest(request("question-general"))


def test_targets_come_in_the_order_of_their_kinds_and_name_their_rule() -> None:
    found = standard_policy().targets_for(request("water-outage", "infant"))
    kinds = [target.kind for target in found]
    assert kinds == ["acknowledge", "attend", "attend", "resolve", "claim"]
    assert [target.rule for target in found if target.kind == "attend"] == ["standard", "vulnerable-without-supply"]


def test_an_unclaimed_emergency_is_told_to_the_dispatcher_then_to_the_manager() -> None:
    claim = standard_policy().targets_for(request("live-wire"))[-1]
    assert (claim.kind, claim.seconds, claim.basis, claim.pauses) == ("claim", 300, "clock", False)
    assert [round(part * claim.seconds) for part in claim.warn] == [120]
    assert standard_policy().escalated_to("emergency", 1) == "dispatcher"
    assert standard_policy().escalated_to("emergency", 0) == "manager"


def test_every_reason_to_wait_has_its_longest_pause() -> None:
    assert {reason: standard_policy().longest_pause(reason) for reason in lifecycle.WAITING_REASONS} == {
        "parts": 14 * 86_400,
        "access": 3 * 86_400,
        "resident_choice": 14 * 86_400,
        "third_party": 14 * 86_400,
        "weather": 3 * 86_400,
        "approval": 7 * 86_400,
    }
    assert standard_policy().longest_pause("lunch") is None


def test_a_level_is_attained_by_the_share_of_its_clocks_that_were_met() -> None:
    attainment = standard_policy().attainment
    assert [attainment[level] for level in catalogue.NEED_LEVELS] == [0.95, 0.95, 0.9, 0.9, 0.85]
    assert attainment.least_decided == 5


def test_reading_the_targets_of_a_request_is_quick_enough_for_every_filing() -> None:
    document = policy.standard_document()
    for code in ("cn_lift_city", "cn_heat_qingdao", "cn_1998", "uk_right_to_repair_1994", "hk_ha", "us_nyc_hpd"):
        document = with_pack(document, code)
    read, facts = read_policy(document), request("water-outage", "infant")
    assert min(timeit.repeat(lambda: read.targets_for(facts), number=100, repeat=5)) / 100 < 0.0002
