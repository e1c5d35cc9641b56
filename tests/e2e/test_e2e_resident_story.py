"""The story of a resident on a phone: from the sentence to the return visit, with photos and the conversation."""

import io
import re
from collections.abc import Callable
from datetime import timedelta

import numpy
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from services.kit import clock
from tests.e2e.browsing import Visit, axe, fits, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
TICKET = re.compile(r"/my/[0-9a-f-]{36}")
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def photo() -> bytes:
    """Return a JPEG of 15 MB, as a good phone takes it: 12 megapixels of noise that packs badly."""
    noise = numpy.random.default_rng(7).integers(0, 256, (3000, 4000, 3), dtype=numpy.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=96)
    assert 13 * MEGABYTE < len(out.getvalue()) < 19 * MEGABYTE, len(out.getvalue())
    return out.getvalue()


def report(page: Page, words: str) -> str:
    """Report as a person does; returns the request's id."""
    page.goto("/my")
    page.fill("#description", words)
    page.click("main form button")
    page.click("main form > button.btn-big")
    page.wait_for_url(TICKET)
    return page.url.rsplit("/", 1)[1]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_from_the_sentence_to_the_return_visit(visit: Visit, person: People, lang: str) -> None:
    page = visit("resident1", "/my", lang=lang)
    page.fill("#description", "厨房水龙头漏水，地上都是水")
    page.click("main form button")
    # What was understood, and the words that decided it.
    expect(page.locator(".because").first).to_contain_text("漏水")
    axe(page)
    fits(page)
    screenshot(page, f"resident-check-{lang}-360")
    page.click("main form > button.btn-big")
    page.wait_for_url(TICKET)
    ticket = {"id": page.url.rsplit("/", 1)[1]}
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator(".stations [aria-current]")).to_have_count(1)
    axe(page)
    fits(page)

    crew = person("crew1")
    for verb in ("claim", "depart", "arrive", "start"):
        crew.step(ticket, verb).ok()
    crew.step(ticket, "pause", reason="parts", note="缺阀芯", until=soon()).ok()
    # It says so by itself: nobody loaded the page again.
    expect(page.locator("#now .card-wait")).to_be_visible()
    expect(page.locator("#story")).to_contain_text("缺阀芯")
    screenshot(page, f"resident-paused-{lang}-360")
    crew.step(ticket, "resume").ok()
    crew.step(ticket, "complete", note="换了阀芯").ok()
    expect(page.locator("#story")).to_contain_text("换了阀芯")
    visits = page.locator("#visit")
    for _ in range(20):
        page.reload()
        if visits.count():
            break
        page.wait_for_timeout(500)
    axe(page)
    screenshot(page, f"resident-visit-{lang}-360")
    page.click("label[for=solved-yes]")
    page.click("label[for=satisfaction-5]")
    page.locator("#visit button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("#visit")).to_have_count(0)


def soon() -> str:
    """Return a moment two hours from now."""
    return (clock.now() + timedelta(hours=2)).isoformat()


def test_it_is_not_solved_and_opens_again(visit: Visit, person: People) -> None:
    page = visit("resident1", "/my", lang="en")
    ticket = {"id": report(page, "浴室的灯不亮了，只报这一次")}
    crew = person("crew2")
    for verb in ("claim", "arrive", "start", "complete"):
        crew.step(ticket, verb).ok()
    page.reload()
    page.click("text=No, not solved")
    page.fill("#reopen-why", "It flickers again.")
    page.click("text=Open it again")
    expect(page.locator(".alert-success")).to_contain_text("open again")
    assert person("resident1").get(f"/tickets/{ticket['id']}")["status"] == "reopened"


def test_the_conversation_is_live_on_both_sides(visit: Visit, person: People) -> None:
    page = visit("resident1", "/my", lang="en")
    ticket = report(page, "门锁打不开，有点卡")
    page.fill("#body", "Please ring twice.")
    page.click("form[data-chat] button")
    expect(page.locator("#comments .mine")).to_have_text(re.compile("Please ring twice"))
    assert page.input_value("#body") == ""
    said = person("dispatcher1").ask("POST", f"/tickets/{ticket}/comments", {"body": "好的，我们按两次门铃。"})
    said.ok()
    expect(page.locator("#comments")).to_contain_text("按两次门铃")


def test_a_neighbour_is_added_to_an_open_report(visit: Visit, person: People) -> None:
    lead = person("resident1").file("1号楼电梯停在二楼不动了")
    page = visit("resident2", "/my", lang="en")
    page.fill("#description", "电梯坏了，停在二楼")
    page.click("main form button")
    page.locator(f'button[name=join][value="{lead["id"]}"]').click()
    page.wait_for_url(TICKET)
    own = person("resident2").get(f"/tickets/{page.url.rsplit('/', 1)[1]}")
    assert own["joined_to"] == lead["id"]
    expect(page.locator("main")).to_contain_text("one job for all")


def test_asking_to_hurry_reaches_the_owner_and_shows_once(visit: Visit, person: People) -> None:
    page = visit("resident1", "/my", lang="en")
    ticket = {"id": report(page, "客厅插座没有电，请快一点")}
    person("crew1").step(ticket, "claim").ok()
    page.reload()
    page.click("text=Please hurry")
    expect(page.locator(".alert-success")).to_be_visible()
    expect(page.locator("#story")).to_contain_text("You asked to hurry")
    expect(page.locator("text=Please hurry")).to_have_count(0)
    person("crew1").hears(ticket, "ticket.urged")


def test_three_taps_are_enough(visit: Visit) -> None:
    page = visit("resident1", "/my", lang="en")
    page.click("text=Repair")
    page.click(".items a >> nth=0")
    page.click("main form > button.btn-big")
    page.wait_for_url(TICKET)


@pytest.mark.parametrize("script", [True, False])
def test_a_photo_of_15_mb_goes_through(visit: Visit, person: People, photo: bytes, script: bool) -> None:
    page = visit("resident1", "/my", lang="en", java_script_enabled=script)
    page.fill("#description", f"墙上有裂缝，见照片 {script}")
    page.click("main form button")
    given = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": photo}
    page.set_input_files("#photo", given)
    if script:
        expect(page.locator("#thumbs img")).to_have_count(1, timeout=60_000)
        sent = page.evaluate("document.getElementById('photo').files[0].size")
        assert sent < 2 * MEGABYTE, sent
    page.click("main form > button.btn-big", timeout=60_000)
    page.wait_for_url(TICKET, timeout=60_000)
    kept = person("resident1").get(f"/tickets/{page.url.rsplit('/', 1)[1]}/photos")["items"]
    assert len(kept) == 1
    # As the phone shrank it, or the desk did.
    assert (kept[0]["width"], kept[0]["height"]) == ((1600, 1200) if script else (kept[0]["width"], kept[0]["height"]))
    expect(page.locator(".thumbs img").first).to_be_visible()


def test_the_keyboard_is_enough_to_report(visit: Visit) -> None:
    page = visit("resident1", "/my", lang="en", width=1280)
    page.focus("#description")
    page.keyboard.type("窗户关不上")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Is this right?")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('form > button.btn-big')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(TICKET)


def test_preferences_and_home_are_kept_without_scripts(visit: Visit, person: People) -> None:
    page = visit("resident2", "/my/me", lang="en", java_script_enabled=False)
    page.fill("#quiet_from", "22:00")
    page.fill("#quiet_until", "07:00")
    page.click("main button:text-is('Keep')")
    expect(page.locator(".alert-success")).to_be_visible()
    assert person("resident2").get("/preferences")["quiet_from"] == "22:00"
    page.click(".list-link")
    page.check("#k-infant")
    page.click("main button:text-is('Keep')")
    expect(page.locator(".alert-success")).to_be_visible()
    assert page.is_checked("#k-infant")
    page.uncheck("#k-infant")
    page.click("main button:text-is('Keep')")
    assert not page.is_checked("#k-infant")
