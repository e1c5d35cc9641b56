"""How a household answers a campaign: once, by link or in the app, and by nobody else's."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, insert, select, text
from sqlalchemy.exc import ProgrammingError

from services.kit.database import set_scope
from services.kit.identity import Actor, system_actor
from services.kit.testing import fresh
from services.surveys.models import campaign_answers, campaign_households
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


def link_of(firm: Organisation, who: Actor) -> str:
    """Return the link that somebody was sent."""
    return next(one["link_token"] for one in firm.told("campaign.invited.v1") if one["requester_id"] == who.id)


def test_a_household_answers_by_link_once(firm: Organisation, manager: Actor) -> None:
    who = firm.resident()
    firm.campaign(manager)
    path = f"/api/v1/opinions/{link_of(firm, who)}"
    seen = firm.client.get(path, headers={"Accept-Language": "zh-CN"})
    assert (seen.json["state"], seen.json["language"]) == ("open", "zh-CN")
    assert {"urgent_repair_hours", "reliability_expectation"} <= {one["name"] for one in seen.json["questions"]}
    first = firm.client.post(path, json={"answers": SAID}, headers={"Idempotency-Key": '"a"'})
    again = firm.client.post(path, json={"answers": SAID}, headers={"Idempotency-Key": '"a"'})
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "电梯" not in first.get_data(as_text=True)
    second = firm.client.post(path, json={"answers": SAID})
    assert (second.status_code, second.json["state"]) == (409, "answered")
    over = firm.client.get(path)
    assert (over.json["state"], over.json["questions"]) == ("answered", [])


def test_of_a_couple_answering_at_once_one_answer_counts(firm: Organisation, manager: Actor) -> None:
    home = fresh()
    couple = [firm.resident(home), firm.resident(home)]
    planned = firm.campaign(manager)
    path = f"/campaigns/{planned['id']}/answers"

    def answer(who: Actor) -> int:
        other = Organisation(firm.desk, firm.client.application.test_client(), firm.id)
        return other.post(who, path, {"answers": SAID}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(answer, couple * 4))
    assert sorted(codes) == [201] + [409] * 7
    with firm.desk.engine.begin() as db:
        mine = select(func.count()).where(campaign_answers.c.campaign_id == planned["id"])
        assert db.execute(mine).scalar_one() == 1


def test_a_resident_answers_in_the_app_for_the_home_they_mean(firm: Organisation, manager: Actor) -> None:
    first, second = fresh(), fresh()
    who = firm.resident(first, second)
    planned = firm.campaign(manager)
    listed = firm.get(who, "/campaigns").json["items"]
    assert [one["id"] for one in listed] == [planned["id"]]
    assert {one["unit_id"] for one in listed[0]["homes"]} == {first, second}
    assert listed[0]["questions"]
    assert listed[0]["to_estimate"] == []
    path = f"/campaigns/{planned['id']}/answers"
    unclear = firm.post(who, path, {"answers": SAID})
    assert unclear.status_code == 422
    assert unclear.json["errors"][0]["field"] == "unit_id"
    receipt = firm.post(who, path, {"answers": SAID, "unit_id": first})
    assert (receipt.status_code, receipt.json["unit_id"]) == (201, first)
    assert firm.post(who, path, {"answers": SAID, "unit_id": fresh()}).status_code == 404
    assert firm.post(firm.resident(), path, {"answers": SAID}).status_code == 404
    assert firm.post(manager, path, {"answers": SAID}).status_code == 403


@pytest.mark.parametrize(
    ("answers", "fields"),
    [
        ({"satisfaction": 6}, ["answers.satisfaction"]),
        ({"satisfaction": "5", "recommend": 11}, ["answers.recommend", "answers.satisfaction"]),
        ({"satisfaction": 4.5}, ["answers.satisfaction.value"]),
        ({"satisfaction": True}, ["answers.satisfaction"]),
        ({"weather": 5}, ["answers.weather"]),
        ({}, ["answers"]),
        ({"satisfaction": None}, ["answers"]),
        ({"comment": " "}, ["answers"]),
        ({"comment": "a\x00b"}, ["answers.comment.value"]),
        ({"urgent_repair_hours": 0}, ["answers.urgent_repair_hours"]),
        (None, ["answers"]),
        ([1], ["answers"]),
    ],
)
def test_an_answer_that_cannot_be_taken_is_named_and_leaves_the_household_unasked(
    firm: Organisation, manager: Actor, answers: Any, fields: list[str]
) -> None:
    who = firm.resident()
    firm.campaign(manager)
    path = f"/api/v1/opinions/{link_of(firm, who)}"
    refused = firm.client.post(path, json={"answers": answers})
    assert refused.status_code == 422, refused.json
    assert sorted(error["field"] for error in refused.json["errors"]) == fields
    assert firm.client.post(path, json={"answers": SAID}).status_code == 201


def test_forged_foreign_and_late_links_are_refused(firm: Organisation, manager: Actor) -> None:
    who = firm.resident()
    planned = firm.campaign(manager)
    token = link_of(firm, who)
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "x", token.replace(".", "")):
        assert firm.client.get(f"/api/v1/opinions/{wrong}").status_code == 404
    assert firm.client.get(f"/api/v1/surveys/{token}").status_code == 404
    close(firm, planned["id"])
    late = firm.client.post(f"/api/v1/opinions/{token}", json={"answers": SAID})
    assert (late.status_code, late.json["state"]) == (409, "closed")
    assert firm.client.get(f"/api/v1/opinions/{token}").json["state"] == "closed"


def test_answers_are_as_the_document_says(firm: Organisation, manager: Actor) -> None:
    who = firm.resident()
    planned = firm.campaign(manager)
    document = firm.client.get("/openapi.json").json
    token = link_of(firm, who)
    told = {
        "CampaignOut": firm.get(manager, f"/campaigns/{planned['id']}"),
        "Campaigns": firm.get(who, "/campaigns"),
        "OpinionOut": firm.client.get(f"/api/v1/opinions/{token}"),
        "OpinionReceipt": firm.client.post(f"/api/v1/opinions/{token}", json={"answers": SAID}),
        "CampaignReport": firm.get(manager, f"/campaigns/{planned['id']}/report"),
        "Comments": firm.get(manager, f"/campaigns/{planned['id']}/comments"),
    }
    for name, answer in told.items():
        assert answer.status_code < 300
        shape = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema.validate(answer.json, shape)


def test_the_database_keeps_households_apart(firm: Organisation, manager: Actor, web: Engine) -> None:
    who, neighbour = firm.resident(), firm.resident()
    planned = firm.campaign(manager)
    third = firm.resident()
    firm.post(neighbour, f"/campaigns/{planned['id']}/answers", {"answers": SAID})
    assert firm.get(third, f"/campaigns/{planned['id']}").status_code == 404
    tables = ("campaign_households", "campaign_answers", "campaign_answer_items", "campaign_estimates")
    with web.begin() as db:
        for table in (*tables, "campaigns"):
            assert db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0, "without a scope"
    with web.begin() as db:
        set_scope(db, who)
        assert db.execute(select(campaign_households.c.unit_id)).scalars().all() == list(who.unit_ids)
        assert [db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables] == [1, 0, 0, 0]
        changed = db.execute(
            campaign_households.update()
            .where(campaign_households.c.unit_id == neighbour.unit_ids[0])
            .values(answered_at=func.now())
        )
        assert changed.rowcount == 0
    for stranger in (who, replace(system_actor(firm.id), id=fresh()), manager):
        with pytest.raises(ProgrammingError):
            forge(web, stranger, home_of(firm, neighbour), planned["id"])


def home_of(firm: Organisation, who: Actor) -> str:
    """Return the household of somebody in a campaign."""
    return next(one["household_id"] for one in firm.told("campaign.invited.v1") if one["requester_id"] == who.id)


def forge(web: Engine, stranger: Actor, household_id: str, campaign_id: str) -> None:
    """Write an answer for a household, past every command."""
    row = {"household_id": household_id, "campaign_id": campaign_id, "organisation_id": stranger.organisation_id}
    with web.begin() as db:
        set_scope(db, stranger)
        db.execute(insert(campaign_answers).inline().values(**row, channel="link", answered_at=datetime.now(UTC)))
