"""One whole desk and one real browser for all these tests; a page fails its test by any error it has on the way."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from doorstep import private_rabbitmq
from doorstep.sample import PASSWORD
from doorstep.stack import Stack
from services.kit import clock
from services.kit.identity import expiry
from tests.e2e.browsing import (
    Visit,
    Watch,
    axe,
    comes_true,
    fits,
    forgive,
    launch,
    open_context,
    screenshot,
    sign_in,
    watches,
    weigh,
)
from tests.story.story_people import QUICKLY, Desk, Person, free_port

# As the other folders' tests do, these may be imported by name: from here or from tests.e2e.browsing.
__all__ = ["Visit", "axe", "comes_true", "fits", "forgive", "screenshot", "weigh"]


# Given back when the folder is done: two desks at a time, or a browser beside other tests, are too much.
@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a running desk with the sample organisation, on servers of its own."""
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        if private_rabbitmq.find_server():
            patch.delenv("AMQP_URL", raising=False)
        home = tmp_path_factory.mktemp("desk")
        # A push service of a test's own is on this machine.
        env = {**QUICKLY, "NOTIFY_ALLOW_LOOPBACK": "yes"}
        stack = Stack(home, free_port(), broker="rabbitmq", extra_env=env, echo=said.append)
        stack.start()
        yield Desk(stack, said)
        stack.stop()


@pytest.fixture
def person(desk: Desk) -> Callable[[str], Person]:
    """Return a function that signs somebody of the sample in at the API, to prepare what a page shall show."""

    def signed_in(login: str) -> Person:
        known = desk.people.get(login)
        # The folder takes longer than a token lives.
        if known is not None and expiry(known.token) < clock.now().timestamp() + 300:
            del desk.people[login]
        return desk.person(login, PASSWORD)

    return signed_in


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Return Debian's Chromium, or the one that CHROMIUM names."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


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
        context = open_context(browser, desk.stack.url, width=width, lang=lang, **more)
        page = context.new_page()
        watches[page] = Watch(page)
        opened.append((context, page))
        if login is not None:
            sign_in(page, login, lang)
        page.goto(path)
        return page

    yield open_page
    for context, _page in opened:
        context.close()
    for _context, page in opened:
        watches.pop(page).check()
