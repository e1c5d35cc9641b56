"""An opinion campaign: every household asked once, one answer each, and managers' estimates before the result."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from scipy import stats

from services.kit.identity import Actor
from services.kit.testing import actor, bearer, fresh
from services.surveys import campaigns
from services.surveys.campaigns.planning import BATCH
from services.surveys.visiting import Night
from tests.surveys.campaigning import SAID, close, firm_without_campaigns
from tests.surveys.conftest import Desk
from tests.surveys.voices import Organisation


@pytest.fixture
def firm(desk: Desk, client: FlaskClient) -> Organisation:
    return firm_without_campaigns(desk, client)


@pytest.fixture
def manager(firm: Organisation) -> Actor:
    """Return a manager of all of it."""
    return firm.person("manager")


def test_every_household_is_asked_once_and_everybody_of_it_hears(firm: Organisation, manager: Actor) -> None:
    home, other = fresh(), fresh()
    couple = [firm.resident(home), firm.resident(home)]
    neighbour = firm.resident(other)
    firm.person("crew", community_ids=(firm.community_id,))
    firm.resident(communities=(fresh(),))
    planned = firm.campaign(manager)
    invited = firm.told("campaign.invited.v1")
    assert {one["requester_id"] for one in invited} == {couple[0].id, couple[1].id, neighbour.id}
    assert len(invited) == 3
    tokens = {one["unit_id"]: set() for one in invited}
    for one in invited:
        tokens[one["unit_id"]].add(one["link_token"])
    assert [len(of_home) for of_home in tokens.values()] == [1, 1]
    assert firm.ask() == 0
    seen = firm.get(manager, f"/campaigns/{planned['id']}").json
    assert (seen["state"], seen["households"], seen["unplaced"]) == ("open", 2, 0)


def test_a_home_is_placed_by_its_people_or_by_a_ticket_about_it_and_else_counted(
    firm: Organisation, manager: Actor
) -> None:
    elsewhere = fresh()
    both = (firm.community_id, elsewhere)
    placed, foreign, unknown, shared = (fresh() for _ in range(4))
    for unit in (placed, foreign, unknown, shared):
        firm.resident(unit, communities=both)
    firm.resident(shared, communities=(firm.community_id,))
    firm.desk.hear(firm.job(unit_id=placed).filed(), firm.job(unit_id=foreign, community_id=elsewhere).filed())
    planned = firm.campaign(manager)
    assert {one["unit_id"] for one in firm.told("campaign.invited.v1")} == {placed, shared}
    seen = firm.get(manager, f"/campaigns/{planned['id']}").json
    assert (seen["households"], seen["unplaced"]) == (2, 1)


def test_nobody_is_invited_at_night_nor_before_it_opens(firm: Organisation, manager: Actor) -> None:
    firm.resident()
    now = datetime.now(UTC)
    firm.campaign(manager, opens_at=(now + timedelta(hours=1)).isoformat())
    assert firm.told("campaign.invited.v1") == []
    local = (now + timedelta(hours=8)).time().replace(microsecond=0)
    here = Night(local.replace(minute=0, second=0), time((local.hour + 1) % 24))
    firm.planned(manager, timezone="Asia/Shanghai")
    assert firm.ask(here) == 0
    assert firm.ask() == 1


def test_a_large_community_is_invited_batch_by_batch_and_by_two_workers_once(
    firm: Organisation, manager: Actor
) -> None:
    people = [firm.resident() for _ in range(BATCH + 20)]
    assert firm.planned(manager).status_code == 201
    with firm.desk.engine.begin() as db:
        campaigns.open_due(db)
    with firm.desk.engine.begin() as one, firm.desk.engine.begin() as other:
        first = campaigns.invite_due(one, None, firm.desk.links.sign)
        second = campaigns.invite_due(other, None, firm.desk.links.sign)
    assert (first, second) == (BATCH, 20)
    assert sorted(one["requester_id"] for one in firm.told("campaign.invited.v1")) == sorted(p.id for p in people)


def test_the_report_counts_every_household_and_each_item_has_n_and_interval(firm: Organisation, manager: Actor) -> None:
    people = [firm.resident() for _ in range(5)]
    planned = firm.campaign(manager)
    path = f"/campaigns/{planned['id']}"
    empty = firm.get(manager, f"{path}/report").json
    assert empty["response"]["rate"]["value"] == 0
    assert all(item["value"] is None and item["n"] == 0 for item in empty["items"])
    for who, rating in zip(people, (5, 4, 2), strict=False):
        assert firm.post(who, f"{path}/answers", {"answers": {"satisfaction": rating}}).status_code == 201
    told = firm.get(manager, f"{path}/report").json
    response = told["response"]
    assert (response["households"], response["answered"], response["open"], response["silent"]) == (5, 3, 2, None)
    wilson = stats.binomtest(3, 5).proportion_ci(method="wilson")
    assert response["rate"]["interval"]["high"] == pytest.approx(wilson.high)
    items = {item["item"]: item for item in told["items"]}
    assert (items["satisfaction"]["value"], items["satisfaction"]["n"]) == (pytest.approx(2 / 3), 3)
    assert items["satisfaction"]["values"] == {"2": 1, "4": 1, "5": 1}
    assert items["recommend"]["value"] is None
    close(firm, planned["id"])
    closed = firm.get(manager, f"{path}/report").json["response"]
    assert (closed["open"], closed["silent"]) == (0, 2)


def test_managers_estimate_once_and_before_the_end(firm: Organisation, manager: Actor) -> None:
    who = firm.resident()
    planned = firm.campaign(manager)
    path = f"/campaigns/{planned['id']}"
    asked = firm.get(manager, path).json["to_estimate"]
    guess = {item["name"]: item["most"] for item in asked}
    assert {"urgent_repair_hours", "repair_importance", "reliability_expectation"} <= guess.keys()
    assert "reliability_perception" not in guess
    assert "satisfaction" not in guess
    part = firm.post(manager, f"{path}/estimates", {"answers": {"repair_importance": 5, "satisfaction": 5}})
    assert part.status_code == 422
    fields = {error["field"] for error in part.json["errors"]}
    assert {"answers.urgent_repair_hours", "answers.satisfaction"} <= fields
    assert firm.post(manager, f"{path}/estimates", {"answers": guess}).json["answers_before"] == 0
    assert firm.post(manager, f"{path}/estimates", {"answers": guess}).status_code == 409
    firm.post(who, f"{path}/answers", {"answers": SAID})
    late = firm.post(firm.person("manager"), f"{path}/estimates", {"answers": guess})
    assert (late.status_code, late.json["answers_before"]) == (201, 1)
    for role in ("resident", "crew", "dispatcher", "admin"):
        refused = firm.post(actor(role, organisation_id=firm.id), f"{path}/estimates", {"answers": guess})
        assert refused.status_code == 403, role
    close(firm, planned["id"])
    assert firm.post(firm.person("manager"), f"{path}/estimates", {"answers": guess}).status_code == 409


def test_comments_are_read_without_who_wrote_them(firm: Organisation, manager: Actor) -> None:
    people = [firm.resident() for _ in range(3)]
    planned = firm.campaign(manager)
    path = f"/campaigns/{planned['id']}"
    for number, who in enumerate(people):
        firm.post(who, f"{path}/answers", {"answers": {"comment": f"意见 {number}"}})
    first = firm.get(manager, f"{path}/comments?limit=2")
    rest = firm.client.get(first.headers["Link"].split(">")[0][1:], headers=bearer(manager))
    found = [one for page in (first, rest) for one in page.json["items"]]
    assert sorted(one["comment"] for one in found) == ["意见 0", "意见 1", "意见 2"]
    assert all(set(one) == {"comment"} for one in found)
    assert firm.get(people[0], f"{path}/comments").status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"community_id": "x"}, "community_id"),
        ({"question_set": "dreams"}, "question_set"),
        ({"question_set": "return_visit"}, "question_set"),
        ({"timezone": "Mars/Base"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"closes_at": "2026-01-01T00:00:00"}, "closes_at"),
        ({"closes_at": "2020-01-01T00:00:00Z"}, "closes_at"),
        ({"opens_at": "2120-01-01T00:00:00Z"}, "closes_at"),
        ({"closes_at": "9999-12-31T23:59:59-01:00"}, "closes_at"),
        ({"opens_at": "9999-12-31T23:00:00-14:00", "closes_at": "9999-12-31T23:59:59-14:00"}, "closes_at"),
        ({"opens_at": "0001-01-01T00:00:00+14:00", "closes_at": "0001-01-02T00:00:00+14:00"}, "closes_at"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_plan_that_cannot_be_carried_out_is_named(
    firm: Organisation, manager: Actor, changes: dict[str, Any], field: str
) -> None:
    refused = firm.planned(manager, **changes)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json["errors"]] == [field]


def test_a_manager_plans_and_sees_only_their_communities(firm: Organisation, manager: Actor) -> None:
    planned = firm.campaign(manager)
    elsewhere = firm.person("manager", community_ids=(fresh(),))
    assert firm.planned(elsewhere).status_code == 403
    for stranger in (elsewhere, actor("manager"), firm.resident(communities=(fresh(),))):
        assert firm.get(stranger, f"/campaigns/{planned['id']}").status_code == 404
        assert firm.get(stranger, "/campaigns").json["items"] == []
    for path in ("report", "comments"):
        assert firm.get(elsewhere, f"/campaigns/{planned['id']}/{path}").status_code == 404
    for role in ("resident", "crew", "dispatcher"):
        assert firm.planned(actor(role, organisation_id=firm.id)).status_code == 403


def test_campaigns_are_listed_page_by_page(firm: Organisation, manager: Actor) -> None:
    planned = [firm.planned(manager).json["id"] for _ in range(3)]
    first = firm.get(manager, f"/campaigns?limit=2&state=planned&community_id={firm.community_id}")
    rest = firm.client.get(first.headers["Link"].split(">")[0][1:], headers=bearer(manager))
    assert [one["id"] for page in (first, rest) for one in page.json["items"]] == planned[::-1]
    assert "Link" not in rest.headers
    assert firm.get(manager, "/campaigns?after=nonsense").status_code == 422
