"""Where somebody is: every page of an area marks the entry of the navigation that it belongs to, and one alone."""

import re

import pytest
from flask import Flask

from gateway.web.page import section
from tests.e2e.showing import listed
from tests.gateway.web.test_web_screens import ID

OWN = {"resident": "/my", "crew": "/jobs", "dispatcher": "/board", "manager": "/manage", "admin": "/admin"}


def marked(app: Flask, role: str, path: str) -> str | None:
    """Return the endpoint of the entry that a page marks for a role."""
    with app.test_request_context(path):
        found = section(app.extensions["doorstep.navigation"][role])
    return found.endpoint if found else None


@pytest.mark.parametrize(
    ("role", "path", "entry"),
    [
        ("resident", "/my", "resident.home"),
        ("resident", f"/my/{ID}", "resident.home"),
        ("resident", "/my/new/other", "resident.new_request"),
        ("resident", f"/my/events/{ID}", "resident.neighbours"),
        ("resident", f"/my/home/{ID}", "resident.myself"),
        ("crew", f"/jobs/{ID}", "crew.jobs"),
        ("crew", "/jobs/pool", "crew.pool"),
        ("dispatcher", f"/board/tickets/{ID}", "dispatcher.board"),
        ("dispatcher", "/board/file", "dispatcher.new_filing"),
        ("dispatcher", f"/board/plans/{ID}/change", "dispatcher.more"),
        ("manager", "/manage/trend", "management.overview"),
        ("manager", f"/manage/tickets/{ID}", "management.overview"),
        ("manager", "/manage/waits", "management.levels"),
        ("manager", f"/manage/campaigns/{ID}/report", "management.satisfaction"),
        ("manager", f"/manage/terms/{ID}/targets", "management.terms"),
        ("manager", "/admin/catalogue/new", "management.terms"),
        ("manager", "/manage/views", "management.approvals"),
        ("manager", f"/board/tickets/{ID}", None),
        ("admin", f"/admin/accounts/{ID}", "admin.accounts"),
        ("admin", f"/admin/places/{ID}/spots", "admin.communities"),
        ("admin", f"/admin/webhooks/{ID}", "admin.more"),
        ("admin", "/admin/residents/import", "admin.more"),
        ("admin", "/account", None),
    ],
)
def test_a_page_marks_the_entry_it_belongs_to(app: Flask, role: str, path: str, entry: str | None) -> None:
    assert marked(app, role, path) == entry


def test_every_page_of_a_roles_own_area_marks_an_entry(app: Flask) -> None:
    for screen in listed():
        role = re.sub(r"\d+$", "", screen.login or "")
        path = re.sub(r"\{\w+\}", ID, screen.path).partition("?")[0]
        if role in OWN and path.startswith(OWN[role]):
            assert marked(app, role, path) is not None, path
