"""Plans, events and letters in a real browser: shown before they are kept, changed later, and without scripts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from services.kit.events import new_id
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.e2e.preparing_desk import post_a_letter
from tests.story.story_people import Person
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
SAVE = "main form button.btn-lg"


def done(page: Page) -> None:
    """Wait until the page says that it was done."""
    expect(page.locator(".alert-success")).to_be_visible()


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 360), ("en", 1280)])
def test_a_round_is_planned_with_its_times_in_view_and_changed(
    visit: Visit, person: People, lang: str, width: int
) -> None:
    here = person("resident1").get("/units")["items"][0]["community"]["id"]
    page = visit("dispatcher1", "/board/plans/new", lang=lang, width=width)
    page.locator("#kind").select_option("patrol_round")
    page.locator("#title").fill("夜间巡更")
    page.locator("#description").fill("按路线巡查")
    page.locator("#catalogue_code").select_option("patrol")
    page.locator("#community_id").select_option(here)
    page.locator("#location").fill("全小区")
    page.locator("#starts_at").fill("2036-11-24T08:00")
    expect(page.locator("#times li")).to_have_count(5)
    expect(page.locator("#which")).to_be_hidden()
    page.locator("#unit").select_option("MONTHLY")
    page.locator("#which").select_option("2")
    page.locator('input[name=weekdays][value="TU"]').check()
    # The second Tuesday of December 2036 is the 9th.
    expect(page.locator("#times li").first).to_contain_text("12月9日" if lang == "zh-CN" else "9 Dec 2036")
    page.locator("#unit").select_option("DAILY")
    page.locator("#hours").fill("8, 22")
    expect(page.locator("#times li").nth(1)).to_contain_text("22:00")
    page.locator("#hours").fill("8, 25")
    expect(page.locator("#times .text-danger")).to_be_visible()
    page.locator("#hours").fill("8, 22")
    expect(page.locator("#times li")).to_have_count(5)
    forgive(page, "status of 422")
    page.locator(SAVE).click()
    expect(page.locator("#refused")).to_be_visible()
    fits(page)
    axe(page)
    page.locator("#point-1-name").fill("配电房")
    page.locator("#point-1-code").fill("DOOR-7")
    page.locator("#point-2-name").fill("水泵房")
    page.get_by_role("button", name="更多行" if lang == "zh-CN" else "More rows").click()
    expect(page.locator(".point")).to_have_count(6)
    page.locator('button[value="up-1"]').click()
    expect(page.locator("#point-1-name")).to_have_value("水泵房")
    page.locator(SAVE).click()
    done(page)
    expect(page.locator("#points + ol li").first).to_contain_text("水泵房")
    fits(page)
    axe(page)
    screenshot(page, f"dispatcher-plan-{lang}-{width}")
    plan = page.url.rpartition("/")[2]
    kept = person("dispatcher1").get(f"/plans/{plan}")
    assert (kept["rrule"], kept["starts_at"]) == ("FREQ=DAILY;BYHOUR=8,22", "2036-11-24T08:00:00+08:00")
    page.goto(f"/board/plans/{plan}/change")
    expect(page.locator("#hours")).to_have_value("8, 22")
    page.locator('input[name=ends][value="until"]').check()
    page.locator("#until").fill("2036-11-24")
    expect(page.locator("#times li")).to_have_count(2)
    axe(page)
    page.locator(SAVE).click()
    done(page)
    assert person("dispatcher1").get(f"/plans/{plan}")["ends_at"] == "2036-11-24T23:59:00+08:00"
    for state in ("paused", "active"):
        page.locator("#doing ~ .buttons button").click()
        done(page)
        assert person("dispatcher1").get(f"/plans/{plan}")["state"] == state
    page.locator("details.step summary").click()
    page.locator("details.step button").click()
    done(page)
    expect(page.locator("#doing")).to_have_count(0)


def test_a_care_visit_is_planned_without_scripts(visit: Visit, person: People) -> None:
    home = person("resident1").get("/units")["items"][0]
    page = visit("dispatcher1", "/board/plans/new", lang="en", java_script_enabled=False)
    page.get_by_label("What kind of work").select_option("care_visit")
    page.get_by_label("Name of the plan").fill("Look in on them")
    page.get_by_label("What is to be done").fill("Ring, ask how they are")
    page.get_by_label("Item", exact=True).select_option("care-visit-elder")
    page.get_by_label("First time").fill("2036-11-26T10:00")
    page.get_by_label("Number or home").fill("resident1")
    page.get_by_role("button", name="Find").click()
    page.locator(f'input[name=home][value^="{home["id"]}"]').check()
    page.get_by_label("Wednesday").check()
    page.get_by_role("button", name="Show when it will be due").click()
    expect(page.locator("#times li")).to_have_count(5)
    expect(page.locator("#times li").first).to_contain_text("26 Nov 2036 10:00 Wed")
    expect(page.get_by_label("Name of the plan")).to_have_value("Look in on them")
    page.locator(SAVE).click()
    done(page)
    kept = person("dispatcher1").get(f"/plans/{page.url.rpartition('/')[2]}")
    assert (kept["unit_id"], kept["resident_id"]) == (home["id"], person("resident1").get("/me")["id"])
    assert kept["rrule"] == "FREQ=WEEKLY;BYDAY=WE"


def test_an_event_is_changed_and_called_off_and_says_who_comes(visit: Visit, person: People) -> None:
    here = person("resident1").get("/units")["items"][0]["community"]["id"]
    times = {"starts_at": "2036-11-24T15:00:00+08:00", "ends_at": "2036-11-24T17:00:00+08:00"}
    about = {"title": "邻里茶话会", "description": "喝茶", "location": "花园", "capacity": 1, "community_id": here}
    event = person("dispatcher1").ask("POST", "/events", about | times).ok()
    person("resident1").ask("POST", f"/events/{event['id']}/sign-up", {}).ok()
    page = visit("dispatcher1", f"/board/events/{event['id']}", lang="en")
    expect(page.locator("#who ~ .line")).to_contain_text("resident1")
    page.get_by_role("link", name="Change the event").click()
    page.get_by_label("Where").fill("活动室")
    page.get_by_label("Places").fill("30")
    axe(page)
    fits(page)
    page.locator(SAVE).click()
    done(page)
    expect(page.locator("main")).to_contain_text("活动室")
    page.locator("#cancel summary").click()
    expect(page.locator("#cancel")).to_contain_text("1 person who signed up is told")
    page.locator("#cancel button").click()
    expect(page.locator(".alert-success")).to_contain_text("1 person is told")
    axe(page)
    mine = person("resident1")

    def heard() -> set[str]:
        return {one["kind"] for one in mine.get("/notices?limit=100")["items"]}

    until(lambda: {"event.moved", "event.cancelled"} <= heard(), "the resident is told of both")


def test_a_letter_becomes_a_remark_that_the_resident_reads(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("楼道灯不亮了")
    words = f"还是不亮 {str(new_id())[-6:]}"
    post_a_letter(person("manager1"), words)
    dispatcher = person("dispatcher1")

    def arrived() -> list[str]:
        return [one["id"] for one in dispatcher.get("/mail?limit=100")["items"] if words in one["text"]]

    until(arrived, "the letter is there to decide about")
    page = visit("dispatcher1", f"/board/mail/{arrived()[0]}", lang="en")
    page.get_by_label("Number of the request").fill(ticket["number"].lower())
    page.locator("#attach ~ form").first.get_by_role("button", name="Find").click()
    expect(page.get_by_label("Belongs to")).to_have_value(ticket["id"])
    page.get_by_label("the resident, too").check()
    axe(page)
    fits(page)
    page.get_by_role("button", name="Make a remark of it").click()
    done(page)
    said = person("resident1").get(f"/tickets/{ticket['id']}/comments")["items"]
    assert [one["body"] for one in said if words in one["body"]]


def test_whom_to_call_is_asked_for(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("阳台的门关不上")
    person("resident1").ask("PUT", f"/tickets/{ticket['id']}/contact", {"phone": "138 0000 1111"}).ok()
    page = visit("dispatcher1", f"/board/tickets/{ticket['id']}", lang="zh-CN")
    expect(page.get_by_text("138 0000 1111")).to_have_count(0)
    page.get_by_role("link", name="联系电话").click()
    expect(page.locator('a[href="tel:13800001111"]')).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("resident1")
    axe(page)
    fits(page)
