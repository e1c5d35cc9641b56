"""The water goes: everybody concerned hears of it, two households report it, and one job puts it right for both."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from story_people import Person

from tests.waiting import until


def notice_of(resident: Person, kind: str, announcement_id: str) -> dict[str, Any]:
    """Wait until a resident hears of an announcement."""

    def look() -> list[dict[str, Any]]:
        listed = resident.get("/notices?limit=100")["items"]
        return [one for one in listed if (one["kind"], one["data"].get("announcement_id")) == (kind, announcement_id)]

    return until(look, f"{kind} for {resident.login}")[0]


def test_an_outage_is_announced_reported_joined_and_put_right(person: Callable[[str], Person]) -> None:
    dispatcher, manager, crew = person("dispatcher1"), person("manager1"), person("crew1")
    residents = [person("resident1"), person("resident2")]
    home = residents[0].get("/units")["items"][0]
    body = {
        "community_id": home["community"]["id"],
        "kind": "water_outage",
        "planned": False,
        "starts_at": datetime.now(UTC).isoformat(),
        "title_zh": "突发停水",
        "body_zh": "主管道爆裂，正在抢修。",
        "title_en": "The water is off",
        "body_en": "A main has burst and is being repaired.",
    }
    made = dispatcher.ask("POST", "/announcements", body).ok()
    path = f"/announcements/{made['id']}"
    view = dispatcher.ask("POST", f"{path}/publish", {}).ok()
    assert view["ticket_id"]

    # Both hear of it; one reads the notice, the other the announcement itself.
    notices = [notice_of(one, "announcement.published", made["id"]) for one in residents]
    assert notices[0]["link"].endswith(path)
    residents[0].ask("POST", f"/notices/{notices[0]['id']}/read").ok()
    until(lambda: residents[0].get(path)["is_read"], "the notice read to count")
    assert residents[1].ask("POST", f"{path}/read", {}).ok()["title_zh"] == "突发停水"
    counted = dispatcher.get(f"{path}/readers")
    theirs = [unit for one in residents for unit in one.get("/units")["items"]]
    homes = {unit["id"] for unit in theirs if unit["community"]["id"] == home["community"]["id"]}
    assert counted["read"] == len(homes)

    # Both report it, are shown that it is known, and are added to the one job.
    reports = []
    for one in residents:
        found = one.ask("POST", "/triage", {"text": "家里没水了"}).ok()["similar"]
        assert found[0]["announcement_id"] == made["id"]
        filed = one.ask("POST", "/tickets", {"description": "家里没水了", "join": found[0]["ticket_id"]}).ok()
        assert filed["joined_to"] == view["ticket_id"]
        reports.append(filed)
    assert dispatcher.get(path)["joined"] == 2
    for verb in ("claim", "depart", "arrive", "start", "complete"):
        crew.ask("POST", f"/tickets/{view['ticket_id']}/{verb}", {}).ok()
    dispatcher.ask("POST", f"{path}/restore", {}).ok()
    for one, report in zip(residents, reports, strict=True):
        assert one.get(f"/tickets/{report['id']}")["status"] == "completed"
        notice_of(one, "announcement.restored", made["id"])
        told = {entry["kind"] for entry in one.get("/notices?limit=100")["items"] if entry["ticket_id"] == report["id"]}
        assert {"ticket.filed", "ticket.joined", "ticket.departed", "ticket.completed"} <= told

    # Each is asked for itself: solved for one, and not for the other, whose request alone is opened again.
    assert residents[0].ask("POST", f"/tickets/{reports[0]['id']}/confirm", {}).ok()["status"] == "confirmed"
    again = residents[1].ask("POST", f"/tickets/{reports[1]['id']}/reopen", {"reason": "我家还没水"}).ok()
    assert (again["status"], again["joined_to"]) == ("reopened", None)
    assert crew.get(f"/tickets/{view['ticket_id']}")["status"] == "completed"
    crews = [one for one in crew.get("/notices?limit=100")["items"] if one["ticket_id"] == reports[0]["id"]]
    assert crews == [], "the crew has one job, not three"
    assert manager.get("/reports/announcements")["total"]["published"] >= 1


def test_a_planned_outage_is_scheduled_and_published_by_itself(person: Callable[[str], Person]) -> None:
    dispatcher, resident = person("dispatcher1"), person("resident1")
    now = datetime.now(UTC)
    body = {
        "community_id": resident.get("/units")["items"][0]["community"]["id"],
        "kind": "lift_out_of_service",
        "unit_ids": [resident.get("/units")["items"][0]["id"]],
        "starts_at": (now + timedelta(days=3)).isoformat(),
        "ends_at": (now + timedelta(days=3, hours=2)).isoformat(),
        "title_zh": "电梯年检",
        "body_zh": "年检期间电梯停运两小时。",
    }
    made = dispatcher.ask("POST", "/announcements", body).ok()
    at = (datetime.now(UTC) + timedelta(seconds=3)).isoformat()
    planned = dispatcher.ask("POST", f"/announcements/{made['id']}/publish", {"publish_at": at}).ok()
    assert planned["state"] == "scheduled"
    assert resident.ask("GET", f"/announcements/{made['id']}").status == 404
    notice_of(resident, "announcement.published", made["id"])
    seen = resident.get(f"/announcements/{made['id']}")
    assert (seen["state"], seen["units"][0]["id"]) == ("published", body["unit_ids"][0])
