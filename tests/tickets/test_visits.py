"""Taking the danger out first, calling about what is done, and correcting what makes waiting worse."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.tickets.models import outbox
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

GAS = "厨房里有很重的煤气味"  # Danger: to be made safe within the hour, and called about within a day.


def clock_of(estate: "Estate", ticket: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return the newest clock of a kind as it stands now."""
    items = estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]
    return [item for item in items if item["clock"] == kind][-1]


def outcomes(engine: Engine, ticket: dict[str, Any]) -> list[str]:
    """Return the outcomes that were published of calls about a ticket."""
    with engine.connect() as db:
        rows = select(outbox.c.data).where(outbox.c.subject == ticket["id"], outbox.c.type == "ticket.called_back.v1")
        return [data["outcome"] for data in db.execute(rows.order_by(outbox.c.occurred_at)).scalars()]


REACHED = {"outcome": "reached", "note": "住户说已经没有气味"}


def danger_dealt_with(estate: "Estate") -> dict[str, Any]:
    """File a danger and bring it to its completion."""
    ticket = estate.file(GAS)
    for verb in ("claim", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    return ticket


def test_a_danger_is_made_safe_before_it_is_repaired(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(GAS), "claim")
    assert clock_of(estate, ticket, "make_safe")["state"] == "running"
    refused = estate.post("crew", f"/tickets/{ticket['id']}/make-safe", {"note": "在路上"})
    is_problem(refused, 409)
    assert refused.json["possible_from"] == ["on_site", "in_progress", "waiting"]
    ticket = estate.step("crew", ticket, "arrive")
    assert estate.post("colleague", f"/tickets/{ticket['id']}/make-safe", {}).status_code == 403
    ticket = estate.step("crew", ticket, "make-safe", {"note": "已关闭总阀并通风"})
    assert ticket["status"] == "on_site"
    assert clock_of(estate, ticket, "make_safe")["state"] == "met"
    assert clock_of(estate, ticket, "resolve")["state"] == "running"
    seen = estate.get("resident", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert (seen["action"], seen["note"]) == ("make_safe", "已关闭总阀并通风")


def test_a_danger_is_taken_away_once_until_the_ticket_is_reopened(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.step("crew", estate.file(GAS), "claim")
    ticket = estate.step("crew", ticket, "arrive")
    assert (ticket["made_safe_at"], "make_safe" in ticket["actions"]) == (None, True)
    ticket = estate.step("crew", ticket, "make-safe", {"note": "已关闭总阀并通风"})
    since = ticket["made_safe_at"]
    assert (since, "make_safe" in ticket["actions"]) == (ticket["changed_at"], False)
    for name in ("crew", "dispatcher"):
        assert "make_safe" not in estate.get(name, f"/tickets/{ticket['id']}").json["actions"]
        again = estate.post(name, f"/tickets/{ticket['id']}/make-safe", {"note": "已关闭总阀并通风"})
        is_problem(again, 409)
        assert again.json["made_safe_at"] == since
    for verb in ("start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    assert ticket["made_safe_at"] == since
    ticket = estate.step("resident", ticket, "reopen", {"reason": "又有煤气味"})
    assert ticket["made_safe_at"] is None
    ticket = estate.step("dispatcher", ticket, "make-safe", {"note": "燃气公司抢修队已关阀"})
    assert ticket["made_safe_at"] == ticket["changed_at"] > since
    with worker_engine.connect() as db:
        told = select(outbox.c.type).where(outbox.c.subject == ticket["id"], outbox.c.type == "ticket.made_safe.v1")
        assert len(db.execute(told).all()) == 2


def test_the_desk_may_say_so_before_anybody_has_the_job(estate: "Estate") -> None:
    filed = estate.file(GAS)
    for empty in (None, {"note": None}):
        refused = estate.post("dispatcher", f"/tickets/{filed['id']}/make-safe", empty)
        is_problem(refused, 422)
        assert fields_of(refused) == {"note"}
    ticket = estate.step("dispatcher", filed, "make-safe", {"note": "燃气公司抢修队已关阀"})
    assert (ticket["status"], clock_of(estate, ticket, "make_safe")["state"]) == ("filed", "met")


def test_only_a_call_that_reached_somebody_counts(estate: "Estate", worker_engine: Engine) -> None:
    ticket = danger_dealt_with(estate)
    assert clock_of(estate, ticket, "callback")["state"] == "running"
    ticket = estate.step("dispatcher", ticket, "call-back", {"outcome": "not_reached", "note": "无人接听"})
    assert (ticket["status"], clock_of(estate, ticket, "callback")["state"]) == ("completed", "running")
    mute = estate.post("dispatcher", f"/tickets/{ticket['id']}/call-back", {"outcome": "reached"})
    is_problem(mute, 422)
    assert fields_of(mute) == {"note"}
    estate.step("dispatcher", ticket, "call-back", REACHED)
    assert clock_of(estate, ticket, "callback")["state"] == "met"
    assert outcomes(worker_engine, ticket) == ["not_reached", "reached"]
    seen = estate.get("resident", f"/tickets/{ticket['id']}/history").get_data(as_text=True)
    assert "无人接听" not in seen
    assert "无人接听" in estate.get("manager", f"/tickets/{ticket['id']}/history").get_data(as_text=True)


def test_nobody_calls_about_what_is_not_done(estate: "Estate") -> None:
    ticket = estate.file(GAS)
    is_problem(estate.post("dispatcher", f"/tickets/{ticket['id']}/call-back", REACHED), 409)
    is_problem(estate.post("crew", f"/tickets/{ticket['id']}/call-back", REACHED), 403)


def test_each_completion_is_called_about(estate: "Estate") -> None:
    ticket = danger_dealt_with(estate)
    estate.step("manager", ticket, "call-back", REACHED)
    estate.step("resident", ticket, "reopen", {"reason": "还有味道"})
    for verb in ("start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    found = clock_of(estate, ticket, "callback")
    assert (found["generation"], found["state"]) == (2, "running")


@pytest.mark.parametrize("codes", [["infant"], ["infant", "infant", "elderly_alone"]])
def test_circumstances_found_out_later_are_put_right_on_record(estate: "Estate", codes: list[str]) -> None:
    ticket = estate.file("停水了", catalogue_code="water-outage")
    before = ticket["circumstances"]
    body = {"reason": "电话得知", "circumstances": codes}
    ticket = estate.step("dispatcher", ticket, "override", body, If_Match=f'"v{ticket["version"]}"')
    assert ticket["circumstances"] == sorted(set(codes))
    seen = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert seen["data"]["changes"] == {"circumstances": [before, sorted(set(codes))]}
    assert clock_of(estate, ticket, "attend")["rule"] == "vulnerable-without-supply"
    again = estate.post("dispatcher", f"/tickets/{ticket['id']}/override", body, If_Match="*")
    is_problem(again, 422)


def test_circumstances_can_be_taken_back(estate: "Estate") -> None:
    ticket = estate.file("停水了", catalogue_code="water-outage", circumstances=["infant"])
    body = {"reason": "误报", "circumstances": []}
    assert estate.step("dispatcher", ticket, "override", body, If_Match="*")["circumstances"] == []


def test_the_desk_that_reopens_a_job_has_not_called_about_it(estate: "Estate") -> None:
    ticket = estate.step("dispatcher", danger_dealt_with(estate), "reopen", {"reason": "记录有误"})
    assert clock_of(estate, ticket, "callback")["state"] == "void"
    ticket = estate.step("resident", danger_dealt_with(estate), "reopen", {"reason": "还有味道"})
    assert clock_of(estate, ticket, "callback")["state"] == "met"


def told(engine: Engine, ticket: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return what the latest event of a kind told of a ticket."""
    mine = select(outbox.c.data).where(outbox.c.subject == ticket["id"], outbox.c.type == kind)
    with engine.connect() as db:
        return dict(db.execute(mine.order_by(outbox.c.occurred_at.desc()).limit(1)).scalar_one())


def test_events_tell_the_times_that_the_clocks_of_the_ticket_have(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file("厨房水管漏水，一直在往下滴")
    due = clock_of(estate, ticket, "acknowledge")["due_at"]
    filed = told(worker_engine, ticket, "ticket.filed.v1")["acknowledge_due_at"]
    assert datetime.fromisoformat(filed) == datetime.fromisoformat(due)
    for verb in ("claim", "start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    ticket = estate.step("resident", ticket, "reopen", {"reason": "又漏了"})
    due = clock_of(estate, ticket, "resolve")["due_at"]
    reopened = told(worker_engine, ticket, "ticket.reopened.v1")["resolve_due_at"]
    assert datetime.fromisoformat(reopened) == datetime.fromisoformat(due) > datetime.fromisoformat(filed)
