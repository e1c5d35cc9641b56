"""A phone is told: it subscribes, the desk encrypts for it, it decrypts and shows, and a tap opens the page.

Everything is the real thing (browser, keys, desk, workers) but three: the vendor's push service is one of our own (see
push_service.py); the address that the browser names for it, which is the vendor's, is rewritten to ours on its way to
the desk; and a tap on a notification, which the operating system reports, is told to the service worker by the test.
"""

import base64
import re
from collections.abc import Callable, Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.browsing import Watch, arguments, axe, comes_true, fits, program, sign_in
from tests.e2e.push_service import ENDPOINT, PushService, push_service
from tests.story.story_people import Desk, Person

pytestmark = pytest.mark.timeout(400)

PATIENCE_MS = 60_000
NOTICES = "navigator.serviceWorker.ready.then((one) => one.getNotifications())"
SHOWN = f"{NOTICES}.then((all) => all.map((one) => one.title + '\\n' + one.body))"
# The page that a tap on the notification would open.
TAP = """async (words) => {
  const notice = (await self.registration.getNotifications()).find((one) => (one.title + one.body).includes(words));
  const opened = [];
  self.clients.openWindow = async (address) => opened.push(address);
  const tap = new NotificationEvent("notificationclick", { notification: notice });
  tap.waitUntil = () => {};
  self.dispatchEvent(tap);
  return opened;
}"""


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PushService]:
    with push_service(tmp_path_factory.mktemp("push")) as running:
        yield running


@pytest.fixture
def phone(
    desk: Desk, browser: Browser, service: PushService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str, str], Page]]:
    """Return a function that signs somebody in on a phone of their own, which allows notifications."""
    opened: list[tuple[Page, Watch]] = []

    def sign_in_on_a_phone(login: str, lang: str) -> Page:
        # With a folder of its own: what browses privately, as other tests do, takes no pushes.
        context = browser.browser_type.launch_persistent_context(
            tmp_path_factory.mktemp("phone"),
            executable_path=program(),
            args=[*arguments(), *service.switches],
            base_url=desk.stack.url,
            permissions=["notifications"],
            viewport={"width": 360, "height": 740},
            locale=lang,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.pages[0]
        opened.append((page, Watch(page)))
        page.route("**/call/api/v1/push-subscriptions", lambda route: _with_our_address(route, service))
        sign_in(page, login, lang)
        return page

    yield sign_in_on_a_phone
    for page, _watch in opened:
        page.context.close()
    for _page, watch in opened:
        watch.check()


def _with_our_address(route: Route, service: PushService) -> None:
    said = route.request.post_data_json
    token = said["endpoint"].rsplit("/", 1)[1]
    route.continue_(post_data={**said, "endpoint": f"{service.url}{ENDPOINT}{token}"})


def allow(page: Page, said: str) -> str:
    """Let this phone be told, as a person does; returns the desk's key."""
    button = page.locator("#push-on")
    expect(button).to_be_visible(timeout=PATIENCE_MS)
    axe(page)
    fits(page)
    button.click()
    expect(page.locator("#push-state")).to_have_text(said, timeout=PATIENCE_MS)
    key = page.locator("#push").get_attribute("data-key")
    assert key
    return key


def is_signed(headers: dict[str, str], key: str, url: str) -> bool:
    """True where a push is signed by whom the browser was told to take pushes from (RFC 8292)."""
    parts = dict(part.split("=", 1) for part in headers["authorization"].removeprefix("vapid ").split(","))
    point = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    return parts["k"] == key and jwt.decode(parts["t"], public, algorithms=["ES256"], audience=url)["aud"] == url


def tap(page: Page, words: str) -> str:
    """Tap on the notification that holds these words; returns the address of the page it opens."""
    (worker,) = page.context.service_workers
    (address,) = worker.evaluate(TAP, words)
    return str(address)


def shown_on(page: Page, words: str) -> str:
    """Wait for the notification that holds these words; returns all of it."""
    comes_true(page, f"{SHOWN}.then((all) => all.some((one) => one.includes({words!r})))", PATIENCE_MS / 1000)
    return str(next(one for one in page.evaluate(SHOWN) if words in one))


def test_a_resident_is_told_on_the_phone_and_a_tap_opens_the_request(
    phone: Callable[[str, str], Page], person: Callable[[str], Person], service: PushService
) -> None:
    page = phone("other-resident1", "zh-CN")
    page.goto("/my/me")
    key = allow(page, "这部手机会收到提醒。")
    resident = person("other-resident1")
    (device,) = resident.get("/push-subscriptions")["items"]
    assert device["host"] == "127.0.0.1"

    ticket = resident.file("厨房水龙头漏水，请来修")
    shown = shown_on(page, ticket["number"])

    _path, headers, body = service.taken[0]
    assert (headers["content-encoding"], is_signed(headers, key, service.url)) == ("aes128gcm", True)
    assert not any(line.encode() in body for line in shown.splitlines()), "only the phone can read it"
    page.goto(tap(page, ticket["number"]))
    expect(page).to_have_url(re.compile(f"/my/{ticket['id']}$"))
    page.goto("/my/me")
    page.locator("#push").get_by_role("button", name="停用").click()
    expect(page.locator("#push form")).to_have_count(0)
    assert resident.get("/push-subscriptions")["items"] == []


def test_a_crew_member_is_told_of_a_job_that_was_given_to_them(
    phone: Callable[[str, str], Page], person: Callable[[str], Person]
) -> None:
    page = phone("crew3", "en")
    page.goto("/account")
    allow(page, "This phone is told.")
    crew = person("crew3").get("/me")["id"]
    ticket = person("resident1").file("卧室门锁打不开")
    person("dispatcher1").step(ticket, "assign", to=crew).ok()
    shown_on(page, ticket["number"])
    page.goto(tap(page, ticket["number"]))
    expect(page).to_have_url(re.compile(f"/jobs/{ticket['id']}$"))
