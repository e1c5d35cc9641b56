"""What a phone shows as possible without signal is what the desk's own table of steps allows."""

import pytest

from gateway.web.crew.steps import ACTS, ADDRESSES, CASE, CASE_LEADS_TO, GIVES_AWAY, HOLDING, LEADS_TO, NEXT, next_step
from services.tickets import lifecycle
from services.tickets.complaints import steps as complaint_steps
from tests.gateway.conftest import FakeService

# Taking checkpoints off, and which step of a complaint comes next, are asked of the desk itself.
OFFERED = frozenset(ACTS)


@pytest.mark.parametrize("status", [*lifecycle.HELD, "completed"])
def test_whoever_holds_a_job_is_offered_what_the_desk_allows(status: str) -> None:
    allowed = lifecycle.allowed(status, "crew", is_owner=True, in_household=False)
    assert set(HOLDING[status]) == set(allowed) & OFFERED


def test_each_step_leads_where_the_desk_says() -> None:
    rules = {rule.action: rule.target for rule in lifecycle.RULES if rule.role == "crew"}
    for act in ACTS:
        if act not in GIVES_AWAY:
            assert LEADS_TO.get(act) == rules[act], act


def test_the_steps_of_a_complaint_are_those_the_desk_gives_to_a_crew() -> None:
    assert set(CASE) == {rule.action for rule in complaint_steps.RULES if "crew" in rule.roles}
    assert set(CASE).isdisjoint(ACTS)
    # What settles it completes the job; all other steps leave it as it is.
    settling = {rule.action for rule in complaint_steps.RULES if rule.target in ("settled", "replied")}
    assert dict.fromkeys(settling, "completed") == CASE_LEADS_TO


def test_the_step_that_comes_next_is_one_that_is_allowed() -> None:
    for status, act in NEXT.items():
        owner = status not in lifecycle.POOL
        assert act in lifecycle.allowed(status, "crew", is_owner=owner, in_household=False)
    assert next_step("reopened", ["claim"]) == "claim"
    assert next_step("completed", ["comment"]) is None


def test_every_address_is_one_of_the_desk(services: dict[str, FakeService]) -> None:
    assert set(ADDRESSES) < set(ACTS)
    assert "tickets" in services
