"""What a browser test does with a page: it is watched, signed in at, looked over by axe, measured and pictured."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright

from doorstep.sample import PASSWORD
from tests.waiting import until

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
LANGUAGES = ("zh-CN", "en")
WIDTHS = (360, 1280)
SERIOUS = ("serious", "critical")
Visit = Callable[..., Page]


def program() -> str:
    """Return Debian's Chromium, or the one that CHROMIUM names."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found, "no chromium: run .ci/install-chromium"
    return found


def arguments() -> list[str]:
    """Return what Chromium is told at its start: root has no sandbox to give, and a container little shared memory."""
    return ["--no-sandbox", "--disable-dev-shm-usage"] if os.geteuid() == 0 else []


def launch(playwright: Playwright) -> Browser:
    """Start the browser."""
    return playwright.chromium.launch(executable_path=program(), args=arguments())


def open_context(browser: Browser, url: str, *, width: int, lang: str, **more: Any) -> BrowserContext:
    """Open a browser of its own: a phone where it is narrow, and a screen with a keyboard where it is wide."""
    phone = width < 800
    as_usual: dict[str, Any] = {
        "base_url": url,
        "viewport": {"width": width, "height": 740 if phone else 900},
        "locale": lang,
        "timezone_id": "Asia/Shanghai",
        "has_touch": phone,
    }
    context = browser.new_context(**(as_usual | more))
    context.set_default_timeout(15_000)
    return context


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
    assert not faults, f"{page.url}: {faults}"


def fits(page: Page) -> None:
    """Fail where a page is wider than its window: nobody scrolls sideways."""
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, (page.url, too_wide)


_LOAD_PHOTOS = """async () => {
  const photos = [...document.images].filter((image) => image.src.includes("/photos/"));
  for (const photo of photos) photo.loading = "eager";
  await Promise.all(photos.map((photo) => photo.decode()));
  return photos.map((photo) => photo.src);
}"""


def entries_listed(page: Page) -> int:
    """Return how many entries the list on a page has, on all its pages."""
    found = page.locator("article.ticket").count()
    while page.locator("a[rel=next]").count():
        with page.expect_navigation():
            page.click("a[rel=next]")
        found += page.locator("article.ticket").count()
    return found


def weigh(page: Page, load: Callable[[], object]) -> float:
    """Return how many bytes come over the line while `load` opens a page with an empty cache, heads included.

    Photos count as the page shows them, those further down too. What a script fetches to keep, for a phone without
    signal, is not this page: other pages, and files once more.
    """
    tools = page.context.new_cdp_session(page)
    loaded: dict[str, float] = {}
    # What was asked for before belongs to the page before, also where it ends now.
    asked: set[str] = set()
    beside: set[str] = set()
    photos: dict[str, str] = {}

    def hear(one: dict[str, Any]) -> None:
        asset = urlsplit(one["response"]["url"]).path.startswith("/assets/")
        if one["type"] == "Fetch" and (asset or one["response"]["mimeType"] == "text/html"):
            beside.add(one["requestId"])
        if "/photos/" in one["response"]["url"]:
            photos[one["requestId"]] = one["response"]["url"]

    tools.on("Network.requestWillBeSent", lambda one: asked.add(one["requestId"]))
    tools.on("Network.responseReceived", hear)
    tools.on("Network.loadingFinished", lambda one: loaded.update({one["requestId"]: one["encodedDataLength"]}))
    tools.send("Network.enable")
    tools.send("Network.clearBrowserCache")
    load()
    page.wait_for_load_state("networkidle")
    shown = set(page.evaluate(_LOAD_PHOTOS))
    until(lambda: page.evaluate("true") and shown <= {photos[one] for one in photos.keys() & loaded.keys()}, "photos")
    tools.detach()
    return sum(size for request, size in loaded.items() if request in asked - beside)


def screenshot(page: Page, name: str) -> None:
    """Keep a picture of the whole page as build/screenshots/NAME.png."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
