"""Rounds, jobs with one cause and complaints on the crew's pages, by plain forms."""

import io
from typing import Any

import pytest
from flask import Flask

from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.crew_desk import AT, DESK, ID, JOB, OTHER, TICKET, sent
from tests.gateway.web.pages import Browser, answers, browser, path_of, text_of

PHOTO = "0193b3f2-3333-7000-8000-000000000001"
POINT: dict[str, Any] = {
    "n": 2, "name": "水泵房", "instruction": None, "needs_code": True, "result": None, "note": None, "photo_id": None,
    "repair_ticket_id": None,
}  # fmt: skip
LIKE: dict[str, Any] = {
    "ticket_id": OTHER, "number": "D-2", "title": "楼道也漏水", "unit_name": "1-201", "building": "1",
    "status": "filed", "since": "2026-11-22T07:00:00+00:00",
}  # fmt: skip
CASE: dict[str, Any] = {
    "status": "in_progress", "step": "assessed", "stage": "negotiate", "actions": ["assess", "settle"],
    "severity": "minor", "emotion": "calm", "approval_late_at": None, "wanted": "一个道歉", "restated": "您要我们道歉",
    "cause": "staff_conduct", "justified": True, "settle_at_once": True, "department": "维修", "assessment": "属实",
    "promised_at": None, "answer": None, "outcome": None, "lesson": None, "options": [], "chosen": None,
    "approval_due_at": None,
}  # fmt: skip


@pytest.fixture
def crew(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a crew member's browser at a desk with one job."""
    answers(services["tickets"], DESK)
    visitor = browser(app)
    visitor.sign_in(organisation.open("crew")["login"])
    return visitor


def test_a_checkpoint_is_ticked_off_with_a_photo_of_it(crew: Browser, services: dict[str, FakeService]) -> None:
    posts = {f"POST {AT}/photos": {"id": PHOTO}, f"POST {AT}/checkpoints/2": POINT}
    answers(services["tickets"], {**DESK, **posts})
    picture = (io.BytesIO(b"a picture"), "a.jpg")
    answer = crew.send(f"/jobs/{ID}/checkpoints/2/photos", result="ok", code="PUMP-7", photo=picture)
    assert answer.status_code == 303
    assert sent(services, f"{AT}/checkpoints/2") == {"result": "ok", "code": "PUMP-7", "photo_id": PHOTO}


def test_a_label_that_is_scanned_leads_to_its_checkpoint(crew: Browser, services: dict[str, FakeService]) -> None:
    found = {"items": [{**POINT, "ticket_id": ID}]}
    answers(services["tickets"], {**DESK, "/jobs/checkpoints": found, f"{AT}/checkpoints": {"items": [POINT]}})
    answer = crew.open("/q/abcdefgh23456789ab")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/jobs/{ID}?point=2&code=abcdefgh23456789ab#point-2"
    page = crew.open(answer.headers["Location"])
    assert 'value="abcdefgh23456789ab"' in page.text
    assert "You stand before this one" in text_of(page)
    assert "You stand before this one" not in text_of(crew.open(f"/jobs/{ID}"))


def test_a_code_of_no_round_shows_the_place_as_to_anybody(crew: Browser, services: dict[str, FakeService]) -> None:
    place = {
        "kind": "lift", "name": {"zh-CN": "1 号电梯", "en": "Lift 1"}, "community": "Garden", "building": "1",
        "shared": True, "open": [], "timezone": "Asia/Shanghai",
    }  # fmt: skip
    answers(services["tickets"], {**DESK, "/jobs/checkpoints": {"items": []}, "/q/abcdefgh23456789ab": place})
    assert "Lift 1" in text_of(crew.open("/q/abcdefgh23456789ab"))


def test_what_nobody_has_comes_along_with_ones_own_job(crew: Browser, services: dict[str, FakeService]) -> None:
    taken = {**LIKE, "ticket_id": PHOTO, "number": "D-3", "status": "claimed"}
    at = f"/tickets/{OTHER}"
    answers(services["tickets"], {**DESK, "/similar": {"items": [LIKE, taken]}, f"POST {at}/join": TICKET})
    told = text_of(crew.open(f"/jobs/{ID}"))
    assert "Reports like this one: 1" in told
    assert ("1-201 · D-2" in told, "D-3" in told) == (True, False)
    answer = crew.send(f"/jobs/{OTHER}/join", to=ID)
    assert answer.headers["Location"] == f"/jobs/{ID}"
    assert sent(services, f"{at}/join") == {"to": ID}


def test_a_job_nobody_has_goes_along_with_another_and_apart_again(
    crew: Browser, services: dict[str, FakeService]
) -> None:
    open_job = {**TICKET, "status": "filed", "actions": ["claim", "join"], "owner": {**TICKET["owner"], "id": None}}
    answers(services["tickets"], {**DESK, AT: open_job, "/jobs": {"items": []}, "/similar": {"items": [LIKE]}})
    page = crew.open(f"/jobs/{ID}")
    assert f'action="/jobs/{ID}/join"' in page.text
    assert f'name="to" value="{OTHER}"' in page.text
    joined = {**TICKET, "joined_to": OTHER, "actions": ["comment", "part"]}
    lead = {"lead": LIKE, "count": 0, "joined": []}
    answers(services["tickets"], {**DESK, AT: joined, f"{AT}/joined": lead, f"POST {AT}/part": TICKET})
    told = text_of(crew.open(f"/jobs/{ID}"))
    assert "Goes along with D-2 楼道也漏水" in told
    assert crew.send(f"/jobs/{ID}/part").headers["Location"] == f"/jobs/{ID}"


def test_whoever_has_a_complaint_takes_its_steps(crew: Browser, services: dict[str, FakeService]) -> None:
    complaint = {**TICKET, "work_type": "complaint", "description": "师傅态度不好"}
    here = {AT: complaint, "/jobs": {"items": [{**JOB, "ticket": complaint}]}}
    case = {f"{AT}/complaint": CASE, f"{AT}/complaint/earlier": {"items": []}}
    answers(services["tickets"], {**DESK, **here, **case})
    assert f'href="/jobs/{ID}/complaint"' in crew.open(f"/jobs/{ID}").text
    page = crew.open(f"/jobs/{ID}/complaint")
    told = text_of(page)
    for part in ("Judge it", "Say what was done", "一个道歉"):
        assert part in told
    assert f'action="/jobs/{ID}/complaint/settle"' in page.text
    assert "Approve" not in told
    settled = {**CASE, "step": "settled", "actions": []}
    answers(services["tickets"], {**DESK, **here, **case, f"POST {AT}/complaint/settle": settled})
    answer = crew.send(f"/jobs/{ID}/complaint/settle", **{"settle-note": "已当面道歉"})
    assert answer.headers["Location"] == f"/jobs/{ID}"
    assert sent(services, f"{AT}/complaint/settle") == {"note": "已当面道歉"}
    assert crew.send(f"/jobs/{ID}/complaint/dance").status_code == 404


def test_a_step_that_is_refused_is_said_beside_its_field(crew: Browser, services: dict[str, FakeService]) -> None:
    wrong = {"status": 422, "code": "invalid", "detail": "No.", "errors": [{"field": "note", "detail": "Say more."}]}
    case = {f"{AT}/complaint": CASE, f"{AT}/complaint/earlier": {"items": []}}
    answers(services["tickets"], {**DESK, **case, f"POST {AT}/complaint/settle": json_answer(wrong, 422)})
    page = crew.send(f"/jobs/{ID}/complaint/settle", **{"settle-note": "好"})
    assert page.status_code == 422
    assert "Say more." in text_of(page)
    assert [path_of(one) for one in services["tickets"].asked if one["method"] == "POST"] == [f"{AT}/complaint/settle"]
