"""A resident's requests: what waits for their word first, and no guess at when somebody comes who is there."""

from typing import Any

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation
from tests.gateway.web.pages import Browser, answers, browser, text_of

ID = "0193b3f2-1111-7000-8000-000000000001"
OTHER = "0193b3f2-1111-7000-8000-000000000002"
GARDEN = "0193b3f2-2222-7000-8000-000000000001"


def wait(measure: str, sentence: str) -> dict[str, Any]:
    return {"measure": measure, "sentence": {"zh-CN": sentence, "en": sentence}}


TICKET: dict[str, Any] = {
    "id": ID, "number": "D-1", "title": "厨房漏水", "description": "水槽下面漏水", "status": "claimed",
    "work_type": "repair", "catalogue_code": "plumbing-repair", "catalogue_name": {"zh-CN": "水管", "en": "Plumbing"},
    "community_id": GARDEN, "community_name": "Garden", "unit_id": OTHER, "unit_name": "1-101", "location": None,
    "urgency": "routine", "need_level": 1, "filed_at": "2026-11-22T06:00:00+00:00", "version": 3, "joined_to": None,
    "promised_at": None, "waiting_reason": None, "paused_until": None, "appointment": None,
    "owner": {"kind": "person", "id": OTHER, "name": "C-1", "desk": None}, "actions": ["comment"],
    "waits": [wait("attend", "Within two hours."), wait("resolve", "Within a day.")],
}  # fmt: skip
AT = f"/tickets/{ID}"
CASE: dict[str, Any] = {
    "status": "acknowledged", "step": "offered", "actions": ["choose"], "restated": "您希望我们道歉", "chosen": None,
    "options": [
        {"number": 1, "what": "当面道歉", "by": "2026-11-23T06:00:00+00:00"},
        {"number": 2, "what": "书面道歉", "by": "2026-11-24T06:00:00+00:00"},
    ],
    "chosen_by_role": None, "investigate_until": None, "promised_at": None, "answer": None,
}  # fmt: skip


def desk(**changes: Any) -> dict[str, Any]:
    empty = {f"{AT}/{name}": {"items": []} for name in ("history", "comments", "photos", "clocks", "appointments")}
    places = {"/communities": {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}}
    joined = {"lead": None, "count": 0, "joined": []}
    return {**empty, **places, f"{AT}/joined": joined, AT: {**TICKET, **changes}}


@pytest.fixture
def resident(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a resident's browser."""
    answers(services["surveys"], {"/return-visits": {"items": []}, "/campaigns": {"items": []}})
    answers(services["notify"], {"/notices": {"items": []}})
    visitor = browser(app)
    visitor.sign_in(organisation.open("resident")["login"])
    return visitor


@pytest.mark.parametrize(("status", "comes"), [("claimed", True), ("on_the_way", True), ("on_site", False)])
def test_when_they_come_is_estimated_until_they_are_there(
    resident: Browser, services: dict[str, FakeService], status: str, comes: bool
) -> None:
    answers(services["tickets"], desk(status=status))
    told = text_of(resident.open(f"/my/{ID}"))
    assert ("Within two hours." in told, "Within a day." in told) == (comes, True)


def test_what_waits_for_the_residents_word_stands_first(resident: Browser, services: dict[str, FakeService]) -> None:
    done = {**TICKET, "id": OTHER, "title": "灯不亮", "status": "completed", "actions": ["confirm", "reopen"]}
    listed = {"/tickets": {"items": [TICKET, done]}, "/announcements": {"items": []}}
    answers(services["tickets"], {**desk(), **listed})
    told = text_of(resident.open("/my"))
    assert told.index("灯不亮") < told.index("厨房漏水")


def test_a_complaint_is_chosen_for_by_who_made_it(resident: Browser, services: dict[str, FakeService]) -> None:
    case = {f"{AT}/complaint": CASE}
    answers(services["tickets"], {**desk(work_type="complaint", status="acknowledged"), **case})
    page = resident.open(f"/my/{ID}")
    told = text_of(page)
    for part in ("There are ways to put it right. You choose.", "您希望我们道歉", "当面道歉", "书面道歉"):
        assert part in told
    chosen = {**CASE, "step": "chosen", "actions": [], "chosen": 2, "chosen_by_role": "resident"}
    answers(
        services["tickets"],
        {
            **desk(work_type="complaint", status="acknowledged"),
            f"{AT}/complaint": chosen,
            f"POST {AT}/complaint/choose": chosen,
        },
    )
    assert resident.send(f"/my/{ID}/choose", option="2").headers["Location"] == f"/my/{ID}"
    told = text_of(resident.open(f"/my/{ID}"))
    assert "You chose ✓ 书面道歉" in told
    assert "当面道歉" not in told
