"""Whatever is asked, wherever and whenever: all of the chain hear of an unclaimed job before anybody is late."""

from datetime import UTC, date, datetime
from itertools import product

import pytest

from services.tickets import catalogue
from services.tickets.catalogue import URGENCIES, Item
from services.tickets.sla import packs
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import Event, compute
from services.tickets.sla.conditions import CIRCUMSTANCES, Facts
from services.tickets.sla.escalation import HALVED, RULE, VISITS, claim_targets, read_chain
from services.tickets.sla.policy import Policy, read_policy, standard_document, standard_policy
from services.tickets.sla.targets import Target

OPEN = Calendar.from_json(
    {
        "tz": "Asia/Shanghai",
        "hours": {day: [["08:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
    }
)
# A Tuesday morning, the last half hour of a Saturday, and the night before a Sunday.
MOMENTS = (
    datetime(2026, 11, 24, 1, 0, tzinfo=UTC), datetime(2026, 11, 28, 9, 30, tzinfo=UTC),
    datetime(2026, 11, 28, 15, 0, tzinfo=UTC),
)  # fmt: skip
QUICK = read_chain(
    "chain",
    [{"seconds": 120, "basis": "clock", "to": "dispatcher"}, {"seconds": 300, "basis": "clock", "to": "manager"}],
)
SLOW = read_chain(
    "chain",
    [
        {"seconds": 14400, "basis": "working", "to": "dispatcher"},
        {"seconds": 28800, "basis": "working", "to": "manager"},
    ],
)


def with_every_pack() -> Policy:
    """The standard policy with each pack that may stand beside the others."""
    document = standard_document()
    for code in packs.load():
        try:
            document = packs.with_pack(document, code)
        except ValueError:
            continue  # It is for another place than one that is there already.
    return read_policy(document)


def late_escalations(policy: Policy, item: Item, urgency: str, circumstances: frozenset[str]) -> list[str]:
    """What a request of this kind would have breach before the whole chain had heard."""
    facts = Facts(
        catalogue_code=item.code,
        sla_class=item.sla_class,
        work_type=item.work_type,
        need_level=item.need_level,
        urgency=urgency,
        community_id="桂花苑",
        circumstances=circumstances,
        filed_on=date(2026, 11, 28),
    )
    found = []
    for filed_at in MOMENTS:
        clocks = compute([Event("file", filed_at)], policy.targets_for(facts), OPEN, asof=filed_at)
        (claim,) = [clock for clock in clocks if clock.kind == "claim"]
        assert claim.due_at is not None
        assert len(claim.warnings_at) == len(policy.escalation[urgency]) - 1
        told = [*claim.warnings_at, claim.due_at]
        assert told == sorted(set(told)), "first the dispatcher, then the manager"
        found += [
            f"{item.code} {urgency} {sorted(circumstances)} at {filed_at}: {clock.kind} by {clock.rule}"
            for clock in clocks
            if clock.kind in VISITS and clock.due_at is not None and clock.due_at <= claim.due_at
        ]
    return found


@pytest.mark.parametrize("policy", [standard_policy(), with_every_pack()], ids=["standard", "every pack"])
@pytest.mark.parametrize("circumstances", [frozenset(), frozenset(CIRCUMSTANCES)], ids=["anybody", "everything"])
def test_the_whole_chain_hears_before_anybody_is_late(policy: Policy, circumstances: frozenset[str]) -> None:
    late = []
    for item, urgency in product(catalogue.load(), URGENCIES):
        late += late_escalations(policy, item, urgency, circumstances)
    assert late == []


def test_a_chain_that_is_quick_enough_stays_as_it_is() -> None:
    targets = claim_targets(
        QUICK, [Target("attend", 3600), Target("resolve", 60), Target("make_safe", 1800, "working")]
    )
    assert [(target.seconds, target.basis) for target in targets] == [(300, "clock")]


def test_somebody_needed_sooner_is_sought_sooner_by_the_same_steps() -> None:
    own, sooner = claim_targets(SLOW, [Target("attend", 86400), Target("make_safe", 3600)])
    assert (own.seconds, own.basis, own.warn) == (28800, "working", (0.5,))
    assert (sooner.seconds, sooner.basis, sooner.warn) == (1800, "clock", (0.5,))
    assert not sooner.pauses


def test_a_visit_in_days_counts_as_days() -> None:
    (_, in_a_day) = claim_targets(SLOW, [Target("attend", 0, days=1)])
    assert (in_a_day.seconds, in_a_day.basis) == (43200, "clock")
    assert len(claim_targets(SLOW, [Target("attend", 0, "working", days=1)])) == 1


def test_a_time_that_a_visit_cuts_short_names_the_visit_in_its_rule() -> None:
    attend, make_safe = Target("attend", 7200), Target("make_safe", 3600)
    said = [(one.seconds, one.rule) for one in claim_targets(SLOW, [attend, make_safe])]
    assert said == [(28800, RULE), (1800, HALVED["make_safe"])]
    assert claim_targets(QUICK, [attend])[0].rule == RULE
