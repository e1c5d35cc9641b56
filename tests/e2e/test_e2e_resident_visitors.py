"""Behind a code on a lift: no account is needed, the report's own link follows it, and a photo can be added."""

import io
import re
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.e2e.browsing import LANGUAGES, WIDTHS, Visit, axe, fits, forgive, screenshot, weigh
from tests.story.story_people import Person

pytestmark = pytest.mark.timeout(400)

People = Callable[[str], Person]
MOST_BYTES = 100_000


@pytest.fixture
def code(person: People) -> Callable[..., str]:
    """Return a function that puts up a code in the garden, or somewhere that belongs to a home."""

    def put_up(kind: str = "lift", shared: bool = True) -> str:
        admin = person("admin1")
        place = admin.get("/communities")["items"][0]["id"]
        spot = {
            "community_id": place,
            "name": f"北门 {kind}",
            "name_en": f"North {kind}",
            "kind": kind,
            "shared": shared,
        }
        made: str = admin.ask("POST", "/spots", spot).ok()["code"]
        return made

    return put_up


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_passer_by_reports_and_follows(visit: Visit, code: Callable[..., str], lang: str, width: int) -> None:
    path = f"/q/{code('lift')}"
    page = visit(None, "/offline", lang=lang, width=width, service_workers="block")
    weight = weigh(page, lambda: page.goto(path))
    assert weight < MOST_BYTES
    expect(page.locator("h1")).to_contain_text("北门" if lang == "zh-CN" else "North")
    axe(page)
    fits(page)
    screenshot(page, f"visitors-scan-{lang}-{width}")
    page.fill("#description", "门关不严，一直响")
    page.fill("#phone", "138 0013 8000")
    page.click("main form button")
    page.wait_for_url(re.compile("/follow/"))
    expect(page.locator(".alert-success")).to_be_visible()
    axe(page)
    fits(page)
    screenshot(page, f"visitors-follow-{lang}-{width}")
    picture = io.BytesIO()
    Image.new("RGB", (300, 200), "teal").save(picture, "JPEG")
    page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()})
    page.locator("form[enctype] button").click()
    expect(page.locator(".alert-success")).to_be_visible()
    page.locator("form.act button").click()
    expect(page.locator("form.act")).to_have_count(0)
    page.goto(path)
    expect(page.locator(".card-wait")).to_be_visible()


def test_without_scripts_too(visit: Visit, code: Callable[..., str]) -> None:
    page = visit(None, f"/q/{code('garden')}", lang="en", java_script_enabled=False)
    page.fill("#description", "A lamp is broken in the garden.")
    page.click("main form button")
    page.wait_for_url(re.compile("/follow/"))


def test_a_resident_who_is_signed_in_reports_as_themselves(
    visit: Visit, code: Callable[..., str], person: People
) -> None:
    page = visit("resident1", f"/q/{code('gate')}", lang="en")
    page.click("text=Report it as yourself")
    page.fill("#description", "The gate does not close. 大门关不上")
    page.click("main form button")
    page.click("main form > button.btn-big")
    page.wait_for_url(re.compile(r"/my/[0-9a-f-]{36}"))
    ticket = person("resident1").get(f"/tickets/{page.url.rsplit('/', 1)[1]}")
    assert ticket["spot_id"]


def test_what_belongs_to_a_home_asks_to_sign_in(visit: Visit, code: Callable[..., str]) -> None:
    page = visit(None, f"/q/{code('door', shared=False)}", lang="en")
    expect(page.locator("textarea")).to_have_count(0)
    page.click("main a.btn")
    expect(page.locator("#login")).to_be_visible()


@pytest.mark.parametrize("path", ["/q/aaaaaaaaaaaaaaaaaa", "/follow/made-up"])
def test_a_code_or_link_that_is_over_says_so(visit: Visit, path: str) -> None:
    page = visit(None, "/", lang="en")
    forgive(page, "status of 404")
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == 404
    axe(page)
