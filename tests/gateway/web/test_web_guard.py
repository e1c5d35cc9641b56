"""Every page says whose it is; strangers, other roles, other sites and forms without a token are refused before it."""

import re

import pytest
from flask import Flask
from werkzeug.routing import Rule

from gateway.limits import Limit
from gateway.web import BLUEPRINTS, guard
from gateway.web.guard import page_for, page_for_anybody
from services.kit.http import access, public
from services.kit.identity import ROLES
from services.kit.testing import fresh
from tests.gateway.conftest import FakeService, Organisation
from tests.gateway.web.pages import Browser, browser, text_of

OPEN_TO_ANYBODY = {
    "/",
    "/sign-in",
    "/sign-out",
    "/language",
    "/join/<token>",
    "/offline",
    "/service-worker.js",
    "/manifest.webmanifest",
    "/assets/<digest>/<path:name>",
    # The code on a wall, and a report's own link.
    "/q/<code>",
    "/follow/<token>",
    "/follow/<token>/photos",
    "/follow/<token>/phone",
    # It says itself that nobody is signed in.
    "/call/session",
}
NAMES = {blueprint.name for blueprint in BLUEPRINTS}


def rules(app: Flask) -> list[Rule]:
    """Return the rules of all pages."""
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in NAMES]


def address(rule: Rule) -> str:
    """Return an address that a rule matches, of things that are not there, and of several names the first."""

    def filled(found: re.Match[str]) -> str:
        return found[2].partition(",")[0] if found[2] else fresh() if found[1] == "uuid:" else "1"

    return re.sub(r"<(any\(([\w,]+)\):|\w+:)?\w+>", filled, rule.rule)


def pages_of(app: Flask, method: str) -> list[Rule]:
    """Return the pages that take a method, and are not open to anybody."""
    return [rule for rule in rules(app) if method in (rule.methods or ()) and rule.rule not in OPEN_TO_ANYBODY]


@pytest.fixture
def signed_in(app: Flask, organisation: Organisation) -> dict[str, Browser]:
    """Return a browser for each role."""
    found = {role: browser(app) for role in ROLES}
    for role, one in found.items():
        one.sign_in(organisation.open(role)["login"])
    return found


def test_every_page_declares_whose_it_is(app: Flask) -> None:
    undeclared = [rule.rule for rule in rules(app) if guard.declared(app.view_functions[rule.endpoint]) is None]
    assert undeclared == []


def test_what_is_open_to_anybody_is_known(app: Flask) -> None:
    found = {rule.rule for rule in rules(app) if guard.declared(app.view_functions[rule.endpoint]) == frozenset()}
    assert found == OPEN_TO_ANYBODY


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_is_sent_to_sign_in_and_back(app: Flask, method: str) -> None:
    stranger = browser(app)
    pages = pages_of(app, method)
    assert pages or method == "POST"
    for rule in pages:
        answer = stranger.open(address(rule)) if method == "GET" else stranger.send(address(rule))
        assert answer.status_code == 303, (rule, answer.status_code)
        assert answer.headers["Location"].startswith("/sign-in"), rule


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_another_role_says_so(app: Flask, signed_in: dict[str, Browser], method: str) -> None:
    for rule in pages_of(app, method):
        for role in set(ROLES) - (guard.declared(app.view_functions[rule.endpoint]) or set()):
            one = signed_in[role]
            answer = one.open(address(rule)) if method == "GET" else one.send(address(rule))
            assert (answer.status_code, answer.mimetype) == (403, "text/html"), (rule, role)
            assert "not for your role" in text_of(answer)


def test_no_form_is_taken_without_its_token(
    app: Flask, signed_in: dict[str, Browser], services: dict[str, FakeService]
) -> None:
    for rule in rules(app):
        if "POST" not in (rule.methods or ()):
            continue
        for role in guard.declared(app.view_functions[rule.endpoint]) or {"resident"}:
            for token in ("", "made-up", browser(app).csrf()):
                asked = sum(len(fake.asked) for fake in services.values())
                answer = signed_in[role].send(address(rule), _csrf=token)
                assert answer.status_code == 400, (rule, role, token)
                assert "too old" in text_of(answer)
                assert sum(len(fake.asked) for fake in services.values()) == asked


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_sends_is_refused_even_with_the_token(
    app: Flask, signed_in: dict[str, Browser], site: str
) -> None:
    answer = signed_in["resident"].send("/sign-out", _headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert signed_in["resident"].open("/").status_code == 303


def test_a_page_that_declares_nothing_or_for_the_api_is_not_served(app: Flask) -> None:
    wrongs = (lambda view: view, public, access("resident"))
    for number, wrong in enumerate(wrongs):
        app.add_url_rule(f"/wrong/{number}", f"resident.wrong{number}", wrong(lambda: "secret"))
    for number in range(len(wrongs)):
        answer = browser(app).open(f"/wrong/{number}")
        assert answer.status_code in (401, 500)
        assert "secret" not in answer.text


def test_declaring_a_role_nobody_has_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="roles we know"):
        page_for("owner")
    with pytest.raises(ValueError, match="roles we know"):
        page_for()
    assert guard.declared(page_for_anybody(lambda: "")) == frozenset()


def test_a_visitor_who_asks_too_much_reads_when_to_come_back(build: object, organisation: Organisation) -> None:
    app = build(rate_limit=Limit(3, 60))  # type: ignore[operator]
    one = browser(app)
    answers = [one.open("/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].mimetype == "text/html"
    assert int(answers[-1].headers["Retry-After"]) > 0
    # The files of a page are nobody's and cost nothing: they come all the same.
    assert one.open("/offline").status_code == 200
