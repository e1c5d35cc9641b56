"""What a complaint's steps refuse: words that do not fit, what cannot be, and what was changed meanwhile."""

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from services.kit import wording
from services.tickets.complaints.recourse import DEFAULT, RECOURSE, recourse_in
from tests.tickets.complaining import (
    ACTIONS,
    IDENTIFIED,
    RUDE,
    TACTFUL,
    attempt,
    brought_to,
    case,
    complaint,
    entries,
    options,
    take,
    told,
)

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


@pytest.mark.parametrize("step", ["new", "identified", "assessed", "at once", "offered", "acting"])
def test_a_crew_member_works_on_their_own_complaint_alone(estate: "Estate", step: str) -> None:
    ticket = brought_to(estate, step)
    estate.step("dispatcher", ticket, "assign", {"to": estate.people["crew"].id})
    estate.step("crew", ticket, "start")
    offered = case(estate, "crew", ticket["id"])["actions"]
    assert offered == [one for one in case(estate, "dispatcher", ticket["id"])["actions"] if one != "review"]
    for action in ACTIONS:
        assert attempt(estate, "colleague", ticket["id"], action).status_code in (403, 409)
    assert estate.get("colleague", f"/tickets/{ticket['id']}/complaint").status_code == 403
    assert estate.get("colleague", f"/tickets/{ticket['id']}/complaint/earlier").status_code == 403


def test_a_refusal_says_what_is_possible(estate: "Estate") -> None:
    ticket = brought_to(estate, "identified")
    refusal = attempt(estate, "dispatcher", ticket["id"], "offer")
    assert refusal.status_code == 409
    assert (refusal.json["step_now"], refusal.json["possible_from"]) == ("identified", ["assessed", "offered"])
    assert refusal.json["possible"] == ["identify", "assess"]
    chinese = estate.post(
        "dispatcher", f"/tickets/{ticket['id']}/complaint/offer", {"options": options()}, Accept_Language="zh-CN"
    )
    assert "提出方案" in chinese.json["detail"]
    assert "已评估" in chinese.json["detail"]


def test_wording_that_is_not_fit_is_refused_with_advice(estate: "Estate") -> None:
    ticket = brought_to(estate, "unjustified")
    refusal = attempt(estate, "dispatcher", ticket["id"], "reply", text=RUDE)
    assert refusal.status_code == 422
    findings = refusal.json["findings"]
    assert findings
    for finding in findings:
        assert RUDE[finding["start"] : finding["end"]] == finding["phrase"]
        assert finding["reason"]["zh-CN"]
        assert finding["better"]["en"]
    assert {error["field"] for error in refusal.json["errors"]} == {"text"}
    assert case(estate, "dispatcher", ticket["id"])["step"] == "assessed"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_tactful_reply_offers_recourse(estate: "Estate", worker_engine: Engine, locale: str) -> None:
    ticket = brought_to(estate, "unjustified")
    replied = take(estate, "dispatcher", ticket["id"], "reply", locale=locale)
    assert replied["answer"] == f"{TACTFUL}\n\n{recourse_in('Asia/Shanghai', locale)}"
    assert replied["answer"] == case(estate, "resident", ticket["id"])["answer"]
    assert (replied["step"], replied["status"]) == ("replied", "completed")
    assert len(told(worker_engine, ticket["id"], "complaint.replied.v1")) == 1


def test_no_recourse_is_worded_worse_than_a_reply_may_be() -> None:
    assert DEFAULT in RECOURSE
    for zone, sentences in RECOURSE.items():
        assert set(sentences) == {"zh-CN", "en"}, zone
        for sentence in sentences.values():
            assert wording.check(sentence) == [], sentence


@pytest.mark.parametrize(
    ("step", "action", "changes", "field"),
    [
        ("new", "identify", {"emotion": "happy"}, "emotion"),
        ("new", "identify", {"cause": "weather"}, "cause"),
        ("new", "identify", {"restated": " "}, "restated"),
        ("new", "identify", {"wanted": "一\n二"}, "wanted"),
        ("new", "identify", {"complainant_id": "5f5fe4ca-5b39-4e26-b6f6-3a3ad0eb4c6f"}, "complainant_id"),
        ("identified", "assess", {"department": None}, "department"),
        ("identified", "assess", {"justified": None}, "justified"),
        ("identified", "assess", {"investigate_until": "2020-01-01T00:00:00Z"}, "investigate_until"),
        ("assessed", "offer", {"options": options()[:1]}, "options"),
        ("assessed", "offer", {"options": [{**options()[0], "by": "2020-01-01T00:00:00Z"}] * 2}, "options.0.by"),
        ("assessed", "offer", {"options": [{**options()[0], "by": "9999-12-31T23:00:00-11:00"}] * 2}, "options.0.by"),
        ("offered", "choose", {"option": 3}, "option"),
        ("approved", "act", {"to": "5f5fe4ca-5b39-4e26-b6f6-3a3ad0eb4c6f"}, "to"),
        ("settled", "review", {"outcome": "fine"}, "outcome"),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    estate: "Estate", step: str, action: str, changes: dict[str, Any], field: str
) -> None:
    ticket = brought_to(estate, step)
    refusal = attempt(estate, "manager", ticket["id"], action, **changes)
    assert refusal.status_code == 422, refusal.json
    assert field in {error["field"] for error in refusal.json["errors"]}


def test_other_tickets_have_no_case(estate: "Estate") -> None:
    ticket = estate.file()
    assert attempt(estate, "dispatcher", ticket["id"], "identify").status_code == 409
    assert estate.get("dispatcher", f"/tickets/{ticket['id']}/complaint").status_code == 409


def test_a_step_retried_with_its_key_is_taken_once(estate: "Estate", worker_engine: Engine) -> None:
    ticket = complaint(estate)
    path = f"/tickets/{ticket['id']}/complaint/identify"
    first, second = (estate.post("dispatcher", path, IDENTIFIED, Idempotency_Key='"x"') for _ in range(2))
    assert first.json == second.json
    assert [entry["action"] for entry in entries(worker_engine, ticket["id"])] == ["file", "acknowledge", "identify"]


def test_a_step_on_what_changed_meanwhile_is_refused(estate: "Estate") -> None:
    ticket = complaint(estate)
    stale = estate.post("dispatcher", f"/tickets/{ticket['id']}/complaint/identify", IDENTIFIED, If_Match='"v9"')
    assert stale.status_code == 412
