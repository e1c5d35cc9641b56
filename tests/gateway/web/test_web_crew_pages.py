"""The crew's pages where no script runs: the same steps by forms, and a refusal that says what else there is to do."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from services.kit import testing
from tests.gateway.conftest import FakeService, Organisation, json_answer
from tests.gateway.web.crew_desk import AT, DESK, ID, NOW, OTHER, TICKET, sent
from tests.gateway.web.pages import Browser, answers, browser, path_of, text_of


@pytest.fixture
def crew(app: Flask, services: dict[str, FakeService], organisation: Organisation) -> Browser:
    """Return a crew member's browser at a desk with one job."""
    answers(services["tickets"], DESK)
    visitor = browser(app)
    visitor.sign_in(organisation.open("crew")["login"])
    return visitor


def test_a_job_is_shown_with_its_next_step_and_the_time_that_is_left(crew: Browser) -> None:
    with testing.at(NOW):
        page = crew.open("/jobs")
    told = text_of(page)
    assert page.status_code == 200, told
    for part in ("厨房漏水", "Garden · 1-101", "30 min left", "Set out", "today 16:30"):
        assert part in told
    with testing.at(NOW + timedelta(hours=1)):
        assert "30 min late" in text_of(crew.open("/jobs"))


def test_a_step_is_taken_once_by_the_key_of_its_form(crew: Browser, services: dict[str, FakeService]) -> None:
    answers(services["tickets"], {**DESK, f"POST {AT}/depart": {**TICKET, "status": "on_the_way"}})
    answer = crew.send(f"/jobs/{ID}/depart", key="a-key")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/jobs/{ID}")
    asked = next(one for one in services["tickets"].asked if path_of(one) == f"{AT}/depart")
    assert asked["headers"]["idempotency-key"] == '"a-key"'
    page = crew.open(f"/jobs/{ID}")
    assert "On record: Set out." in text_of(page)
    assert 'data-status="claimed"' in page.text
    assert 'href="tel:+8613800000000"' in page.text


@pytest.mark.parametrize(
    ("address", "form", "body"),
    [
        (
            "complete",
            {"note": "换了垫圈", "parts": "垫圈 2", "minutes": "35"},
            {"note": "换了垫圈\nParts: 垫圈 2\nTime on site: 35 min"},
        ),
        ("complete", {}, {}),
        (
            "pause",
            {"reason": "parts", "note": "缺件", "in_seconds": "3600"},
            {"reason": "parts", "note": "缺件", "until": "2026-11-22T09:00:00+00:00"},
        ),
        ("pause", {"reason": "parts", "in_seconds": "9" * 30}, {"reason": "parts"}),
        ("promise", {"in_seconds": "900"}, {"promised_at": "2026-11-22T08:15:00+00:00"}),
        ("comments", {"body": " 到了 ", "visible": "yes"}, {"body": "到了", "visible": True}),
        ("comments", {"body": "内部"}, {"body": "内部", "visible": False}),
        ("make-safe", {"note": "已关阀"}, {"note": "已关阀"}),
        ("assign", {"to": OTHER}, {"to": OTHER}),
        ("claim", {"reason": "not asked"}, {}),
    ],
)
def test_a_form_says_what_the_desk_asks_for(
    crew: Browser, services: dict[str, FakeService], address: str, form: dict[str, Any], body: dict[str, Any]
) -> None:
    answers(services["tickets"], {**DESK, f"POST {AT}/{address}": TICKET})
    with testing.at(NOW):
        assert crew.send(f"/jobs/{ID}/{address}", **form).status_code == 303
    assert sent(services, f"{AT}/{address}") == body


def test_who_loses_a_race_is_told_who_won_and_what_else_there_is(
    crew: Browser, services: dict[str, FakeService]
) -> None:
    next_job = {**TICKET, "id": OTHER, "title": "楼道灯", "next_due_at": None, "because": []}
    now = {**TICKET, "owner_since": "2026-11-22T07:55:00+00:00"}
    lost = {
        "status": 409, "code": "conflict", "why": "taken", "detail": "C-1 has this job.", "ticket": now,
        "next_jobs": [next_job],
    }  # fmt: skip
    answers(services["tickets"], {**DESK, f"POST {AT}/claim": json_answer(lost, 409)})
    page = crew.send(f"/jobs/{ID}/claim")
    assert page.status_code == 409
    for part in ("C-1 has this job.", "You can take one of these", "楼道灯"):
        assert part in text_of(page)
    assert f'action="/jobs/{OTHER}/claim"' in page.text


def test_words_that_were_refused_are_kept_for_a_remark(crew: Browser, services: dict[str, FakeService]) -> None:
    wrong = {
        "status": 422,
        "code": "invalid",
        "detail": "Too long.",
        "errors": [{"field": "until", "detail": "One day."}],
    }
    answers(services["tickets"], {**DESK, f"POST {AT}/pause": json_answer(wrong, 422)})
    page = crew.send(f"/jobs/{ID}/pause", reason="parts", note="等配件")
    assert page.status_code == 422
    assert "One day." in text_of(page)
    assert "等配件</textarea>" in page.text


def test_a_checkpoint_is_ticked_off_and_a_step_that_is_none_is_not_found(
    crew: Browser, services: dict[str, FakeService]
) -> None:
    answers(services["tickets"], {**DESK, f"POST {AT}/checkpoints/2": {"n": 2}})
    assert crew.send(f"/jobs/{ID}/checkpoints/2/photos", result="failed", note="门锁坏").status_code == 303
    assert sent(services, f"{AT}/checkpoints/2") == {"result": "failed", "note": "门锁坏"}
    assert crew.send(f"/jobs/{ID}/dance").status_code == 404


def test_without_a_photo_nothing_is_sent(crew: Browser, services: dict[str, FakeService]) -> None:
    assert crew.send(f"/jobs/{ID}/photos").status_code == 303
    assert not [one for one in services["tickets"].asked if one["method"] == "POST"]


def test_the_home_is_shown_for_its_job_and_the_look_is_written_down(
    crew: Browser, services: dict[str, FakeService]
) -> None:
    home = {
        "community_name": "Garden", "unit_name": "1-101", "salutation": {"zh-CN": "王女士", "en": "Ms Wang"},
        "circumstances": [{"name": {"zh-CN": "独居老人", "en": "lives alone, elderly"}, "valid": True}],
        "equipment": [],
    }  # fmt: skip
    answers(services["tickets"], {**DESK, f"/households/{OTHER}": home})
    told = text_of(crew.open(f"/jobs/{ID}/home"))
    assert "Ms Wang" in told
    assert "lives alone, elderly" in told
    assert f"ticket_id={ID}" in services["tickets"].asked[-1]["path"]
