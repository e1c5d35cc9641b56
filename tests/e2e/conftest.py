"""One whole desk and one real browser for all these tests; a page fails its test by any error it has on the way."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from doorstep import private_rabbitmq
from doorstep.sample import PASSWORD
from doorstep.stack import Stack
from tests.story.story_people import QUICKLY, Desk, Person, free_port

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
LANGUAGES = ("zh-CN", "en")
SERIOUS = ("serious", "critical")
Visit = Callable[..., Page]


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a running desk with the sample organisation, on servers of its own."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        if private_rabbitmq.find_server():
            patch.delenv("AMQP_URL", raising=False)
        home = tmp_path_factory.mktemp("desk")
        stack = Stack(home, free_port(), broker="rabbitmq", extra_env=QUICKLY, echo=said.append)
        stack.start()
        yield Desk(stack, said)
        stack.stop()


@pytest.fixture
def person(desk: Desk) -> Callable[[str], Person]:
    """Return a function that signs somebody of the sample in at the API, to prepare what a page shall show."""
    return lambda login: desk.person(login, PASSWORD)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, or the one that CHROMIUM names."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert program, "no chromium: run .ci/install-chromium"
    # Root has no sandbox to give, and a container little shared memory.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=arguments)
        yield chromium
        chromium.close()


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


_watches: dict[Page, Watch] = {}


@pytest.fixture
def visit(desk: Desk, browser: Browser) -> Iterator[Visit]:
    """Return a function that opens a page in a browser of its own: signed in as `login`, or as a stranger.

    `visit("resident1", "/my", width=360, lang="zh-CN")`; more arguments are those of Playwright's `new_context`, such
    as `java_script_enabled=False`. The test fails by any error of a script, violation of the page's policy, or 5xx.
    """
    opened = []

    def open_page(
        login: str | None = None, path: str = "/", *, width: int = 360, lang: str = "zh-CN", **more: Any
    ) -> Page:
        height = 740 if width < 800 else 900
        context = browser.new_context(
            base_url=desk.stack.url,
            viewport={"width": width, "height": height},
            locale=lang,
            timezone_id="Asia/Shanghai",
            has_touch=width < 800,
            **more,
        )
        context.set_default_timeout(15_000)
        page = context.new_page()
        _watches[page] = Watch(page)
        opened.append((context, page))
        if login is not None:
            sign_in(page, login, lang)
        page.goto(path)
        return page

    yield open_page
    for context, _page in opened:
        context.close()
    for _context, page in opened:
        _watches.pop(page).check()


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
    _watches[page].forgiven.append(pattern)


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
