"""Every screen of every area: nothing goes wrong on it, it fits a narrow phone, axe finds no fault, and it is light."""

from collections.abc import Callable

import pytest

from tests.e2e.browsing import Visit, axe, fits, forgive, weigh
from tests.e2e.preparing import prepare
from tests.e2e.showing import Screen, screens, show
from tests.story.story_people import Desk, Person

pytestmark = pytest.mark.timeout(400)

MOST_BYTES = 100_000


@pytest.fixture(scope="module", autouse=True)
def _something_to_show(desk: Desk) -> None:
    prepare(desk)


@pytest.mark.parametrize("screen", screens(), ids=str)
def test_a_screen_is_sound(visit: Visit, person: Callable[[str], Person], screen: Screen) -> None:
    page = visit(screen.login, service_workers="block")
    if screen.status >= 400:
        forgive(page, f"status of {screen.status}")
    weight = weigh(page, lambda: show(page, screen, person))
    fits(page)
    axe(page)
    assert page.locator("h1").count() == 1
    assert 0 < weight < MOST_BYTES, weight
