"""What a resident keeps about their home and how news comes, on a phone, with and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Visit, axe, fits, screenshot
from tests.e2e.phones import People

pytestmark = pytest.mark.timeout(400)

# Pages take their time on a busy machine.
expect.set_options(timeout=15_000)


@pytest.mark.parametrize(("lang", "script"), [("zh-CN", True), ("en", False)])
def test_equipment_is_put_down_changed_and_taken_off(visit: Visit, person: People, lang: str, script: bool) -> None:
    home = person("resident2").get("/units")["items"][0]["id"]
    person("resident2").ask("PATCH", f"/households/{home}", {"equipment": []}, **{"If-Match": "*"}).ok()
    page = visit("resident2", f"/my/home/{home}", lang=lang, java_script_enabled=script)
    page.click("a[href$='/equipment']")
    page.select_option("#kind", "water_filter")
    page.select_option("#year", "2024")
    page.select_option("#month", "5")
    page.select_option("#life_months", "12")
    page.fill("#model", "RO-400")
    if script:
        fits(page)
        axe(page)
    page.click("main form button")
    expect(page.locator("main")).to_contain_text("RO-400")
    expect(page.locator("main .tone-warning")).to_contain_text("2025-05-01")
    screenshot(page, f"resident-equipment-{lang}")
    page.click("text=RO-400")
    expect(page.locator("#year")).to_have_value("2024")
    page.select_option("#life_months", "180")
    page.click("main form button >> nth=0")
    expect(page.locator("main .tone-warning")).to_have_count(0)
    page.click("text=RO-400")
    page.click("main form button >> nth=-1")
    expect(page.locator("main")).not_to_contain_text("RO-400")
    assert person("resident2").get(f"/households/{home}")["equipment"] == []


def test_each_topic_comes_as_it_was_chosen(visit: Visit, person: People) -> None:
    page = visit("resident2", "/my/me", lang="en")
    page.click("text=What comes how")
    page.select_option("#topic-events", "here")
    page.select_option("#topic-requests", "push")
    fits(page)
    axe(page)
    page.click("main form button")
    expect(page.locator(".alert-success")).to_be_visible()
    chosen = person("resident2").get("/preferences")["topics"]
    assert (chosen["events"], chosen["requests"], chosen["announcements"]) == (["in_app"], ["in_app", "push"], None)
    page.click("text=What comes how")
    expect(page.locator("#topic-events")).to_have_value("here")
    page.select_option("#topic-events", "all")
    page.select_option("#topic-requests", "all")
    page.click("main form button")
    expect(page.locator(".alert-success")).to_be_visible()
    assert person("resident2").get("/preferences")["channels"] == {}
