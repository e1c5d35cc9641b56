"""Policies that nobody could keep to are refused, each by the name of what is wrong."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.tickets.sla import packs, policy
from services.tickets.sla.packs import with_pack
from services.tickets.sla.policy import (
    Policy,
    read_policy,
    standard_policy,
)

SHIPPED = policy.standard_document()
targets = standard_policy().targets
PACK = packs.documents()["cn_12345"]


@pytest.mark.parametrize(("urgency", "level"), [("emergency", 2), ("emergency", -1), ("whenever", 0)])
def test_a_step_that_is_not_in_the_chain_is_refused(urgency: str, level: int) -> None:
    with pytest.raises(ValueError, match=r"^(level|urgency): "):
        standard_policy().escalated_to(urgency, level)


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
