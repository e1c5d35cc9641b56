"""The dispatcher's work in a real browser: the live board by mouse and by key, and filing for somebody."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.browsing import Visit, axe, fits, forgive, screenshot
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]


def card(page: Page, ticket: dict[str, Any]) -> Locator:
    return page.locator(f'.cards > .ticket[data-id="{ticket["id"]}"]')


def live(page: Page) -> None:
    """Wait until the board hears of changes."""
    expect(page.locator("#live")).to_have_attribute("data-is", "open")


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 360), ("en", 1280)])
def test_the_board_changes_by_itself_and_keeps_the_focus(visit: Visit, person: People, lang: str, width: int) -> None:
    resident = person("resident1")
    first = resident.file("走廊的灯不亮了")
    page = visit("dispatcher1", "/board", lang=lang, width=width)
    live(page)
    link = card(page, first).locator("h3 a")
    link.focus()
    second = resident.file("厨房水管漏水，请来修")
    expect(card(page, second)).to_be_visible()
    expect(link).to_be_focused()
    person("dispatcher1").step(first, "acknowledge").ok()
    expect(card(page, first)).to_contain_text("已受理" if lang == "zh-CN" else "Acknowledged")
    expect(card(page, first).locator("h3 a")).to_be_focused()
    person("dispatcher1").step(second, "cancel", reason="住户已自行解决").ok()
    expect(card(page, second)).to_have_count(0)
    fits(page)
    axe(page)
    screenshot(page, f"dispatcher-board-live-{lang}-{width}")


def test_work_is_given_by_key_alone(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("厨房水管漏水，请来修")
    page = visit("dispatcher1", "/board", lang="en", width=1280)
    live(page)
    for _ in range(60):
        page.keyboard.press("j")
        if page.evaluate("document.activeElement.closest('.ticket')?.dataset.id") == ticket["id"]:
            break
    expect(card(page, ticket).locator("h3 a")).to_be_focused()
    page.keyboard.press("a")
    to = page.get_by_label("Who gets it")
    expect(to).to_be_focused()
    axe(page)
    page.keyboard.press("End")
    chosen = to.evaluate("element => element.selectedOptions[0].textContent").strip().rpartition(" (")[0]
    page.keyboard.press("Tab")
    page.keyboard.type("The key is at the gate")
    page.keyboard.press("Enter")
    expect(page.locator("#assign-dialog")).to_be_hidden()
    expect(page.locator('[data-cards="taken"]').locator(f'[data-id="{ticket["id"]}"]')).to_contain_text(chosen)
    expect(card(page, ticket).locator("h3 a")).to_be_focused()
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "assigned"


def test_work_is_given_by_drag_and_a_refusal_is_said(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("卫生间的灯不亮了")
    page = visit("dispatcher1", "/board", lang="zh-CN", width=1280)
    live(page)
    target = page.locator("[data-crew]").filter(has_text="Crew 1")
    name = target.get_attribute("data-name")
    # The events of a drag, wherever the live board moves its cards meanwhile.
    carried = {"dataTransfer": page.evaluate_handle("new DataTransfer()")}
    card(page, ticket).dispatch_event("dragstart", carried)
    target.dispatch_event("dragover", carried)
    target.dispatch_event("drop", carried)
    card(page, ticket).dispatch_event("dragend", carried)
    expect(page.locator('[data-cards="taken"]').locator(f'[data-id="{ticket["id"]}"]')).to_contain_text(str(name))
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["owner"]["name"] == name


def test_without_scripts_work_is_given_on_the_tickets_page(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("阳台的门关不上")
    page = visit("dispatcher1", "/board", lang="en", java_script_enabled=False)
    card(page, ticket).get_by_role("link", name="Assign").click()
    page.locator("#assign").get_by_role("button").click()
    expect(page.get_by_text("Done: Assign")).to_be_visible()
    assert person("dispatcher1").get(f"/tickets/{ticket['id']}")["status"] == "assigned"


@pytest.mark.parametrize(("lang", "width"), [("zh-CN", 360), ("en", 1280)])
def test_a_request_is_filed_for_somebody_with_what_is_like_it_shown(
    visit: Visit, person: People, lang: str, width: int
) -> None:
    resident = person("resident1")
    home = resident.get("/units")["items"][0]
    known = resident.file("厨房水龙头漏水，滴个不停")
    page = visit("dispatcher1", "/board/file", lang=lang, width=width)
    page.keyboard.type("resident1")
    page.locator("#residents [data-person]").first.wait_for()
    page.locator(f'#residents [data-unit="{home["id"]}"]').first.click()
    expect(page.locator("#chosen")).to_contain_text(home["name"])
    page.keyboard.type("厨房水龙头漏水，家里有小孩")
    same = page.locator(f'#similar [data-join="{known["id"]}"]')
    expect(same).to_be_visible()
    fits(page)
    axe(page)
    screenshot(page, f"dispatcher-file-similar-{lang}-{width}")
    page.locator('input[name=circumstances][value="infant"]').check()
    same.check()
    page.locator("#file button.btn-lg").click()
    page.wait_for_url("**/board/tickets/*")
    filed = person("dispatcher1").get(f"/tickets/{page.url.rpartition('/')[2]}")
    assert (filed["joined_to"], filed["circumstances"], filed["channel"]) == (known["id"], ["infant"], "phone")
    assert filed["requester_id"] == resident.get("/me")["id"]
    expect(page.get_by_text(known["number"]).first).to_be_visible()
    fits(page)
    axe(page)


def test_what_is_refused_is_said_beside_what_was_typed(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("楼道灯不亮")
    page = visit("dispatcher1", f"/board/tickets/{ticket['id']}", lang="en", width=1280)
    forgive(page, "status of 422")
    page.locator("#promise > summary").click()
    page.get_by_label("Why then").fill("The part comes by then")
    page.locator("#promise").get_by_role("button").click()
    expect(page.locator("#promise .invalid-feedback")).to_be_visible()
    expect(page.get_by_label("Why then")).to_have_value("The part comes by then")


def test_words_for_a_resident_get_advice_while_they_are_written(visit: Visit, person: People) -> None:
    ticket = person("resident1").file("车位被占了")
    page = visit("dispatcher1", f"/board/tickets/{ticket['id']}", lang="zh-CN")
    page.locator("#remark textarea").fill("没办法，这不关我的事")
    expect(page.locator("#remark .wording p").first).to_be_visible()
    axe(page)
    page.locator("#remark button").click()
    expect(page.locator(".remark")).to_contain_text("没办法")


def test_a_board_without_its_stream_says_so_and_finds_it_again(visit: Visit, person: People) -> None:
    page = visit("dispatcher1", "/board/more", lang="en", width=1280, service_workers="block")
    forgive(page, "502")
    broken = [True]

    def answer(route: Route) -> None:
        if broken:
            route.fulfill(status=502, body="")
        else:
            route.continue_()

    page.route("**/call/api/v1/stream*", answer)
    page.goto("/board")
    expect(page.locator("#live")).to_have_attribute("data-is", "lost")
    axe(page)
    broken.clear()
    live(page)
    ticket = person("resident1").file("厨房水管漏水，请来修")
    expect(card(page, ticket)).to_be_visible()
