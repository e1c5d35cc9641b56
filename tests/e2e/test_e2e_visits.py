"""The story of an appointment on three screens: proposed by the crew, asked for anew by the home, and confirmed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from services.kit import clock
from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

# What is sent goes one by one, over a busy machine.
expect.set_options(timeout=15_000)
People = Callable[[str], Person]


def claimed(person: People, words: str) -> dict[str, Any]:
    """File a request and let the crew claim it."""
    ticket = person("resident1").file(f"厨房水龙头漏水（{words}）")
    person("crew1").step(ticket, "claim").ok()
    return ticket


def appointment(person: People, ticket: dict[str, Any]) -> dict[str, Any]:
    """Return the windows that stand."""
    return dict(person("dispatcher1").get(f"/tickets/{ticket['id']}")["appointment"] or {})


def in_days(days: int) -> str:
    """Return a day by the clocks of the community, as a field for days takes it."""
    return (clock.now() + timedelta(hours=8, days=days)).date().isoformat()


def looked_at(page: Page, name: str) -> None:
    axe(page)
    fits(page)
    screenshot(page, name)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_crew_proposes_the_home_asks_for_another_and_the_desk_confirms(
    visit: Visit, person: People, lang: str
) -> None:
    ticket = claimed(person, f"约上门 {lang}")
    crew = visit("crew1", f"/jobs/{ticket['id']}", lang=lang)
    crew.click("details[data-offers=propose] summary")
    crew.select_option("#visit-window", index=4)
    crew.fill("#visit-note", "请清空水槽下方")
    looked_at(crew, f"visit-crew-proposes-{lang}-360")
    crew.click("details[data-offers=propose] form button")
    until(lambda: appointment(person, ticket).get("proposed"), "the proposal")

    home = visit("resident1", f"/my/{ticket['id']}", lang=lang)
    expect(home.locator("#visit-time.card-ask")).to_be_visible()
    expect(home.locator("#story")).to_contain_text("请清空水槽下方")
    looked_at(home, f"visit-home-asked-{lang}-360")
    home.click("#visit-time details >> nth=0 >> summary")
    home.fill("#visit-new-day", in_days(6))
    home.select_option("#visit-new-part", "13:00-18:00")
    looked_at(home, f"visit-home-chooses-{lang}-360")
    home.click("#visit-time details >> nth=0 >> button")
    expect(home.locator(".alert-success")).to_be_visible()
    assert appointment(person, ticket)["proposed"]["by"] == "household"
    crew.goto("/jobs")
    expect(crew.locator(f"[data-job='{ticket['id']}']")).to_contain_text("13:00 – 18:00")

    desk = visit("dispatcher1", f"/board/tickets/{ticket['id']}", lang=lang)
    expect(desk.locator("#visit")).to_contain_text("13:00 – 18:00")
    looked_at(desk, f"visit-desk-confirms-{lang}-360")
    desk.click("#visit form button.btn-primary >> nth=0")
    expect(desk.locator(".alert-success")).to_be_visible()
    assert appointment(person, ticket)["agreed"]

    # The page of the home says so by itself, with the story of it.
    expect(home.locator("#visit-part")).to_contain_text("✓")
    expect(home.locator("#story")).to_contain_text("13:00 – 18:00")
    looked_at(home, f"visit-home-agreed-{lang}-360")
    person("resident1").hears(ticket, "appointment.agreed")
    person("crew1").hears(ticket, "appointment.agreed")
    crew.goto("/jobs")
    expect(crew.locator(f"[data-job='{ticket['id']}']")).to_contain_text("13:00 – 18:00")
    looked_at(crew, f"visit-crew-jobs-{lang}-360")


def test_whoever_comes_in_time_has_kept_it_and_the_page_says_so(visit: Visit, person: People) -> None:
    ticket = claimed(person, "按时到场")
    begins = clock.now() + timedelta(seconds=2)
    window = {"from": begins.isoformat(), "to": (begins + timedelta(hours=2)).isoformat()}
    person("dispatcher1").step(ticket, "agree", **window, spoken=True).ok()
    crew = visit("crew1", f"/jobs/{ticket['id']}")
    expect(crew.locator("#job")).to_contain_text("已约上门")
    until(lambda: clock.now() > begins, "the beginning of the window")
    crew.click("[data-offers=arrive]:not([hidden]) button")
    until(lambda: became(person, ticket) == ["kept"], "the visit")
    home = visit("resident1", f"/my/{ticket['id']}")
    expect(home.locator(".visits")).to_contain_text("已兑现")
    looked_at(home, "visit-home-kept-zh-CN-360")


def became(person: People, ticket: dict[str, Any]) -> list[str]:
    """Return what became of every window of a ticket."""
    return [one["became"] for one in person("resident1").get(f"/tickets/{ticket['id']}/appointments")["items"]]


def test_without_scripts_it_is_asked_for_agreed_to_and_called_off(visit: Visit, person: People) -> None:
    ticket = claimed(person, "不用脚本")
    crew = visit("crew1", f"/jobs/{ticket['id']}", java_script_enabled=False)
    crew.click("details[data-offers=propose] summary")
    crew.select_option("#visit-window", index=5)
    crew.click("details[data-offers=propose] form button")
    expect(crew.locator(".alert-success")).to_be_visible()
    home = visit("resident1", f"/my/{ticket['id']}", java_script_enabled=False)
    home.click("#visit-time form.act button")
    expect(home.locator(".alert-success")).to_be_visible()
    assert appointment(person, ticket)["agreed"]
    # What was changed meanwhile is not called off unseen.
    seen = appointment(person, ticket)["version"]
    later = clock.now() + timedelta(days=3)
    window = {"from": later.isoformat(), "to": (later + timedelta(hours=2)).isoformat()}
    person("crew1").step(ticket, "propose", **window, seen=seen).ok()
    home.click("#visit-time details:last-of-type summary")
    home.click("#visit-time details:last-of-type button")
    expect(home.locator(".alert-warning:not(#offline)")).to_contain_text("预约时间刚刚有变化")
    assert appointment(person, ticket)["proposed"]
    home.click("#visit-time details:last-of-type summary")
    home.click("#visit-time details:last-of-type button")
    expect(home.locator(".alert-success")).to_be_visible()
    assert appointment(person, ticket)["proposed"] is None


def test_a_proposal_without_signal_waits_on_the_phone_and_a_crossing_one_is_told(visit: Visit, person: People) -> None:
    ticket = claimed(person, "没有信号")
    crew = visit("crew1", f"/jobs/{ticket['id']}")
    expect(crew.locator("details[data-offers=propose]")).to_be_visible()
    forgive(crew, "ERR_INTERNET_DISCONNECTED|status of 409")
    crew.context.set_offline(True)
    crew.click("details[data-offers=propose] summary")
    crew.select_option("#visit-window", index=3)
    crew.click("details[data-offers=propose] form button")
    expect(crew.locator(".waiting-here").first).not_to_be_empty()
    assert appointment(person, ticket) == {}
    begins = clock.now() + timedelta(days=2)
    window = {"from": begins.isoformat(), "to": (begins + timedelta(hours=2)).isoformat()}
    person("resident1").step(ticket, "propose", **window).ok()
    crew.context.set_offline(False)
    crew.goto("/jobs/outbox")
    expect(crew.locator("main")).to_contain_text("预约时间刚刚有变化")
    assert appointment(person, ticket)["proposed"]["by"] == "household"
    # Both windows are shown; what is sent again is sent in the sight of the other.
    expect(crew.locator(".refused .both")).to_contain_text("提议：")
    looked_at(crew, "visit-crew-crossed-zh-CN-360")
    crew.get_by_role("button", name="按工单现状重新发送").click()
    until(lambda: appointment(person, ticket)["proposed"]["by"] == "desk", "the proposal made again")
