"""A round with its checkpoints: walked without signal, with photos, and by the labels that the phone scans."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from services.kit import clock
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.e2e.phones import People, kept, lose_signal, picture
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)
# A phone that can read codes from pictures, which this browser cannot.
READER = """
window.BarcodeDetector = class {
  async detect(picture) { return picture.width ? [{ rawValue: "https://desk.example/q/CODE" }] : []; }
};
"""


def test_a_round_is_walked_without_signal(visit: Visit, person: People) -> None:
    ticket = a_round(person)
    page = visit("crew1", "/jobs")
    path = f"/jobs/{ticket['id']}"
    kept(page, path)
    lose_signal(page)
    page.goto(path)
    for act in ("depart", "arrive", "start"):
        page.click(f".next-act [data-next={act}]:not([hidden]) button")
    page.click("[data-point='1'] button[value=ok]")
    expect(page.locator("[data-point='1'] .point-state")).to_contain_text("正常")
    page.fill("#code-2", "PUMP-7")
    page.fill("#note-2", "阀门渗水")
    page.set_input_files("#photo-2", picture())
    page.click("[data-point='2'] button[value=failed]")
    expect(page.locator("[data-point='2'] .point-state")).to_contain_text("异常")
    fits(page)
    axe(page)
    screenshot(page, "crew-round")
    page.click("#completing summary")
    page.click("#completing form button")
    expect(page.locator(".site-navigation .count")).to_have_text("7")
    page.context.set_offline(False)
    until(lambda: person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "completed", "the round")
    points = person("dispatcher1").get(f"/tickets/{ticket['id']}/checkpoints")["items"]
    assert [point["result"] for point in points] == ["ok", "failed"]
    assert points[1]["repair_ticket_id"]
    shown = person("dispatcher1").get(f"/tickets/{ticket['id']}/photos")["items"]
    assert [points[1]["photo_id"]] == [one["id"] for one in shown]


def test_a_label_that_the_camera_opens_leads_to_its_checkpoint(visit: Visit, person: People) -> None:
    admin = person("admin1")
    place = {"community_id": admin.get("/communities")["items"][0]["id"], "name": "水泵房", "kind": "room"}
    code = admin.ask("POST", "/spots", place).ok()["code"]
    ticket = a_round(person, code)
    for verb in ("depart", "arrive"):
        person("crew1").step(ticket, verb).ok()
    page = visit("crew1", "/jobs")
    page.goto(f"/q/{code}")
    page.wait_for_url(f"**/jobs/{ticket['id']}?*")
    expect(page.locator("#point-2")).to_contain_text("您在此检查点")
    expect(page.locator("#point-2")).to_be_in_viewport()
    expect(page.locator("#code-2")).to_have_value(code)
    fits(page)
    axe(page)
    screenshot(page, "crew-round-scanned")
    page.click("#point-2 button[value=ok]")

    def result() -> Any:
        return person("dispatcher1").get(f"/tickets/{ticket['id']}/checkpoints")["items"][1]["result"]

    assert until(result, "the tick") == "ok"
    # What is looked at already is no longer asked for.
    expect(page.locator("#point-2 .point-state")).to_contain_text("正常")
    expect(page.locator("#point-2")).not_to_contain_text("您在此检查点")


def test_a_label_is_read_on_the_page_or_a_wrong_code_is_put_right(visit: Visit, person: People) -> None:
    ticket = a_round(person, "CODE")
    for verb in ("depart", "arrive"):
        person("crew1").step(ticket, verb).ok()
    page = visit("crew1", "/jobs")
    page.add_init_script(READER)
    page.goto(f"/jobs/{ticket['id']}")
    expect(page.locator("label[for=scan-2]")).to_be_visible()
    page.set_input_files("#scan-2", picture())
    expect(page.locator("#code-2")).to_have_value("CODE")
    page.fill("#code-2", "CODA")
    forgive(page, "status of 422")
    page.click("#point-2 button[value=ok]")
    refused = page.locator("#refusals .refused")
    refused.locator("[data-choice=edit]").click()
    refused.locator("input[name=code]").fill("code")
    refused.locator("form button").click()
    expect(refused).to_have_count(0)
    expect(page.locator("#point-2 .point-state")).to_contain_text("正常")


def a_round(person: People, code: str = "PUMP-7") -> dict[str, Any]:
    """Plan a round that is due now, and let the crew claim its ticket."""
    desk = person("dispatcher1")
    plan = desk.ask(
        "POST",
        "/plans",
        {
            "kind": "patrol_round",
            "title": "水泵房巡查",
            "description": "逐点检查。",
            "catalogue_code": "patrol",
            "community_id": desk.get("/communities")["items"][0]["id"],
            "location": "园区",
            "rrule": "FREQ=DAILY;COUNT=1",
            "starts_at": (clock.now() + timedelta(minutes=30)).isoformat(),
            "lead_hours": 1,
            "checkpoints": [{"name": "东门", "instruction": "看门锁"}, {"name": "水泵房", "code": code}],
        },
    ).ok()

    def filed() -> Any:
        items = desk.get(f"/plans/{plan['id']}/occurrences")["items"]
        return next((one["ticket_id"] for one in items if one.get("ticket_id")), None)

    ticket = {"id": until(filed, "the round's ticket", 90.0)}
    person("crew1").step(ticket, "claim").ok()
    return ticket
