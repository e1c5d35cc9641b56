"""The list of screens, which the browser tests and `make screenshots` go by, names every page there is to open."""

import re

from flask import Flask

from gateway.web import guard
from tests.e2e.showing import Screen, listed, screens
from tests.gateway.web.test_web_guard import rules

ID = "0193b3f2-1111-7000-8000-000000000001"
# Not for looking at: files, what scripts ask, and where a form leads.
NO_SCREENS = {
    "/assets/<digest>/<path:name>",
    "/service-worker.js",
    "/manifest.webmanifest",
    "/call/session",
    # Codes and links of visitors exist once somebody made them: test_e2e_resident_visitors looks at these pages.
    "/q/<code>",
    "/follow/<token>",
}


def endpoint(app: Flask, screen: Screen) -> str | None:
    """Return which page answers a screen's path."""
    path = re.sub(r"\{\w+\}", ID, screen.path).partition("?")[0]
    adapter = app.url_map.bind("")
    return adapter.match(path)[0] if adapter.test(path) else None


def test_every_screen_is_a_page_for_whoever_opens_it(app: Flask) -> None:
    for screen in screens():
        found = endpoint(app, screen)
        # A page may be there and say that what it is asked for is not.
        assert found is not None or screen.status == 404, screen
        if found is not None and screen.status == 200:
            roles = guard.declared(app.view_functions[found])
            assert roles is not None
            assert not roles or (screen.login or "").rstrip("0123456789") in roles, screen
        assert set(re.findall(r"\{(\w+)\}", screen.path)) == set(screen.take), screen


def test_no_two_screens_have_one_name() -> None:
    names = [str(screen) for screen in listed()]
    assert sorted(set(names)) == sorted(names)


def test_every_page_that_can_be_looked_at_is_listed(app: Flask) -> None:
    known = {endpoint(app, screen) for screen in listed()}
    missing = {
        rule.rule
        for rule in rules(app)
        if "GET" in (rule.methods or ()) and rule.rule not in NO_SCREENS and rule.endpoint not in known
    }
    assert missing == set(), "add them to tests/e2e/screens/"
