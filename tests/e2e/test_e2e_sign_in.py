"""Signing in with a real browser, on a phone and on a screen, by keyboard and without scripts."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Visit, axe, fits, screenshot

pytestmark = pytest.mark.timeout(400)
ROLES = ("resident1", "crew1", "dispatcher1", "manager1", "admin1")


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize("login", ROLES)
def test_each_role_has_a_first_page_that_everybody_can_use(visit: Visit, login: str, lang: str, width: int) -> None:
    page = visit(login, width=width, lang=lang)
    expect(page.locator("h1")).to_have_count(1)
    assert page.locator("html").get_attribute("lang") == lang
    fits(page)
    axe(page)
    screenshot(page, f"first-{login}-{lang}-{width}")
