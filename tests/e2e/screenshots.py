"""`make screenshots`: one picture per screen, language and width, of the desk at DOORSTEP_URL or of a fresh one."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from doorstep.sample import PASSWORD
from doorstep.stack import Stack
from tests.e2e.browsing import LANGUAGES, SHOTS, WIDTHS, launch, open_context, screenshot, sign_in
from tests.e2e.preparing import prepare
from tests.e2e.showing import Screen, screens, show
from tests.story.story_people import QUICKLY, Desk, free_port


@contextmanager
def running_desk() -> Iterator[Desk]:
    """Yield the desk that DOORSTEP_URL names, or a fresh one with the sample organisation and one request."""
    url = os.environ.get("DOORSTEP_URL")
    if url:
        yield Desk(Running(url.rstrip("/")), [])
        return
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home), free_port(), broker="rabbitmq", extra_env=QUICKLY, echo=lambda _line: None)
        stack.start()
        desk = Desk(stack, [])
        prepare(desk)
        yield desk
        stack.stop()


class Running(Stack):
    """A desk that somebody else runs."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """Where it is."""
        return self._url


def take(browser: Browser, desk: Desk, wanted: list[Screen]) -> int:
    """Take the pictures; returns how many."""
    taken = 0
    for lang in LANGUAGES:
        for width in WIDTHS:
            for login in sorted({screen.login or "" for screen in wanted}):
                context = open_context(browser, desk.stack.url, width=width, lang=lang)
                page = context.new_page()
                if login:
                    sign_in(page, login, lang)
                for screen in wanted:
                    if (screen.login or "") == login:
                        show(page, screen, lambda name: desk.person(name, PASSWORD))
                        screenshot(page, f"{screen}-{lang}-{width}")
                        taken += 1
                context.close()
    return taken


def main(areas: list[str]) -> None:
    """Take the pictures of these areas, or of all."""
    wanted = [screen for screen in screens() if not areas or screen.area in areas]
    with running_desk() as desk, sync_playwright() as playwright:
        taken = take(launch(playwright), desk, wanted)
    sys.stdout.write(f"{taken} pictures of {len(wanted)} screens in {SHOTS}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
