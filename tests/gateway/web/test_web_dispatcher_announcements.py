"""Announcements without a browser: written and changed with the notice period in view, and told of what was told."""

from typing import Any

import orjson
import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.pages import Browser, answers, browser, path_of, query_of, text_of

ID = "0193b3f2-1111-7000-8000-000000000001"
GARDEN, ONE = "0193b3f2-2222-7000-8000-000000000001", "0193b3f2-3333-7000-8000-000000000001"
IT: dict[str, Any] = {
    "id": ID, "community_id": GARDEN, "community_name": "Garden", "kind": "water_outage", "planned": True,
    "kind_name": {"en": "Water outage", "zh-CN": "停水"}, "state": "drafted", "overdue": False,
    "starts_at": "2031-03-03T01:00:00+00:00", "ends_at": "2031-03-03T04:00:00+00:00", "publish_at": None,
    "title_zh": None, "body_zh": None, "title_en": "No water", "body_en": "A pump is replaced.",
    "ticket_id": None, "whole_community": False, "buildings": [{"id": ONE, "name": "Block 1"}], "units": [],
    "late_because": None,
}  # fmt: skip
LATE = {
    "rule": "cn", "source": "城市供水条例", "required_seconds": 86400, "in_time": False,
    "earliest_start": "2031-03-04T01:00:00+00:00",
}  # fmt: skip
TYPED = {
    "community_id": GARDEN, "kind": "water_outage", "planned": "y", "starts_at": "2031-03-03T09:00", "ends_at": "",
    "title_en": "No water", "body_en": "A valve is replaced.", "version": '"v3"',
}  # fmt: skip


@pytest.fixture
def desk(services: dict[str, FakeService]) -> dict[str, Any]:
    """Return what the desk answers, which a test may change."""
    told: dict[str, Any] = {
        f"/announcements/{ID}": json_answer(IT, ETag='"v3"'), f"PATCH /announcements/{ID}": IT,
        "POST /announcements": IT, "/announcements/notice": LATE,
        "/communities": {"items": [
            {"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai", "closed_at": None}]},
        f"/communities/{GARDEN}/buildings": {"items": [{"id": ONE, "name": "Block 1", "closed_at": None}]},
    }  # fmt: skip
    answers(services["tickets"], told)
    return told


@pytest.fixture
def dispatcher(app: Flask, desk: dict[str, Any], organisation: Organisation) -> Browser:
    visitor = browser(app)
    visitor.sign_in(organisation.open("dispatcher")["login"])
    return visitor


def sent(services: dict[str, FakeService], method: str) -> dict[str, Any]:
    return dict(orjson.loads([one for one in services["tickets"].asked if one["method"] == method][-1]["body"]))


def test_whether_it_comes_in_time_shows_before_it_is_kept(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    page = dispatcher.send("/board/announcements/new", **TYPED, look="notice")
    assert "Too late for the notice period." in text_of(page)
    assert "It may begin at the earliest: 4 Mar 2031 09:00" in text_of(page)
    assert "A valve is replaced." in page.text
    asked = query_of([one for one in services["tickets"].asked if path_of(one) == "/announcements/notice"][-1])
    assert (asked["starts_at"], asked["planned"]) == (["2031-03-03T09:00:00+08:00"], ["true"])
    assert not [one for one in services["tickets"].asked if one["method"] == "POST"]


def test_a_draft_is_kept_with_what_was_filled_in(dispatcher: Browser, services: dict[str, FakeService]) -> None:
    assert dispatcher.send("/board/announcements/new", **TYPED, building_ids=[ONE]).status_code == 303
    assert sent(services, "POST") == {
        "community_id": GARDEN, "kind": "water_outage", "planned": True, "building_ids": [ONE],
        "starts_at": "2031-03-03T09:00:00+08:00", "title_en": "No water", "body_en": "A valve is replaced.",
    }  # fmt: skip


def test_the_words_of_a_draft_are_changed_and_what_is_left_empty_is_taken_out(
    dispatcher: Browser, services: dict[str, FakeService]
) -> None:
    shown = dispatcher.open(f"/board/announcements/{ID}/change").text
    for filled in (
        "A pump is replaced.",
        'value="2031-03-03T09:00"',
        'checked class="form-check-input" id="building_ids-0"',
    ):
        assert filled in shown, filled
    answer = dispatcher.send(f"/board/announcements/{ID}/change", **TYPED)
    assert answer.status_code == 303
    assert sent(services, "PATCH") == {
        "kind": "water_outage", "planned": True, "building_ids": [], "ticket_id": None,
        "starts_at": "2031-03-03T09:00:00+08:00", "ends_at": None,
        "title_zh": None, "body_zh": None, "title_en": "No water", "body_en": "A valve is replaced.",
    }  # fmt: skip
    patch = next(one for one in services["tickets"].asked if one["method"] == "PATCH")
    assert patch["headers"]["if-match"] == '"v3"'


def test_of_what_residents_were_told_only_words_and_times_change(
    dispatcher: Browser, desk: dict[str, Any], services: dict[str, FakeService]
) -> None:
    published = IT | {"state": "published"}
    desk[f"/announcements/{ID}"] = json_answer(published, ETag='"v3"')
    desk[f"PATCH /announcements/{ID}"] = published | {"ends_at": None}
    page = dispatcher.open(f"/board/announcements/{ID}/change")
    assert "Residents were told already" in text_of(page)
    assert "For whom it is stays: Block 1." in text_of(page)
    dispatcher.send(f"/board/announcements/{ID}/change", **TYPED, late_because="A pipe burst")
    assert set(sent(services, "PATCH")) == {
        "starts_at", "ends_at", "title_zh", "body_zh", "title_en", "body_en", "late_because"
    }  # fmt: skip


def test_an_announcement_may_be_about_a_request(
    dispatcher: Browser, desk: dict[str, Any], services: dict[str, FakeService]
) -> None:
    desk[f"/tickets/{ONE}"] = {"id": ONE, "number": "D-7", "title": "A pipe burst"}
    page = dispatcher.open(f"/board/announcements/new?community_id={GARDEN}&ticket_id={ONE}")
    assert "D-7 A pipe burst" in text_of(page)
    assert f'name="ticket_id" type="hidden" value="{ONE}"' in page.text
    dispatcher.send("/board/announcements/new", **TYPED, ticket_id=ONE)
    assert sent(services, "POST")["ticket_id"] == ONE
