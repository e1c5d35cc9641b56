"""What an admin keeps up to date: the organisation, names of spots, what other systems hear, and shifts that rotate."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]


def test_the_organisations_telephone_reaches_its_people(visit: Visit, person: People) -> None:
    page = visit("admin1", "/admin/organisation", lang="zh-CN")
    forgive(page, "status of 422")
    page.locator("#phone").fill("call us")
    page.locator("main form button").first.click()
    expect(page.locator("#phone-refused")).to_be_visible()
    expect(page.locator("#phone")).to_have_value("call us")
    page.locator("#phone").fill("0532-8888 1234")
    page.locator("#emergency_phone").fill("0532-8888 0000")
    page.locator("main form button").first.click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".rows li").first).to_contain_text("0532-8888 1234")
    fits(page)
    axe(page)
    screenshot(page, "admin-organisation")
    home = visit("resident1", "/my/me", lang="zh-CN")
    expect(home.locator("a[href='tel:0532-88881234']")).to_be_visible()
    fits(home)
    account = visit("crew1", "/account", lang="en")
    expect(account.locator("a[href='tel:0532-88880000']")).to_be_visible()
    assert person("resident1").get("/organisation")["phone"] == "0532-8888 1234"


def test_a_spot_is_named_otherwise_and_keeps_its_code(visit: Visit, person: People) -> None:
    admin = person("admin1")
    place = admin.get("/communities")["items"][0]["id"]
    made = admin.ask("POST", "/spots", {"community_id": place, "name": "东门岗亭", "kind": "gate", "shared": True}).ok()
    page = visit("admin1", f"/admin/places/{place}/spots", lang="en")
    row = page.locator("li", has_text="东门岗亭")
    row.locator("summary").click()
    row.locator("input[name=name]").fill("东大门")
    row.locator("input[name=name_en]").fill("East gate house")
    row.locator("select[name=kind]").select_option("door")
    row.locator("input[name=shared]").uncheck()
    row.locator("button", has_text="Save").click()
    expect(page.locator(".alert-success")).to_be_visible()
    now = admin.get(f"/spots/{made['id']}")
    assert (now["name"], now["kind"], now["shared"]) == ({"zh-CN": "东大门", "en": "East gate house"}, "door", False)
    assert now["url"] == made["url"]


def test_an_endpoint_hears_of_other_events(visit: Visit, person: People) -> None:
    admin = person("admin1")
    body = {"url": "https://example.org/desk", "event_types": ["ticket.filed.v1"]}
    made = admin.ask("POST", "/webhooks", body).ok()
    page = visit("admin1", f"/admin/webhooks/{made['id']}", lang="en")
    page.locator("details.panel summary").click()
    page.locator("details.panel label", has_text="ticket.completed.v1").click()
    page.locator("details.panel button", has_text="Save").click()
    expect(page.locator(".alert-success")).to_be_visible()
    assert set(admin.get(f"/webhooks/{made['id']}")["event_types"]) == {"ticket.filed.v1", "ticket.completed.v1"}
    axe(page)


def test_a_shift_every_fourth_day_and_one_on_a_single_date(visit: Visit, person: People) -> None:
    page = visit("manager1", "/admin/shifts/new", lang="en")
    community = page.locator("#community_id").input_value()
    page.locator("#first_on").fill("2031-03-03")
    page.locator("#often").select_option("days")
    page.locator("#every").fill("4")
    page.locator("main form button").click()
    expect(page.locator("main")).to_contain_text("every 4 days")
    page.goto(f"/admin/shifts/new?community={community}")
    page.locator("#first_on").fill("2031-03-04")
    page.locator("#often").select_option("once")
    page.locator("main form button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    rules = {
        one["first_on"]: one["rrule"]
        for one in person("manager1").get(f"/shifts?community_id={community}&limit=100")["items"]
    }
    assert rules["2031-03-03"] == "FREQ=DAILY;INTERVAL=4"
    assert rules["2031-03-04"] is None
    fits(page)
    axe(page)
