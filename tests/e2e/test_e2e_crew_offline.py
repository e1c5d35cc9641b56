"""A crew member's phone without signal: every step is kept and sent later in order, and nothing is dropped."""

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.e2e.phones import (
    LINE,
    People,
    acted,
    card,
    kept,
    lose_signal,
    picture,
    sign_in_as,
    sign_out,
    step,
    urgent,
)
from tests.story.story_people import Desk
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)


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


def test_two_tabs_of_one_phone_send_what_waits_once(visit: Visit, person: People) -> None:
    ticket = urgent(person, "两个标签页")
    page = visit("crew1", "/jobs")
    kept(page, f"/jobs/{ticket['id']}")
    other = page.context.new_page()
    other.goto("/jobs/outbox")
    lose_signal(page)
    page.goto(f"/jobs/{ticket['id']}")
    step(page, "claim")
    step(page, "depart")
    expect(other.locator("#outbox-waiting > li")).to_have_count(2)
    page.context.set_offline(False)
    for tab in (page, other):
        expect(tab.locator(".site-navigation .count")).to_have_count(0)
    expect(other.locator("#outbox-lately > li[data-state=sent]")).to_have_count(2)
    items = person("dispatcher1").get(f"/tickets/{ticket['id']}/history")["items"]
    assert [one["action"] for one in items if one["action"] != "acknowledge"] == ["file", "claim", "depart"]


def test_handing_over_and_up_wait_for_signal_too(visit: Visit, person: People) -> None:
    over, up = urgent(person, "转交同事"), urgent(person, "上报")
    for ticket in (over, up):
        person("crew1").step(ticket, "claim").ok()
    page = visit("crew1", "/jobs")
    for ticket in (over, up):
        kept(page, f"/jobs/{ticket['id']}")
    lose_signal(page)
    colleague = person("crew3").get("/me")["id"]
    page.goto(f"/jobs/{over['id']}")
    page.click("[data-offers=assign] summary")
    page.select_option("#assign-to", colleague)
    page.fill("#assign-note", "业主要求下午来")
    page.click("[data-offers=assign] form button")
    expect(page.locator(".site-navigation .count")).to_have_text("1")
    # It is somebody else's now, as far as the phone knows.
    expect(page.locator(".next-act [data-next]:not([hidden])")).to_have_count(0)
    page.goto(f"/jobs/{up['id']}")
    page.click("[data-offers=escalate] summary")
    page.fill("#escalate-reason", "需要更换总闸，超出权限")
    page.click("[data-offers=escalate] form button")
    expect(page.locator(".site-navigation .count")).to_have_text("2")
    page.context.set_offline(False)
    desk = person("dispatcher1")
    until(lambda: desk.get(f"/tickets/{over['id']}")["owner"]["id"] == colleague, "the colleague")
    until(lambda: desk.get(f"/tickets/{up['id']}")["owner"]["desk"] == "management", "management")
    assert acted(person, up)["escalate"]["note"] == "需要更换总闸，超出权限"
