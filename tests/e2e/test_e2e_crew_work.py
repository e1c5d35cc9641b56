"""A crew member at work with signal: by thumb, by keyboard, by plain forms, and on a round with its checkpoints."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)
People = Callable[[str], Person]


def mine(person: People, words: str, **more: Any) -> dict[str, Any]:
    """File a request and let the crew claim it."""
    ticket = person("resident1").file(f"厨房水龙头漏水（{words}）", **more)
    person("crew1").step(ticket, "claim").ok()
    return ticket


def status(person: People, ticket: dict[str, Any]) -> str:
    return str(person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"])


def reaches(person: People, ticket: dict[str, Any], wanted: str) -> None:
    """Wait until the desk has a job in a status."""
    until(lambda: status(person, ticket) == wanted, wanted)


def focused(page: Page) -> str:
    found: str = page.evaluate("document.activeElement.innerText.trim()")
    return found


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == name:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 360), ("en", 1280)])
def test_a_job_is_done_with_its_next_step_always_in_reach(visit: Visit, person: People, lang: str, width: int) -> None:
    ticket = mine(person, f"一步一步 {lang}", phone="+86 138 0000 0000")
    page = visit("crew1", f"/jobs/{ticket['id']}", lang=lang, width=width)
    for act, after in (("depart", "on_the_way"), ("arrive", "on_site"), ("start", "in_progress")):
        button = page.locator(f".next-act [data-next={act}]:not([hidden]) button")
        expect(button).to_be_in_viewport()
        button.click()
        reaches(person, ticket, after)
    expect(page.locator("a[href='tel:+8613800000000']")).to_be_visible()
    fits(page)
    axe(page)
    screenshot(page, f"crew-working-{lang}-{width}")
    page.click("#completing summary")
    page.fill("#complete-note", "换了垫圈")
    axe(page)
    screenshot(page, f"crew-completing-{lang}-{width}")
    page.click("#completing form button")
    until(lambda: status(person, ticket) == "completed", "the end")


def test_a_pause_a_promise_and_words_reach_the_desk(visit: Visit, person: People) -> None:
    ticket = mine(person, "等配件")
    for verb in ("depart", "arrive"):
        person("crew1").step(ticket, verb).ok()
    page = visit("crew1", f"/jobs/{ticket['id']}")
    page.click("[data-offers=promise] summary")
    page.select_option("#promise-at", "7200")
    page.click("[data-offers=promise] form button")
    expect(page.locator("#job")).to_contain_text("已承诺")
    page.click("details[data-offers=comment] summary")
    page.fill("#comment-body", "配件明天到")
    page.click("details[data-offers=comment] form button")
    expect(page.locator("#remarks")).to_contain_text("配件明天到")
    page.click("[data-offers=pause] summary")
    page.select_option("#pause-reason", "parts")
    page.fill("#pause-note", "等阀芯")
    page.click("[data-offers=pause] form button")
    until(lambda: status(person, ticket) == "waiting", "the pause")
    expect(page.locator(".next-act [data-next=resume] button")).to_be_visible()
    told = person("resident1").get(f"/tickets/{ticket['id']}")
    assert (told["waiting_reason"], told["promised_at"] is not None) == ("parts", True)


def test_the_keyboard_alone_takes_a_job_and_begins_it(visit: Visit, person: People) -> None:
    ticket = mine(person, "键盘")
    page = visit("crew1", f"/jobs/{ticket['id']}", width=1280, lang="en")
    for name, after in (("Set out", "on_the_way"), ("Arrive", "on_site"), ("Begin", "in_progress")):
        tab_to(page, name)
        page.keyboard.press("Enter")
        reaches(person, ticket, after)
        expect(page.locator("#job-title")).to_be_focused()
    tab_to(page, "Complete …")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Washer changed")
    tab_to(page, "Complete")
    page.keyboard.press("Enter")
    until(lambda: status(person, ticket) == "completed", "the end")


def test_without_scripts_the_same_forms_do_it(visit: Visit, person: People) -> None:
    ticket = mine(person, "不用脚本")
    page = visit("crew1", f"/jobs/{ticket['id']}", java_script_enabled=False)
    for act in ("depart", "arrive", "start"):
        page.click(f".next-act [data-next={act}] button")
        expect(page.locator(".alert-success")).to_be_visible()
    page.click("#completing summary")
    page.fill("#complete-note", "换了垫圈")
    page.click("#completing form button")
    expect(page.locator(".alert-success")).to_contain_text("完成")
    assert status(person, ticket) == "completed"
    another = person("resident1").file("厨房水龙头漏水（脚本抢单）")
    page.goto(f"/jobs/{another['id']}")
    person("crew2").step(another, "claim").ok()
    forgive(page, "status of 409")
    page.click(".next-act [data-next=claim] button")
    expect(page.locator("#refused")).to_contain_text(str(person("crew2").get("/me")["badge"]))
    screenshot(page, "crew-refused-without-scripts")


def test_the_home_of_a_job_is_looked_at_and_not_kept(visit: Visit, person: People) -> None:
    ticket = mine(person, "住户情况")
    page = visit("crew1", f"/jobs/{ticket['id']}")
    page.click("text=住户情况 >> nth=-1")
    page.wait_for_url("**/home")
    expect(page.locator("h1")).to_have_text("住户情况")
    axe(page)
    assert page.evaluate("caches.match(location.pathname).then((found) => found === undefined)")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_whoever_has_a_complaint_hears_it_and_settles_it_there(visit: Visit, person: People, lang: str) -> None:
    ticket = person("resident2").file(f"投诉：维修师傅态度很差，地上也没有打扫 {lang}")
    person("dispatcher1").step(ticket, "assign", to=person("crew1").get("/me")["id"]).ok()
    for verb in ("arrive", "start"):
        person("crew1").step(ticket, verb).ok()
    page = visit("crew1", f"/jobs/{ticket['id']}", lang=lang)
    page.click("a[href$='/complaint']")
    page.check("input[name=identify-emotion][value=calm]")
    page.select_option("#identify-cause", "repair_quality")
    page.fill("#identify-wanted", "打扫干净")
    page.fill("#identify-restated", "您希望我们把地面打扫干净。")
    fits(page)
    axe(page)
    screenshot(page, f"crew-complaint-{lang}")
    page.click("#identify button")
    for name, value in (("severity", "minor"), ("justified", "yes"), ("settle_at_once", "yes")):
        page.check(f"input[name=assess-{name}][value={value}]")
    page.fill("#assess-department", "维修")
    page.fill("#assess-note", "现场看到地面未清理")
    page.click("#assess button")
    page.fill("#settle-note", "已打扫干净并当面道歉")
    page.click("#settle button")
    page.wait_for_url(f"**/jobs/{ticket['id']}")
    assert status(person, ticket) == "completed"
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}/complaint")["first_contact"] is not None
