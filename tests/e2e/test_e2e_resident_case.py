"""A resident's complaint on a phone: heard, ways offered, one chosen by them, approved, and answered."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Visit, axe, fits, screenshot
from tests.e2e.phones import People
from tests.e2e.test_e2e_resident_story import soon

pytestmark = pytest.mark.timeout(400)

# The desk's news takes its time on a busy machine.
expect.set_options(timeout=15_000)


def step(person: People, login: str, ticket: dict[str, Any], name: str, **body: Any) -> None:
    person(login).ask("POST", f"/tickets/{ticket['id']}/complaint/{name}", body).ok()


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_whoever_complains_chooses_how_it_is_put_right(visit: Visit, person: People, lang: str) -> None:
    ticket = person("resident1").file(f"投诉：保洁一周没来，楼道很脏 {lang}")
    restated = "您希望楼道每天打扫，本周先补做一次。"
    step(
        person, "dispatcher1", ticket, "identify",
        emotion="angry", cause="differing_standards", wanted="每天打扫", restated=restated,
    )  # fmt: skip
    page = visit("resident1", f"/my/{ticket['id']}", lang=lang)
    case = page.locator("#case")
    expect(case).to_contain_text(restated)
    step(
        person, "dispatcher1", ticket, "assess",
        severity="serious", justified=True, settle_at_once=False, note="属实", department="保洁",
        investigate_until=soon(),
    )  # fmt: skip
    options = [{"what": "今天下午补做保洁", "by": soon()}, {"what": "本月每天增加一次清扫", "by": soon()}]
    step(person, "dispatcher1", ticket, "offer", options=options)
    # It says so by itself: nobody loaded the page again.
    expect(case.locator("label")).to_have_count(2)
    fits(page)
    axe(page)
    screenshot(page, f"resident-choose-{lang}")
    case.locator("label", has_text="本月每天增加一次清扫").click()
    case.locator("button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    expect(case).to_contain_text("✓ 本月每天增加一次清扫")
    expect(case).not_to_contain_text("今天下午补做保洁")
    axe(page)
    screenshot(page, f"resident-chosen-{lang}")
    told = person("dispatcher1").get(f"/tickets/{ticket['id']}/complaint")
    assert (told["chosen"], told["chosen_by_role"]) == (2, "resident")

    step(person, "manager1", ticket, "approve")
    step(person, "dispatcher1", ticket, "act", to=person("crew1").get("/me")["id"])
    expect(case).to_contain_text("处理中" if lang == "zh-CN" else "carried out")
