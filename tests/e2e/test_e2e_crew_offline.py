"""A crew member's phone without signal: every step is kept and sent later in order, and nothing is dropped."""

import io
import os
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, FilePayload, Page, expect

from doorstep.sample import PASSWORD
from tests.e2e.browsing import Visit, axe, comes_true, fits, forgive, screenshot
from tests.story.story_people import Desk, Person
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)
People = Callable[[str], Person]
# The line takes its time, which the desk cannot tell from the phone's.
LINE = timedelta(seconds=2)
NO_SIGNAL = "ERR_INTERNET_DISCONNECTED|Failed to fetch"


def kept(page: Page, path: str) -> None:
    """Wait until the phone keeps a page, with the worker that opens it without signal."""
    comes_true(page, "navigator.serviceWorker.controller !== null")
    comes_true(page, f"caches.open('own-crew').then((one) => one.match('{path}')).then((found) => Boolean(found))")


def lose_signal(page: Page) -> None:
    forgive(page, NO_SIGNAL)
    page.context.set_offline(True)


def urgent(person: People, words: str) -> dict[str, Any]:
    """File what stands high in the pool."""
    return person("resident1").file(f"客厅插座没电，请尽快来看（{words}）")


def card(page: Page, ticket: dict[str, Any]) -> Any:
    return page.locator(f"[data-job='{ticket['id']}']")


def picture() -> FilePayload:
    """Return a photo as a camera makes it: larger than is needed."""
    out = io.BytesIO()
    Image.effect_noise((2400, 1800), 90).convert("RGB").save(out, "JPEG", quality=95)
    return {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def step(page: Page, act: str) -> None:
    page.click(f".next-act [data-next={act}]:not([hidden]) button")


def acted(person: People, ticket: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the entries of a ticket's history by action."""
    items = person("dispatcher1").get(f"/tickets/{ticket['id']}/history")["items"]
    return {entry["action"]: entry for entry in items}


def test_a_job_done_without_signal_is_on_record_with_its_own_times(visit: Visit, person: People) -> None:
    ticket = urgent(person, "地下室没有信号")
    page = visit("crew1", "/jobs")
    path = f"/jobs/{ticket['id']}"
    kept(page, path)
    lose_signal(page)
    page.goto("/jobs/pool")
    card(page, ticket).locator("button").click()
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    page.goto("/jobs")
    expect(card(page, ticket)).to_contain_text("已接单")
    card(page, ticket).locator("h2 a").click()
    began = datetime.now(UTC)
    for act in ("depart", "arrive", "start"):
        step(page, act)
    expect(page.locator("#job .status")).to_contain_text("处理中")
    page.set_input_files("#photo", picture())
    expect(page.locator(".site-navigation .count")).to_have_text("5")
    page.click("#completing summary")
    page.fill("#complete-note", "换了插座")
    page.fill("#complete-parts", "五孔插座 1")
    page.fill("#complete-minutes", "20")
    page.click("#completing form button")
    ended = datetime.now(UTC)
    expect(page.locator("#job .status")).to_contain_text("已完成")
    fits(page)
    axe(page)
    screenshot(page, "crew-offline-job")
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-waiting > li")).to_have_count(6)
    axe(page)
    screenshot(page, "crew-offline-outbox")
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "filed"

    # What is told within three seconds was told as it was done.
    page.wait_for_timeout(3000)
    page.context.set_offline(False)
    expect(page.locator("#outbox-waiting > li")).to_have_count(0)
    expect(page.locator("#outbox-lately > li[data-state=sent]")).to_have_count(6)
    told = acted(person, ticket)
    for act in ("arrive", "start", "complete"):
        moment = datetime.fromisoformat(told[act]["data"]["acted"]["moment"])
        assert began - LINE <= moment <= ended + LINE, act
        assert datetime.fromisoformat(told[act]["at"]) > ended
        # Two steps in one breath may seem to change places by what the line took; the order holds.
        assert told[act]["data"]["acted"]["bound"] in (None, "previous_step")
    assert [entry for entry in told if entry in ("claim", "depart", "arrive", "start", "photograph", "complete")] == [
        "claim", "depart", "arrive", "start", "photograph", "complete",
    ]  # fmt: skip
    assert told["complete"]["note"] == "换了插座\n材料：五孔插座 1\n现场用时：20 分钟"
    photos = person("dispatcher1").get(f"/tickets/{ticket['id']}/photos")["items"]
    assert [max(photo["width"], photo["height"]) for photo in photos] == [1600]


def test_what_waits_survives_the_browser_and_signing_out_and_is_sent_by_nobody_else(
    visit: Visit, person: People
) -> None:
    ticket = urgent(person, "换人使用同一台手机")
    page = visit("crew1", "/jobs")
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto("/jobs/pool")
    card(page, ticket).locator("button").click()
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    # Without signal nobody can sign out, and the pages stay.
    page.click(".site-tools form:last-child button")
    expect(page.locator("#leaving")).to_be_visible()
    axe(page)
    screenshot(page, "crew-leaving")
    page.click("#leaving .btn-primary")
    # With signal that is too bad for the calls, it warns.
    forgive(page, "ERR_FAILED")
    page.context.route("**/call/**", lambda route: route.abort())
    page.context.set_offline(False)
    page.reload()
    page.click(".site-tools form:last-child button")
    expect(page.locator("#leaving-why")).to_contain_text("1 条操作未发送")
    page.click("#leaving .btn-outline-danger")
    page.wait_for_url(re.compile(r"/$"))
    assert page.evaluate("caches.has('own-crew')") is False
    page.context.unroute("**/call/**")

    sign_in_as(page, "crew2")
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-others")).to_contain_text("1 条操作")
    expect(page.locator("#outbox-waiting > li")).to_have_count(0)
    page.wait_for_load_state("networkidle")
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "filed"
    sign_out(page)

    sign_in_as(page, "crew1")
    until(lambda: person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "claimed", "the claim")
    assert acted(person, ticket)["claim"]["actor_name"] == person("crew1").get("/me")["badge"]


def test_what_waits_survives_closing_the_browser(browser: Browser, desk: Desk, person: People, tmp_path: Path) -> None:
    ticket = urgent(person, "手机重启")
    program = browser.browser_type

    page = launch_kept(program, desk.stack.url, tmp_path)
    sign_in_as(page, "crew1")
    kept(page, f"/jobs/{ticket['id']}")
    page.context.set_offline(True)
    page.goto(f"/jobs/{ticket['id']}")
    step(page, "claim")
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    page.context.close()

    page = launch_kept(program, desk.stack.url, tmp_path)
    page.context.set_offline(True)
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-waiting > li")).to_have_count(1)
    page.context.set_offline(False)
    expect(page.locator("#outbox-lately > li[data-state=sent]")).to_have_count(1)
    page.context.close()
    assert "claim" in acted(person, ticket)


def launch_kept(program: BrowserType, url: str, folder: Path) -> Page:
    """Start a browser that keeps what it holds in a folder, as a phone does."""
    context = program.launch_persistent_context(
        folder,
        executable_path=shutil.which("chromium"),
        args=["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else [],
        base_url=url,
        viewport={"width": 360, "height": 740},
        locale="zh-CN",
    )
    context.set_default_timeout(15_000)
    return context.pages[0]


def sign_in_as(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/jobs")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_what_a_dispatcher_changed_meanwhile_is_shown_with_both_and_a_choice(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = urgent(person, f"被改派 {lang}")
    person("crew1").step(ticket, "claim").ok()
    page = visit("crew1", "/jobs", lang=lang)
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    for act in ("depart", "arrive"):
        step(page, act)
    other = person("crew2").get("/me")
    person("dispatcher1").step(ticket, "assign", to=other["id"]).ok()
    forgive(page, "status of 40[39]")
    page.context.set_offline(False)
    refused = page.locator("#refusals .refused")
    expect(refused).to_have_count(1)
    expect(refused).to_contain_text(str(other["badge"]))
    expect(refused.locator(".both > div")).to_have_count(2)
    fits(page)
    axe(page)
    screenshot(page, f"crew-refused-{lang}")
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-waiting > li")).to_have_count(2)
    # Whoever it is now has it; what was done stays as a remark.
    page.click("[data-choice=as_remark]")
    expect(page.locator("#refusals .refused")).to_have_count(0)
    expect(page.locator("#outbox-waiting > li")).to_have_count(0)

    def remarks() -> list[dict[str, Any]]:
        items = person("dispatcher1").get(f"/tickets/{ticket['id']}/comments")["items"]
        return [one for one in items if one["kind"] == "comment"]

    remark = until(remarks, "the remark")[-1]
    assert not remark["visible"]
    assert len(re.findall(r"\d\d:\d\d", remark["body"])) == 2
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["owner"]["id"] == other["id"]


def test_a_step_can_be_sent_again_as_the_job_is_now_or_be_discarded(visit: Visit, person: People) -> None:
    ticket = urgent(person, "退回又接")
    person("crew1").step(ticket, "claim").ok()
    page = visit("crew1", "/jobs")
    kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    step(page, "depart")
    person("dispatcher1").step(ticket, "release", reason="看错了").ok()
    person("dispatcher1").step(ticket, "assign", to=person("crew1").get("/me")["id"]).ok()
    forgive(page, "status of 409")
    page.context.set_offline(False)
    page.click("[data-choice=send_again]")
    until(lambda: person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "on_the_way", "setting out")
    expect(page.locator("#job .status")).to_contain_text("前往")

    lose_signal(page)
    step(page, "arrive")
    person("dispatcher1").step(ticket, "cancel", reason="业主自己修好了").ok()
    page.context.set_offline(False)
    page.click("[data-choice=give_up]")
    expect(page.locator("#refusals .refused")).to_have_count(1)
    page.click("[data-choice=give_up]")
    expect(page.locator("#refusals .refused")).to_have_count(0)
    page.goto("/jobs/outbox")
    expect(page.locator("#outbox-lately [data-state=dropped]")).to_have_count(1)


def test_of_two_phones_one_gets_the_job_and_the_other_is_told_who_and_what_else(visit: Visit, person: People) -> None:
    ticket, another = urgent(person, "两人抢单"), urgent(person, "下一个")
    first, second = visit("crew1", "/jobs/pool"), visit("crew1", "/jobs/pool")
    sign_in_as_other(second, "crew3")
    second.goto("/jobs/pool")
    card(first, ticket).locator("button").click()
    first.wait_for_url(f"**/jobs/{ticket['id']}")
    forgive(second, "status of 409")
    card(second, ticket).locator("button").click()
    lost = second.locator("#refusals .refused")
    expect(lost).to_contain_text(f"{person('crew1').get('/me')['badge']}先接了")
    fits(second)
    axe(second)
    screenshot(second, "crew-lost-race")
    lost.locator("[data-take]").first.click()
    second.wait_for_url(re.compile("/jobs/[0-9a-f-]{36}"))
    taken = second.url.rpartition("/")[2]
    assert person("dispatcher1").get(f"/tickets/{taken}")["owner"]["id"] == person("crew3").get("/me")["id"]
    assert another["id"]


def sign_in_as_other(page: Page, login: str) -> None:
    sign_out(page)
    sign_in_as(page, login)


def sign_out(page: Page) -> None:
    page.click(".site-tools form:last-child button")
    page.wait_for_url(re.compile(r"/$"))
