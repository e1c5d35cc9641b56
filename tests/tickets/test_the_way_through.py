"""A request's way through the desk, over HTTP on a real database."""

from typing import TYPE_CHECKING

import pytest

from services.tickets import chain
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_a_request_is_filed_understood_and_owned_by_the_desk(estate: "Estate") -> None:
    ticket = estate.file("水管爆了，水漫到客厅")
    assert ticket["status"] == "filed"
    assert ticket["urgency"] == "emergency"
    assert ticket["owner"] == {"kind": "desk", "desk": "dispatch", "id": None, "name": None}
    assert ticket["unit_id"] == estate.home
    assert any("水管爆" in reason["word"] for reason in ticket["because"])


def test_the_whole_way_from_filing_to_confirmation(estate: "Estate") -> None:
    ticket = estate.file()
    ticket = estate.step("dispatcher", ticket, "acknowledge")
    ticket = estate.step("crew", ticket, "claim")
    assert ticket["owner"]["name"] == "crew badge"
    for verb in ("depart", "arrive", "start"):
        ticket = estate.step("crew", ticket, verb)
    ticket = estate.step("crew", ticket, "pause", waiting())
    assert ticket["waiting_reason"] == "parts"
    ticket = estate.step("crew", ticket, "resume")
    ticket = estate.step("crew", ticket, "complete", {"note": "已更换水管"})
    ticket = estate.step("resident", ticket, "confirm")
    assert ticket["status"] == "confirmed"
    entries = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]
    assert [entry["action"] for entry in entries] == [
        "file", "acknowledge", "claim", "depart", "arrive", "start", "pause", "resume", "complete", "confirm",
    ]  # fmt: skip
    assert entries[0]["previous_hash"] == chain.GENESIS
    assert all(a["hash"] == b["previous_hash"] for a, b in zip(entries, entries[1:], strict=False))
    clocks = estate.get("resident", f"/tickets/{ticket['id']}/clocks").json["items"]
    assert {clock["clock"]: clock["state"] for clock in clocks} == {
        "acknowledge": "met",
        "attend": "met",
        "resolve": "met",
    }


def test_a_crew_member_cannot_complete_a_job_nobody_started(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/complete")
    assert refusal.status_code == 409
    assert refusal.json["possible_from"] == ["in_progress"]


def test_a_reopened_request_has_a_first_and_a_total_resolution(estate: "Estate") -> None:
    ticket = estate.completed()
    ticket = estate.step("resident", ticket, "reopen", {"reason": "还在漏"})
    for verb in ("start", "complete"):
        ticket = estate.step("crew", ticket, verb)
    clocks = estate.get("resident", f"/tickets/{ticket['id']}/clocks").json
    first, second = (clock for clock in clocks["items"] if clock["clock"] == "resolve")
    told = clocks["resolution"]
    assert told["done"] is True
    assert told["first_contract_seconds"] == first["contract_seconds"]
    assert told["first_lived_seconds"] == first["lived_seconds"]
    assert told["total_contract_seconds"] == pytest.approx(first["contract_seconds"] + second["contract_seconds"])
    assert told["total_lived_seconds"] > told["first_lived_seconds"]
