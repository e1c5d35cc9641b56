"""The shipped targets are complete and sensible, and a policy that is not is refused."""

import copy
import hashlib
import timeit
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets import catalogue, lifecycle
from services.tickets.sla import packs, policy
from services.tickets.sla.conditions import Facts
from services.tickets.sla.packs import with_pack
from services.tickets.sla.policy import (
    SLA_CLASSES,
    URGENCIES,
    Policy,
    read_policy,
    shipped,
    standard_policy,
)

SHIPPED = policy.standard_document()
targets = standard_policy().targets
PACK = packs.documents()["cn_12345"]
COMMUNITY = "0192f0c1-0000-7000-8000-000000000001"


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


@pytest.mark.parametrize(("urgency", "level"), [("emergency", 2), ("emergency", -1), ("whenever", 0)])
def test_a_step_that_is_not_in_the_chain_is_refused(urgency: str, level: int) -> None:
    with pytest.raises(ValueError, match=r"^(level|urgency): "):
        standard_policy().escalated_to(urgency, level)


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


def test_a_combination_nobody_planned_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no targets for 'standard' and urgency 'whenever'"):
        targets("standard", "whenever")


def changed(path: str, value: Any) -> dict[str, Any]:
    """The shipped policy with one place set, or taken out when the value is None."""
    data = copy.deepcopy(SHIPPED)
    *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
    place: Any = data
    for step in way:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("version", None, r"^version: expected text"),
        ("version", 7, r"^version: expected text"),
        ("clases", {}, r"^clases: a policy has no such field"),
        ("classes.complaint", None, r"^classes.complaint: the policy does not say"),
        ("classes.other", {}, r"^classes.other: known are"),
        ("classes.complaint.urgent", None, r"^classes.complaint.urgent: the policy does not say"),
        (
            "classes.complaint.urgent.attend",
            None,
            r"^classes.complaint.urgent.attend: the policy does not say",
        ),
        (
            "classes.complaint.urgent.attend.seconds",
            -1,
            r"^classes.complaint.urgent.attend.seconds: -1 is not",
        ),
        ("classes.complaint.urgent.attend.seconds", 0, r"seconds: 0 is not"),
        ("classes.complaint.urgent.attend.seconds", 1.5, r"seconds: 1.5 is not"),
        ("classes.complaint.urgent.attend.seconds", True, r"seconds: True is not"),
        ("classes.complaint.urgent.attend.seconds", None, r"seconds: None is not"),
        ("classes.complaint.urgent.attend.basis", "office", r"basis: 'office' is none of"),
        ("classes.complaint.urgent.attend.warn", [0.75, 0.5], r"warn: expected rising fractions"),
        ("classes.complaint.urgent.attend.warn", [1], r"warn: expected rising fractions"),
        ("classes.complaint.urgent.attend.warn", 0.75, r"warn: expected rising fractions"),
        ("classes.complaint.urgent.attend.sundown", "yes", r"sundown: it is true or false"),
        ("classes.internal.routine.resolve.sundown", True, r"sundown: .* in clock time"),
        ("classes.complaint.urgent.attend.source", 4, r"source: expected text"),
        ("classes.complaint.urgent.attend.colour", "red", r"colour: a target has no such field"),
        ("classes.complaint.urgent.attend", 60, r"attend: the target is missing"),
        ("switches.at_dusk", "met", r"^switches: known are"),
        ("switches.at_due", "perhaps", r"^switches.at_due: 'perhaps' is none of"),
        ("version", "x" * 101, r"^version: expected text of at most 100"),
        ("classes.complaint.urgent.attend.days", 3, r"attend.days: a target has seconds or days, not both"),
        ("classes.complaint.urgent.attend", {"days": 0, "basis": "clock"}, r"attend.days: 0 is not a whole number"),
        ("classes.complaint.urgent.attend", {"days": 1}, r"attend.basis: None is none of"),
        ("classes.complaint.urgent.attend.pauses", "no", r"attend.pauses: it is true or false"),
        ("classes.complaint.urgent.make_safe", {"seconds": -5, "basis": "clock"}, r"make_safe.seconds: -5 is not"),
        ("classes.complaint.urgent.claim", {"seconds": 5, "basis": "clock"}, r"urgent.claim: known are"),
        ("rules", {}, r"^rules: expected a list of rules"),
        ("rules.0", "rule", r"^rules\[0\]: expected an object"),
        ("rules.0.colour", "red", r"^rules\[0\].colour: a rule has no such field"),
        ("rules.0.code", "standard", r"^rules\[0\].code: 'standard' is the table's own name"),
        ("rules.0.code", "Big Words", r"^rules\[0\].code: 'Big Words' is not a code"),
        ("rules.1.code", "danger-made-safe-emergency", r"^rules: two rules are called"),
        ("rules.0.name", "Danger", r"^rules\[0\].name: expected a text for each of zh-CN, en"),
        ("rules.0.name.en", "", r"^rules\[0\].name.en: expected text"),
        ("rules.0.name.en", "nul \x00", r"^rules\[0\].name.en: the text holds a character that cannot be written"),
        ("rules.0.name.en", "half \ud83d", r"^rules\[0\].name.en: the text holds a character"),
        ("rules.0.source", 4, r"^rules\[0\].source: expected text"),
        ("rules.0.confidence", "certain", r"^rules\[0\].confidence: 'certain' is none of"),
        ("rules.0.targets", {}, r"^rules\[0\].targets: expected an object"),
        ("rules.0.targets.claim", {"seconds": 5, "basis": "clock"}, r"^rules\[0\].targets.claim: a rule has no such"),
        ("rules.0.targets.make_safe.seconds", -60, r"^rules\[0\].targets.make_safe.seconds: -60 is not"),
        ("rules.0.when", None, r"^rules\[0\].when: expected an object"),
        ("rules.1.when", SHIPPED["rules"][0]["when"], r"^rules: 'danger-made-safe-emergency' and 'danger-made-safe-u"),
        ("packs", "cn_12345", r"^packs: expected a list of packs"),
        ("packs", ["cn_12345"], r"^packs\[0\]: expected an object"),
        ("packs", [PACK, PACK], r"^packs: the pack 'cn_12345' is there twice"),
        ("packs", [PACK] * 41, r"^packs: more than 40 packs"),
        ("rules", [SHIPPED["rules"][0]] * 301, r"^rules: more than 300 rules"),
        ("pauses", [], r"^pauses: expected an object of reasons"),
        ("pauses.lunch", {"longest_seconds": 60}, r"^pauses.lunch: a job has no such field"),
        ("pauses.parts", 60, r"^pauses.parts: expected an object with longest_seconds"),
        ("pauses.parts.longest_seconds", 0, r"^pauses.parts.longest_seconds: 0 is not"),
        ("escalation.routine", None, r"^escalation.routine: the policy does not say"),
        ("escalation.routine", [], r"^escalation.routine: expected one to 5 steps"),
        ("escalation.routine.0", 60, r"^escalation.routine\[0\]: expected an object"),
        ("escalation.routine.0.seconds", -1, r"^escalation.routine\[0\].seconds: -1 is not"),
        ("escalation.routine.0.seconds", 99_999, r"^escalation.routine: each step comes later"),
        ("escalation.routine.0.basis", "lunar", r"^escalation.routine\[0\].basis: 'lunar' is none of"),
        ("escalation.routine.0.basis", "clock", r"^escalation.routine: the steps count the same hours"),
        ("escalation.routine.0.to", "resident", r"^escalation.routine\[0\].to: 'resident' is none of"),
        ("escalation.routine.0.to", "manager", r"^escalation.routine: the last step, and no other"),
        ("escalation.routine.1.to", "dispatcher", r"^escalation.routine: the last step, and no other"),
        ("escalation.routine.0.colour", "red", r"^escalation.routine\[0\].colour: a step has no such field"),
        ("attainment.esteem", None, r"^attainment.esteem: the policy does not say"),
        ("attainment.esteem", 1.5, r"^attainment.esteem: 1.5 is not a share"),
        ("attainment.esteem", 0.49, r"^attainment.esteem: 0.49 is not a share from 0.5 to 1"),
        ("attainment.esteem", True, r"^attainment.esteem: True is not a share"),
        ("attainment.least_decided", 0, r"^attainment.least_decided: 0 is not"),
        ("attainment.colour", 1, r"^attainment.colour: known are"),
    ],
)
def test_a_policy_with_a_hole_or_a_contradiction_is_refused(path: str, value: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_policy(changed(path, value))


@pytest.mark.parametrize("data", [None, [], "policy"])
def test_what_is_no_policy_at_all_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match="^policy: expected an object"):
        read_policy(data)


def test_a_policy_is_read_from_what_was_written() -> None:
    assert isinstance(read_policy(SHIPPED), Policy)
    assert read_policy(SHIPPED) == standard_policy()


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(data: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every place of a document."""
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [way, *(deeper for key, value in inside for deeper in places(value, (*way, key)))]


FULL = with_pack(policy.standard_document(), "uk_right_to_repair_1994")
PLACES = [way for way in places(FULL) if way]


@settings(max_examples=400, deadline=None)
@given(way=st.sampled_from(PLACES), junk=JUNK, extra=st.none() | st.text(max_size=12))
def test_whatever_somebody_writes_is_read_or_refused_with_the_name_of_a_field(
    way: tuple[Any, ...], junk: Any, extra: str | None
) -> None:
    data = copy.deepcopy(FULL)
    place: Any = data
    for step in way[:-1]:
        place = place[step]
    if extra is not None and isinstance(place, dict):
        place[extra] = junk
    else:
        place[way[-1]] = junk
    refused = ""
    try:
        read_policy(data)
    except ValueError as error:
        refused = str(error)
    assert not refused or ": " in refused


@settings(max_examples=100, deadline=None)
@given(JUNK)
def test_what_is_no_policy_is_refused_whatever_it_is(junk: Any) -> None:
    with pytest.raises(ValueError, match=": "):
        read_policy(junk)
