"""A complaint walked through to its review, and an announcement refused as too late and then published."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from services.kit import clock
from services.kit.events import new_id
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]


def in_hours(hours: float) -> str:
    """Return a time as a field of a page takes it, by the community's clocks."""
    return (clock.now() + timedelta(hours=hours + 8)).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def _with_a_notice_period(person: People) -> None:
    """Put the law on water in force in the resident's community: planned stoppages are told a day before."""
    community = person("resident1").get("/units")["items"][0]["community"]["id"]
    path = f"/communities/{community}/packs/cn_water_national"
    person("manager1").ask("PUT", path, {}, **{"If-Match": "*"}).ok()


def take(page: Page, step: str) -> None:
    """Send the form of a step; the page says that it was taken."""
    page.locator(f"#{step} form button").click()
    expect(page.locator(".alert-success")).to_be_visible()


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 360), ("en", 1280)])
def test_a_complaint_is_walked_through_to_its_review(visit: Visit, person: People, lang: str, width: int) -> None:
    ticket = person("resident1").file("投诉：上门的师傅态度很差，还把地板弄脏了")
    assert ticket["work_type"] == "complaint"
    page = visit("dispatcher1", f"/board/complaints/{ticket['id']}", lang=lang, width=width)
    current = page.locator(".stages [aria-current=step]")
    expect(current).to_contain_text("1")
    page.locator('#identify input[value="angry"]').check()
    page.locator("#identify-cause").select_option("staff_conduct")
    page.locator("#identify-wanted").fill("道歉并清洁地板")
    page.locator("#identify-restated").fill("您希望我们当面道歉并清洁地板")
    take(page, "identify")
    expect(current).to_contain_text("2")
    page.locator('#assess input[name="assess-severity"][value="serious"]').check()
    page.locator('#assess input[name="assess-justified"][value="yes"]').check()
    page.locator('#assess input[name="assess-settle_at_once"][value="no"]').check()
    page.locator("#assess-department").fill("工程部")
    page.locator("#assess-investigate_until").fill(in_hours(24))
    page.locator("#assess-note").fill("与师傅和住户核实过")
    take(page, "assess")
    expect(current).to_contain_text("3")
    fits(page)
    axe(page)
    screenshot(page, f"dispatcher-complaint-{lang}-{width}")
    for number, what in enumerate(("当面道歉并清洁", "减免一次上门费"), start=1):
        page.locator(f"#offer-what_{number}").fill(what)
        page.locator(f"#offer-by_{number}").fill(in_hours(48))
    take(page, "offer")
    page.locator('#choose input[value="1"]').check()
    take(page, "choose")
    manager = visit("manager1", f"/board/complaints/{ticket['id']}", lang=lang, width=width)
    take(manager, "approve")
    page.reload()
    expect(current).to_contain_text("4")
    take(page, "act")
    page.locator("#settle-note").fill("已当面道歉并清洁地板，感谢您的指正")
    take(page, "settle")
    expect(current).to_contain_text("5")
    page.locator('#review input[value="solved"]').check()
    page.locator("#review-lesson").fill("上门前后铺设垫布")
    take(page, "review")
    expect(current).to_have_count(0)
    expect(page.get_by_text("上门前后铺设垫布").first).to_be_visible()
    axe(page)


def test_what_somebody_else_heard_meanwhile_is_not_written_over_unseen(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("投诉：上门的师傅态度很差，还把地板弄脏了")
    page = visit("dispatcher1", f"/board/complaints/{ticket['id']}", lang="en")
    heard = {"emotion": "calm", "cause": "staff_conduct", "wanted": "道歉", "restated": "您希望我们道歉"}
    person("manager1").ask("POST", f"/tickets/{ticket['id']}/complaint/identify", heard).ok()
    page.locator('#identify input[value="angry"]').check()
    page.locator("#identify-cause").select_option("staff_conduct")
    page.locator("#identify-wanted").fill("赔偿")
    page.locator("#identify-restated").fill("您希望我们赔偿")
    forgive(page, "status of 409")
    page.locator("#identify form button").click()
    expect(page.locator("#identify")).to_contain_text("You saw the complaint as new; it is identified now.")
    expect(page.locator("#identify-wanted")).to_have_value("赔偿")
    expect(page.locator("section[aria-labelledby=told]")).to_contain_text("您希望我们道歉")
    assert person("manager1").get(f"/tickets/{ticket['id']}/complaint")["wanted"] == "道歉"
    take(page, "identify")
    assert person("manager1").get(f"/tickets/{ticket['id']}/complaint")["wanted"] == "赔偿"


@pytest.mark.usefixtures("_with_a_notice_period")
def test_an_announcement_is_refused_too_late_and_then_published(visit: Visit, person: People) -> None:
    title = f"停水通知 {str(new_id())[-6:]}"
    here = person("resident1").get("/units")["items"][0]["community"]["id"]
    page = visit("dispatcher1", f"/board/announcements/new?community_id={here}", lang="en", width=1280)
    page.get_by_label("What it is", exact=True).select_option("water_outage")
    page.get_by_label("Begins").fill(in_hours(1))
    page.get_by_label("Ends").fill(in_hours(3))
    page.get_by_label("Title in Chinese").fill(title)
    page.get_by_label("Words in Chinese").fill("因为更换水泵，届时停水，请提前储水。没办法。")
    expect(page.locator(".wording p").first).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Keep the draft").click()
    expect(page.get_by_text("The draft is kept")).to_be_visible()
    forgive(page, "status of 422")
    page.get_by_role("button", name="Publish").click()
    refusal = page.locator("#too-late")
    expect(refusal).to_contain_text("it may begin at the earliest")
    axe(page)
    screenshot(page, "dispatcher-announcement-too-late-en-1280")
    earliest = datetime.fromisoformat(refusal.get_by_label("Begins").input_value())
    # A little later, for the minute that goes by until it is published.
    refusal.get_by_label("Begins").fill((earliest + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"))
    refusal.get_by_label("Ends").fill(in_hours(24 * 8))
    refusal.get_by_role("button", name="Begin later").click()
    expect(page.get_by_text("The times are changed")).to_be_visible()
    page.get_by_role("button", name="Publish").click()
    expect(page.locator(".alert-success")).to_contain_text("Published")
    expect(page.get_by_text("Announced in time")).to_be_visible()
    expect(page.locator(".share").first).to_be_visible()
    mine = person("resident1").get("/announcements?current=true&limit=100")["items"]
    assert title in [one["title_zh"] for one in mine]
    page.get_by_role("button", name="Remind who has not read it").click()
    expect(page.locator(".alert-success")).to_contain_text("Reminded")
    expect(page.get_by_role("button", name="Everything works again")).to_have_count(0)  # It has not begun.
    page.get_by_text("Take it back").first.click()
    page.get_by_label("Why", exact=True).fill("The pump came late")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("It is withdrawn.")).to_be_visible()
    axe(page)


@pytest.mark.usefixtures("_with_a_notice_period")
def test_late_with_a_reason_is_published_and_on_record(visit: Visit, person: People) -> None:
    here = person("resident1").get("/units")["items"][0]["community"]["id"]
    page = visit("dispatcher1", f"/board/announcements/new?community_id={here}", lang="zh-CN")
    page.locator("#kind").select_option("water_outage")
    page.locator("#starts_at").fill(in_hours(2))
    page.locator("#title_zh").fill("临时停水")
    page.locator("#body_zh").fill("因为市政管网抢修，今天停水，恢复后通知您。")
    page.locator("form[action$=new] button.btn-lg").click()
    forgive(page, "status of 422")
    page.locator("form[action$=publish] button").click()
    page.locator("#late_because").fill("市政管网突发抢修")
    page.locator("form[action$=publish] button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.get_by_text("市政管网突发抢修").first).to_be_visible()
    fits(page)
    axe(page)
