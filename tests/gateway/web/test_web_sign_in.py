"""Signing in and out at a browser, and who may open what."""

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation
from tests.gateway.web.pages import answers, browser, text_of

HOMES = {"resident": "/my", "crew": "/jobs", "dispatcher": "/board", "manager": "/manage", "admin": "/admin"}
# Managers may do what the desk does.
ALSO = {("manager", "dispatcher")}
PLACES = {"items": [{"id": "c", "name": "Garden", "timezone": "Asia/Shanghai"}]}
FIGURES = {
    "/communities": PLACES,
    "/complaints": {"items": []},
    "/reports/attainment": {"communities": []},
    "/reports/sla": {"groups": [], "total": {"filed": 0, "tickets": "", "flawless": None, "clocks": {}}},
}
CONTENT = {"value": None, "interval": None, "n": 0}
VOICES = {"groups": [], "total": {"household": {"csat": CONTENT}, "behind": {"rated": ""}}}


@pytest.mark.parametrize("role", HOMES)
def test_each_role_signs_in_and_begins_at_its_own_page(
    app: Flask, services: dict[str, FakeService], organisation: Organisation, role: str
) -> None:
    empty = {"items": []}
    lists = dict.fromkeys(("/tickets", "/announcements", "/staff", "/jobs", "/pool"), empty)
    lists["/board"] = {**empty, "counts": []}
    answers(services["tickets"], {**lists, "/communities": PLACES})
    visitor = browser(app)
    answer = visitor.sign_in(organisation.open(role)["login"])
    assert (answer.status_code, answer.headers["Location"]) == (303, "/"), text_of(answer)
    assert visitor.open("/").headers["Location"] == HOMES[role]
    if role == "manager":
        answers(services["tickets"], FIGURES)
        answers(services["notify"], {"/incidents": {"items": []}})
        answers(services["surveys"], {"/reports/satisfaction": VOICES})
    page = visitor.open(HOMES[role])
    assert page.status_code == 200, text_of(page)
    assert "Sign out" in text_of(page)
    for other, home in HOMES.items():
        if other != role and (role, other) not in ALSO:
            refused = visitor.open(home)
            assert (refused.status_code, refused.mimetype) == (403, "text/html")
            assert role in text_of(refused)
