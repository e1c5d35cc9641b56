"""`make screenshots`: one picture per screen, language and width.

Of the desk at DOORSTEP_URL; else of the one that `make demo` left; else of a fresh one with a little of everything.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from doorstep.sample import PASSWORD
from doorstep.stack import Stack
from tests.e2e.browsing import LANGUAGES, SHOTS, WIDTHS, launch, open_context, screenshot, sign_in
from tests.e2e.preparing import prepare
from tests.e2e.showing import Screen, screens, show
from tests.story.story_people import QUICKLY, Desk, free_port

# Pictures are many requests from one address.
UNHURRIED = {name: value for name, value in QUICKLY.items() if name.endswith("_LIMIT")}
DEMO = Path(__file__).parents[2] / "var" / "demo"


@contextmanager
def running_desk() -> Iterator[Desk]:
    """Yield the desk that is to be pictured, started where it does not run."""
    url = os.environ.get("DOORSTEP_URL")
    if url:
        yield Desk(Running(url.rstrip("/")), [])
    elif (DEMO / "postgres").exists():
        # Its databases are its own, whatever else this machine has.
        os.environ.pop("DATABASE_URL", None)
        with _started(DEMO, UNHURRIED) as desk:
            yield desk
    else:
        with tempfile.TemporaryDirectory() as home, _started(Path(home), QUICKLY) as desk:
            prepare(desk)
            yield desk


@contextmanager
def _started(home: Path, env: dict[str, str]) -> Iterator[Desk]:
    stack = Stack(home, free_port(), broker="rabbitmq", extra_env=env, echo=lambda _line: None)
    stack.start()
    try:
        yield Desk(stack, [])
    finally:
        stack.stop()


class Running(Stack):
    """A desk that somebody else runs."""

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """Where it is."""
        return self._url


def take(browser: Browser, desk: Desk, wanted: list[Screen]) -> tuple[int, list[str]]:
    """Take the pictures; returns how many, and which screens could not be shown and why."""
    taken, missing = 0, []
    for lang in LANGUAGES:
        for width in WIDTHS:
            for login in sorted({screen.login or "" for screen in wanted}):
                context = open_context(browser, desk.stack.url, width=width, lang=lang)
                page = context.new_page()
                if login:
                    sign_in(page, login, lang)
                for screen in wanted:
                    if (screen.login or "") != login:
                        continue
                    try:
                        show(page, screen, lambda name: desk.person(name, PASSWORD))
                        screenshot(page, f"{screen}-{lang}-{width}")
                        taken += 1
                    except (AssertionError, PlaywrightError) as problem:
                        missing.append(f"{screen}: {str(problem).splitlines()[0]}")
                context.close()
    return taken, missing


def main(areas: list[str]) -> None:
    """Take the pictures of these areas, or of all."""
    wanted = [screen for screen in screens() if not areas or screen.area in areas]
    with running_desk() as desk, sync_playwright() as playwright:
        taken, missing = take(launch(playwright), desk, wanted)
    sys.stdout.write(f"{taken} pictures of {len(wanted)} screens in {SHOTS}\n")
    if missing:
        sys.exit("Not shown:\n" + "\n".join(sorted(set(missing))))


if __name__ == "__main__":
    main(sys.argv[1:])
