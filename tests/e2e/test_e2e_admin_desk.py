"""Codes that open the right place, a change of the catalogue that is looked at first, shifts, places, and secrets."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from services.kit.testing import fresh
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Desk, Person

pytestmark = pytest.mark.timeout(400)


def test_a_printed_code_opens_its_place(visit: Visit, desk: Desk, person: Callable[[str], Person]) -> None:
    admin = person("admin1")
    community = admin.get("/communities")["items"][0]["id"]
    building = admin.get(f"/communities/{community}/buildings")["items"][0]
    name = f"电梯 {fresh()[-6:]}"
    page = visit("admin1", f"/admin/places/{community}/spots?building_id={building['id']}", lang="zh-CN")
    page.fill("#name", name)
    page.fill("#name_en", "Lift")
    page.select_option("#kind", "lift")
    page.click("section.panel button")
    expect(page.locator(".alert-success")).to_contain_text("已添加")
    page.goto(f"/admin/places/{community}/sheet?building_id={building['id']}")
    sheet = page.locator("article.sheet", has_text=name)
    expect(sheet.locator("svg")).to_have_count(1)
    fits(page)
    axe(page)
    screenshot(page, "spot-sheet-zh-CN-360")
    page.emulate_media(media="print")
    expect(page.locator(".site-header")).to_be_hidden()
    expect(page.locator("h1")).to_be_hidden()
    expect(sheet).to_be_visible()

    address = sheet.locator(".address").inner_text().strip()
    assert address.startswith(desk.stack.url)
    code = address.rpartition("/")[2]
    answer = page.request.get(f"{desk.stack.url}/api/v1/q/{code}")
    assert (answer.json()["name"]["zh-CN"], answer.json()["building"]) == (name, building["name"])

    page.emulate_media(media="screen")
    page.goto(f"/admin/places/{community}/spots?building_id={building['id']}")
    row = page.locator(".rows li", has_text=name)
    row.locator("summary").click()
    row.locator("button", has_text="更换二维码").click()
    expect(page.locator(".alert-success")).to_contain_text("已更换")
    assert page.request.get(f"{desk.stack.url}/api/v1/q/{code}").status == 404


@pytest.mark.parametrize("login", ["admin1", "manager1"])
def test_a_change_of_the_catalogue_is_looked_at_and_published(
    visit: Visit, person: Callable[[str], Person], login: str
) -> None:
    word = f"噗噗{fresh()[-5:]}"
    person("resident2").file(f"家里{word}了")
    page = visit(login, "/admin/catalogue", lang="en", width=1280)
    page.fill("#q", "lamp")
    page.click("text=Look for >> nth=-1")
    page.goto("/admin/catalogue/items/repair-general")
    words = page.input_value("#words")
    before = page.input_value("#urgency")
    after = "urgent" if before == "routine" else "routine"
    page.fill("#words", f"{words}\n{word}")
    page.select_option("#urgency", after)
    page.fill("#texts", f"家里{word}了，来看看")
    page.click("text=Look at what would change")
    moved = page.locator("#texts td.moved")
    expect(page.locator("#looked")).to_contain_text("Nothing is written yet")
    expect(moved).to_contain_text("General repair")
    assert page.input_value("textarea[name=words]").endswith(word)
    axe(page)
    screenshot(page, f"catalogue-preview-{login}-en-1280")
    # The one that is open keeps what it was filed with.
    page.fill("#reason", "Residents call it that here.")
    page.click("text=Publish")
    expect(page.locator(".alert-success")).to_contain_text("published")
    item = next(one for one in person(login).get("/catalogue")["items"] if one["code"] == "repair-general")
    assert item["urgency"] == after
    assert word in item["words"]
    page.goto("/admin/catalogue/versions")
    expect(page.locator(".timeline")).to_contain_text("Residents call it that here.")


def test_an_item_of_ones_own(visit: Visit) -> None:
    page = visit("admin1", "/admin/catalogue/new", lang="en")
    forgive(page, "status of 422")
    code = f"own-piano-{fresh()[-5:]}"
    page.fill("#code", "piano")
    page.fill("#zh", "钢琴调音")
    page.fill("#en", "Piano tuning")
    page.check("input[name=skills][value=carpentry]")
    page.click("text=Look at what would change")
    expect(page.locator(".is-invalid, #refused").first).to_be_visible()
    page.fill("#code", code)
    page.fill("#words", f"钢琴{code}")
    page.click("text=Look at what would change")
    expect(page.locator("#looked")).to_contain_text("Piano tuning")
    fits(page)
    axe(page)
    page.fill("#reason", "Asked for often.")
    page.click("text=Publish")
    expect(page.locator(".alert-success")).to_contain_text("published")


def test_a_week_of_shifts(visit: Visit) -> None:
    page = visit("manager1", "/admin/shifts", lang="en", width=1280)
    page.click("text=Add a shift")
    page.fill("#begins", "22:00")
    page.fill("#ends", "06:00")
    page.click("main form button")
    expect(page.locator(".alert-success")).to_contain_text("added")
    axe(page)
    screenshot(page, "shifts-en-1280")
    page.click("text=The week after")
    expect(page.locator(".week li", has_text="22:00–06:00")).to_have_count(5)
    page.locator(".week li a", has_text="22:00–06:00").first.click()
    since = page.input_value("#first_on")
    page.fill("#since", since)
    page.click("text=Save the days")
    expect(page.locator(".alert-success")).to_contain_text("changed")
    page.check("input[name=days][value=SU]")
    page.click("text=Save >> nth=0")
    expect(page.locator(".alert-success")).to_contain_text("changed")
    page.click("text=The week after")
    expect(page.locator(".week li", has_text="22:00–06:00")).to_have_count(6)
    page.locator(".week li a", has_text="22:00–06:00").first.click()
    page.click("text=Take the shift away")
    expect(page.locator(".alert-success")).to_contain_text("taken away")


def test_places_are_added_named_closed_and_taken_away(visit: Visit) -> None:
    page = visit("admin1", "/admin/places", lang="en")
    page.locator(".rows a", has_text="Huating").first.click()
    name = f"楼 {fresh()[-6:]}"
    page.fill("section.panel #name", name)
    page.click("section.panel button")
    expect(page.locator("h1")).to_have_text(name)
    for number in ("101", "102"):
        page.fill("section.panel #name", number)
        page.click("section.panel button")
        expect(page.locator(".rows")).to_contain_text(number)
    row = page.locator(".rows > li", has=page.locator("strong", has_text=re.compile("^101$")))
    row.locator("summary").click()
    row.locator("button", has_text="Close").click()
    expect(page.locator(".rows > li", has_text="101").first).to_contain_text("Closed")
    row = page.locator(".rows > li", has=page.locator("strong", has_text=re.compile("^102$")))
    row.locator("summary").click()
    row.locator("button", has_text="Take away").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".rows > li", has_text="102")).to_have_count(0)
    fits(page)
    axe(page)
    page.goto("/admin/places/changes")
    expect(page.locator(".timeline")).to_contain_text("101")


def test_a_secret_is_shown_once(visit: Visit) -> None:
    page = visit("admin1", "/admin/mailbox", lang="en")
    page.fill("#address", "desk@example.org")
    page.click("text=Save")
    expect(page.locator(".alert-success")).to_contain_text("kept")
    page.click("text=Make a new secret")
    expect(page.locator("#secret")).to_contain_text("whsec_")
    secret = page.locator("#secret").inner_text()
    axe(page)
    page.click("text=I have copied it")
    assert secret not in page.content()


def test_another_system_is_told_and_switched_off(visit: Visit) -> None:
    page = visit("admin1", "/admin/webhooks", lang="en", width=1280)
    page.fill("#url", f"https://example.org/{fresh()}")
    page.click("section.panel button")
    expect(page.locator("#secret")).to_contain_text("whsec_")
    address = page.locator("main p", has_text="https://").inner_text().partition(": ")[2]
    page.click("text=I have copied it")
    page.click(f"text={address}")
    page.click("text=Switch off")
    expect(page.locator("main")).to_contain_text("somebody switched it off")
    page.click("text=Switch on")
    page.click("text=Take away")
    expect(page.locator(".alert-success")).to_contain_text("taken away")
