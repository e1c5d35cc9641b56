"""Who saw what, narrowed to a person and to a home that is named by words."""

from typing import Any

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, query_of, text_of

HOMES = [
    {"id": f"0193b3f2-1111-7000-8000-00000000000{n}", "name": "101", "building": f"{n}栋", "code": f"H{n}",
     "closed_at": None, "community": {"id": "0193b3f2-1111-7000-8000-0000000000aa", "name": "Garden"}}
    for n in (1, 2)
]  # fmt: skip
LOOK = {
    "id": "0193b3f2-1111-7000-8000-0000000000b1", "at": "2026-11-22T01:00:00+00:00", "viewer_name": "Desk 1",
    "viewer_id": "0193b3f2-1111-7000-8000-0000000000c1", "viewer_role": "dispatcher", "ticket_id": None,
    "what": "household", "unit_id": HOMES[0]["id"], "subject": "1栋 101", "reason": "call", "purpose": None,
}  # fmt: skip


@pytest.fixture
def manager(app: Flask, organisation: Organisation, services: dict[str, FakeService]) -> Browser:
    """A manager who is signed in."""
    found = browser(app)
    found.sign_in(organisation.open("manager")["login"])
    return found


def serve(services: dict[str, FakeService], homes: list[dict[str, Any]]) -> None:
    """Let the services tell of one look, and of these homes."""
    staff = {"items": [{"id": LOOK["viewer_id"], "badge": "Desk 1", "role": "dispatcher"}]}
    told = {"/looks": {"items": [LOOK]}, "/staff": staff, "/units": {"items": homes}, "/communities": {"items": []}}
    answers(services["tickets"], told)
    for name in ("surveys", "notify"):
        services[name].answer = lambda _asked: json_answer({"items": []})


def test_a_home_named_by_words_narrows_the_list(manager: Browser, services: dict[str, FakeService]) -> None:
    serve(services, HOMES[:1])
    said = text_of(manager.open(f"/manage/views?home=1+101&viewer_id={LOOK['viewer_id']}"))
    assert "Only what concerns 1栋 101" in said
    assert "the record of home 1栋 101" in said
    asked = next(one for one in services["tickets"].asked if one["path"].startswith("/api/v1/looks"))
    assert query_of(asked)["unit_id"] == [HOMES[0]["id"]]
    assert query_of(asked)["viewer_id"] == [LOOK["viewer_id"]]


@pytest.mark.parametrize(("homes", "words"), [(HOMES, "Several homes are called that"), ([], "No home is called that")])
def test_a_home_that_is_not_one_shows_no_list(
    manager: Browser, services: dict[str, FakeService], homes: list[dict[str, Any]], words: str
) -> None:
    serve(services, homes)
    assert words in text_of(manager.open("/manage/views?home=101"))
    assert not any(one["path"].startswith("/api/v1/looks") for one in services["tickets"].asked)


def test_every_look_at_a_home_leads_to_the_others_at_it(manager: Browser, services: dict[str, FakeService]) -> None:
    serve(services, [])
    assert f"unit_id={LOOK['unit_id']}" in manager.open("/manage/views").text
