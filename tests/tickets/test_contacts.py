"""The number to call about a report: who leaves it, who reads it, and when it goes."""

from typing import TYPE_CHECKING

import pytest

from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

NUMBER, OTHER = "+86 138-0000-0000", "13900000000"


def test_whoever_has_the_job_and_the_desk_can_call_and_nobody_else(estate: "Estate") -> None:
    ticket = estate.file(phone=NUMBER)
    path = f"/tickets/{ticket['id']}/contact"
    assert "phone" not in ticket
    assert estate.get("dispatcher", path).json == {"phone": NUMBER}
    assert estate.get("resident", path).json == {"phone": NUMBER}
    assert estate.get("crew", path).json == {"phone": None}
    estate.step("crew", ticket, "claim")
    assert estate.get("crew", path).json == {"phone": NUMBER}
    assert estate.get("colleague", path).json == {"phone": None}
    assert [job["phone"] for job in estate.get("crew", "/jobs").json["items"]] == [NUMBER]
    is_problem(estate.get("neighbour", path), 404)


def test_a_number_is_changed_and_taken_back_while_somebody_may_call(estate: "Estate") -> None:
    ticket = estate.file()
    path = f"/tickets/{ticket['id']}/contact"
    assert estate.put("resident", path, {"phone": NUMBER}).json == {"phone": NUMBER}
    assert estate.put("dispatcher", path, {"phone": OTHER}).json == {"phone": OTHER}
    assert estate.put("resident", path, {"phone": None}).json == {"phone": None}
    is_problem(estate.put("neighbour", path, {"phone": OTHER}), 404)
    estate.step("resident", ticket, "cancel", {"reason": "已好"})
    is_problem(estate.put("resident", path, {"phone": NUMBER}), 409)
    assert estate.put("resident", path, {"phone": None}).json == {"phone": None}


def test_no_history_tells_it(estate: "Estate") -> None:
    ticket = estate.file(phone=OTHER)
    assert OTHER not in estate.get("manager", f"/tickets/{ticket['id']}/history").text


@pytest.mark.parametrize("phone", ["", "call me", "1234", "1" * 31, "＋8613800000000", 13800000000])
def test_what_is_no_number_is_refused_by_name(estate: "Estate", phone: object) -> None:
    assert fields_of(estate.post("resident", "/tickets", {"description": "漏水", "phone": phone})) == {"phone"}
