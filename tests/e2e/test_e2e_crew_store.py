"""What a phone keeps: one row for each act, whatever tab changes it."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import gateway.web.crew

pytestmark = pytest.mark.timeout(200)

SCRIPT = Path(gateway.web.crew.__file__).with_name("static") / "store.js"
# Keeps an act, lets each tab have its own copy of it, and lets them change it one after the other.
TOLD = """
async ([first, second]) => {
  await store.keep({ person: "p", state: "refused", key: "first" });
  const [one, other] = [(await store.all())[0], (await store.all())[0]];
  await store.change(one, first);
  await store.change(other, second);
  const { state, key } = (await store.all())[0];
  return [state, key, other.state];
}
"""


@pytest.fixture
def page(browser: Browser) -> Page:
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<title>a phone</title>"))
    page.goto("http://localhost/")
    script = SCRIPT.read_text(encoding="utf-8")
    page.add_script_tag(type="module", content=f"{script}\nwindow.store = {{ keep, change, all }};")
    page.wait_for_function("'store' in window")
    return page


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ({"state": "dropped"}, {"state": "waiting", "key": "second"}, ["dropped", "first", "refused"]),
        ({"state": "dropped"}, {"state": "sent"}, ["sent", "first", "sent"]),
        ({"state": "waiting", "key": "second"}, {"state": "sent"}, ["sent", "second", "sent"]),
    ],
    ids=["given up, then sent again", "given up while it arrived", "sent again, and arrived"],
)
def test_what_one_tab_gave_up_another_does_not_send(
    page: Page, first: dict[str, str], second: dict[str, str], kept: list[str]
) -> None:
    assert page.evaluate(TOLD, [first, second]) == kept
    page.close()
