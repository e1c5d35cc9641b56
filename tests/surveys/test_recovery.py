"""The recovery balance: twelve good services for a bad one, by what each household itself said."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.kit.identity import Actor
from services.kit.testing import actor, bearer, fresh
from tests.surveys.conftest import Desk
from tests.surveys.voices import Organisation

GOOD, BAD, NEITHER = (
    {"solved": True, "satisfaction": 5},
    {"solved": False, "satisfaction": 4},
    {"solved": True, "satisfaction": 3},
)


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    """Return an organisation of its own."""
    return Organisation(desk, client)


@pytest.fixture
def dispatcher(firm: Organisation) -> Actor:
    """Return a dispatcher of all of it."""
    return firm.person("dispatcher")


def tells(firm: Organisation, unit: str, *said: dict[str, Any] | None) -> None:
    for one in said:
        firm.visited(firm.job(unit_id=unit), one)


def balances(firm: Organisation, who: Actor, query: str = "") -> dict[str, dict[str, Any]]:
    answer = firm.get(who, f"/reports/recovery{query}")
    assert answer.status_code == 200, answer.json
    return {one["unit_id"]: one for one in answer.json["items"]}


def by_hand(said: list[dict[str, Any]]) -> int:
    """Walk through what was said, one after the other."""
    owed = 0
    for one in said:
        owed = owed + 12 if one is BAD else max(0, owed - 1) if one is GOOD else owed
    return owed


def test_a_bad_service_is_made_up_for_by_twelve_good_ones_after_it(firm: Organisation, dispatcher: Actor) -> None:
    unit = fresh()
    tells(firm, unit, GOOD, GOOD, BAD)
    assert balances(firm, dispatcher)[unit]["owed"] == 12
    tells(firm, unit, GOOD, None, NEITHER)
    found = balances(firm, dispatcher)[unit]
    assert (found["good"], found["bad"], found["neither"], found["owed"]) == (3, 1, 1, 11)
    assert found["last_bad_at"]
    assert set(found) == {
        "unit_id", "community_id", "good", "bad", "neither", "owed", "last_bad_at", "behind",
    }  # fmt: skip


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.lists(st.sampled_from([GOOD, GOOD, BAD, NEITHER]), min_size=1, max_size=14))
def test_the_balance_is_what_a_walk_through_the_answers_gives(
    firm: Organisation, dispatcher: Actor, said: list[dict[str, Any]]
) -> None:
    unit = fresh()
    tells(firm, unit, *said)
    assert balances(firm, dispatcher, "?limit=100")[unit]["owed"] == by_hand(said)


def test_those_owed_most_come_first_page_by_page(firm: Organisation, dispatcher: Actor) -> None:
    one, two, none, silent = (fresh() for _ in range(4))
    tells(firm, one, BAD)
    tells(firm, two, BAD, BAD)
    tells(firm, none, GOOD)
    tells(firm, silent, None)
    first = firm.get(dispatcher, "/reports/recovery?limit=2")
    rest = firm.client.get(first.headers["Link"].split(">")[0][1:], headers=bearer(dispatcher))
    found = [(item["unit_id"], item["owed"]) for page in (first, rest) for item in page.json["items"]]
    assert found == [(two, 24), (one, 12), (none, 0)]
    assert "Link" not in rest.headers
    assert first.json["estimate"]["kind"] == "estimate"
    assert firm.get(dispatcher, "/reports/recovery?after=nonsense").status_code == 422


def test_only_staff_of_the_community_see_it_and_never_a_crew(firm: Organisation, dispatcher: Actor) -> None:
    unit = fresh()
    tells(firm, unit, BAD)
    assert unit in balances(firm, dispatcher)
    assert balances(firm, firm.person("dispatcher", community_ids=(fresh(),))) == {}
    assert balances(firm, actor("manager")) == {}
    for role in ("resident", "crew"):
        assert firm.get(actor(role, organisation_id=firm.id), "/reports/recovery").status_code == 403
