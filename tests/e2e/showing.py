"""The list of all screens, one file an area, and how each is opened."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from playwright.sync_api import Page

from tests.story.story_people import Person

LISTS = Path(__file__).with_name("screens")


@dataclass(frozen=True)
class Screen:
    """One screen, as screens/door.yaml explains."""

    area: str
    name: str
    path: str
    login: str | None = None
    take: dict[str, str] = field(default_factory=dict)
    click: tuple[str, ...] = ()
    status: int = 200
    file: bool = False

    def __str__(self) -> str:
        return f"{self.area}-{self.name}"


def listed() -> list[Screen]:
    """Return all that the lists name: screens, and files that a browser keeps and does not show."""
    return [screen for file in sorted(LISTS.glob("*.yaml")) for screen in _read(file)]


def screens() -> list[Screen]:
    """Return all screens of all areas."""
    return [screen for screen in listed() if not screen.file]


def _read(file: Path) -> Iterator[Screen]:
    for line in yaml.safe_load(file.read_text(encoding="utf-8")):
        yield Screen(file.stem, **{**line, "click": tuple(line.get("click", ()))})


def address(screen: Screen, person: Callable[[str], Person]) -> str:
    """Return where a screen is, with the ids of things that its login may see."""

    def taken(found: re.Match[str]) -> str:
        assert screen.login is not None, screen
        items = person(screen.login).get(screen.take[found[1]])["items"]
        assert items, f"{screen}: nothing at {screen.take[found[1]]}"
        return str(items[0]["id"])

    return re.sub(r"\{(\w+)\}", taken, screen.path)


def show(page: Page, screen: Screen, person: Callable[[str], Person]) -> None:
    """Open a screen; fails where its status is another one."""
    answer = page.goto(address(screen, person))
    assert answer is not None
    assert answer.status == screen.status, (screen, answer.status)
    for selector in screen.click:
        page.click(selector)
