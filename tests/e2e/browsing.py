"""What a browser test does with a page: it is watched, signed in at, looked over by axe, measured and pictured."""

import re
from collections.abc import Callable
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from doorstep.sample import PASSWORD
from tests.waiting import until

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
SERIOUS = ("serious", "critical")
Visit = Callable[..., Page]


class Watch:
    """Writes down what goes wrong on a page: errors of scripts and of the policy, and 5xx."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.forgiven: list[str] = []
        page.on("console", lambda message: self._note(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on(
            "response", lambda answer: self._note(f"{answer.status} {answer.url}") if answer.status >= 500 else None
        )

    def _note(self, text: str) -> None:
        self.wrong.append(text)

    def check(self) -> None:
        """Fail where something went wrong that the test did not expect."""
        wrong = [text for text in self.wrong if not any(re.search(pattern, text) for pattern in self.forgiven)]
        assert wrong == [], (self.page.url, wrong)


watches: dict[Page, Watch] = {}


def sign_in(page: Page, login: str, lang: str) -> None:
    """Sign in as a person would, and choose the language."""
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    if page.locator("html").get_attribute("lang") != lang:
        page.click(f'button[name=language][value="{lang}"]')


def forgive(page: Page, pattern: str) -> None:
    """Expect an error on a page, by a regular expression such as `status of 409`."""
    watches[page].forgiven.append(pattern)


def comes_true(page: Page, expression: str, seconds: float = 15.0) -> None:
    """Wait until an expression is true on a page; Playwright's `wait_for_function` needs eval, which pages forbid."""
    until(lambda: page.evaluate(expression), expression, seconds)


def axe(page: Page) -> None:
    """Fail where axe finds a serious or critical fault of accessibility."""
    found = Axe().run(page)
    faults = [
        f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']]}"
        for one in found.response["violations"]
        if one["impact"] in SERIOUS
    ]
    assert faults == [], page.url


def fits(page: Page) -> None:
    """Fail where a page is wider than its window: nobody scrolls sideways."""
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, (page.url, too_wide)


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page as build/screenshots/NAME.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
