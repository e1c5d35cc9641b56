"""Asking to hurry (催单): counted, on record, on the board, and not more often than once an hour."""

from datetime import timedelta
from typing import TYPE_CHECKING

from services.kit import clock, testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

HOUR = timedelta(hours=1, seconds=1)


def test_it_is_counted_once_an_hour_and_stands_on_the_board(estate: "Estate") -> None:
    ticket = estate.file()
    assert (ticket["urges"], ticket["urged_at"]) == (0, None)
    assert "urge" in ticket["actions"]
    urged = estate.step("resident", ticket, "urge")
    assert urged["urges"] == 1
    assert "urge" not in urged["actions"]
    again = estate.post("resident", f"/tickets/{ticket['id']}/urge", {})
    assert (again.status_code, again.get_json()["code"]) == (409, "conflict")
    assert again.get_json()["again_at"] > urged["urged_at"]
    (card,) = [one for one in estate.get("dispatcher", "/board").get_json()["items"] if one["id"] == ticket["id"]]
    assert (card["urges"], card["urged_at"]) == (1, urged["urged_at"])
    with testing.at(clock.now() + HOUR):
        assert "urge" in estate.get("resident", f"/tickets/{ticket['id']}").get_json()["actions"]
        assert estate.step("resident", ticket, "urge")["urges"] == 2
    entries = estate.get("crew", f"/tickets/{ticket['id']}/history").get_json()["items"]
    assert [one["data"]["urges"] for one in entries if one["action"] == "urge"] == [1, 2]


def test_only_the_household_asks_and_only_while_it_is_open(estate: "Estate") -> None:
    ticket = estate.file()
    for who in ("crew", "dispatcher", "manager"):
        assert estate.post(who, f"/tickets/{ticket['id']}/urge", {}).status_code == 403
    estate.step("resident", ticket, "cancel", {})
    assert estate.post("resident", f"/tickets/{ticket['id']}/urge", {}).status_code == 409
