"""A community is asked for its opinion: planned by a manager, told to every household, answered from a link."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from click.testing import CliRunner
from story_people import Desk, Person

from doorstep.cli import main
from tests.waiting import until


def plan(manager: Person, community_id: str) -> dict[str, Any]:
    """Plan a campaign that opens at once."""
    body = {
        "name": "业主意见征集",
        "community_id": community_id,
        "closes_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
    }
    planned: dict[str, Any] = manager.ask("POST", "/campaigns", body).ok()
    return planned


def told(resident: Person, campaign: dict[str, Any]) -> str:
    """Wait until a resident hears of a campaign, and return the link's token."""

    def look() -> list[str]:
        tokens = [
            notice["data"]["opinion_token"]
            for notice in resident.get("/notices?limit=100")["items"]
            if notice["kind"] == "campaign.invited"
        ]
        return [token for token in tokens if resident.get(f"/opinions/{token}")["campaign_id"] == campaign["id"]]

    return until(look, f"the invitation of {resident.login}")[0]


def test_every_household_is_asked_and_what_it_says_comes_out_in_the_report(
    desk: Desk, person: Callable[[str], Person]
) -> None:
    manager, resident = person("manager1"), person("resident1")
    community = resident.get("/units")["items"][0]["community"]["id"]
    campaign = plan(manager, community)
    token = told(resident, campaign)
    page = desk.http.request("GET", f"{desk.stack.url}/o/{token}", headers={"Accept-Language": "zh-CN"})
    assert page.status == 200
    assert "业主意见征集" in page.data.decode()
    form = desk.http.request(
        "POST", f"{desk.stack.url}/o/{token}", fields={"scale:satisfaction": "4"}, encode_multipart=False
    )
    assert form.status == 200
    assert resident.get(f"/opinions/{token}")["state"] == "answered"
    assert resident.ask("POST", f"/opinions/{token}", {"answers": {"satisfaction": 1}}).status == 409
    report = manager.get(f"/campaigns/{campaign['id']}/report")
    assert report["response"]["answered"] == 1
    assert report["response"]["households"] >= 2
    (satisfaction,) = [item for item in report["items"] if item["item"] == "satisfaction"]
    assert (satisfaction["value"], satisfaction["n"]) == (1.0, 1)
    assert person("other-resident1").ask("GET", f"/campaigns/{campaign['id']}").status == 404
    for name in ("satisfaction", "gaps", "recovery"):
        manager.get(f"/reports/{name}?community_id={community}")


def test_accounts_are_announced_again_and_nothing_is_asked_twice(desk: Desk, person: Callable[[str], Person]) -> None:
    manager, resident = person("manager1"), person("resident2")
    campaign = plan(manager, resident.get("/units")["items"][0]["community"]["id"])
    told(resident, campaign)
    asked = manager.get(f"/campaigns/{campaign['id']}")["households"]
    done = CliRunner().invoke(main, ["announce-accounts"], env={"DOORSTEP_HOME": str(desk.stack.home)})
    assert done.exit_code == 0, done.output
    assert "accounts announced" in done.output
    assert manager.get(f"/campaigns/{campaign['id']}/report")["response"]["households"] == asked
