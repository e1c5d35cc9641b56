"""The shipped targets are complete and sensible, and a policy that is not is refused."""

import copy
from typing import Any

import pytest

from services.tickets.sla import policy
from services.tickets.sla.policy import SLA_CLASSES, URGENCIES, Policy, read_policy, standard_policy, targets

SHIPPED = policy.standard_document()


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
    assert standard_policy().version == SHIPPED["version"]
    assert standard_policy().switches == policy.Switches()


def test_a_combination_nobody_planned_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no targets for 'standard' and urgency 'whenever'"):
        targets("standard", "whenever")


def changed(path: str, value: Any) -> dict[str, Any]:
    """The shipped policy with one place set, or taken out when the value is None."""
    data = copy.deepcopy(SHIPPED)
    *way, last = path.split(".")
    place = data
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
        ("version", None, r"^version: a policy needs one"),
        ("version", 7, r"^version: a policy needs one"),
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
