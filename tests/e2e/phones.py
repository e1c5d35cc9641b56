"""A crew member's phone in tests: it keeps pages, loses its signal, changes hands, and takes photos."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from PIL import Image
from playwright.sync_api import FilePayload, Page

from doorstep.sample import PASSWORD
from tests.e2e.browsing import comes_true, forgive
from tests.story.story_people import Person

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


def sign_in_as(page: Page, login: str) -> None:
    page.goto("/sign-in")
    page.fill("#login", login)
    page.fill("#password", PASSWORD)
    page.click("main form button")
    page.wait_for_url("**/jobs")


def sign_out(page: Page) -> None:
    page.click(".site-tools form:last-child button")
    page.wait_for_url(re.compile(r"/$"))
