"""The gateway finds the homes of a table by their codes, within the caller's reach."""

from collections.abc import Callable

import pytest

from services.kit.testing import fresh
from tests.tickets.conftest import Estate


def code_of(estate: Estate) -> str:
    units = estate.get("admin", "/units").get_json()["items"]
    return next(unit["code"] for unit in units if unit["id"] == estate.home)


def find(estate: Estate, name: str, *codes: str) -> list[dict[str, object]]:
    answer = estate.post(name, "/units/find", {"codes": list(codes)})
    assert answer.status_code == 200, answer.text
    return answer.get_json()["items"]


def test_homes_are_found_by_their_codes(estate: Estate, new_estate: Callable[[], Estate]) -> None:
    other, code = new_estate(), code_of(estate)
    found = {"code": code, "id": estate.home, "community_id": estate.community_id, "closed": False}
    assert find(estate, "admin", code, "nowhere") == [found]
    assert find(estate, "manager", code) == [found]
    assert all(one["id"] != estate.home for one in find(other, "admin", code))
    estate.join("elsewhere", "manager", community_ids=(fresh(),))
    assert find(estate, "elsewhere", code) == []
    for name, items in (("manager", [found]), ("elsewhere", [])):
        assert estate.post(name, "/units/find", {"ids": [estate.home]}).get_json()["items"] == items


def test_a_closed_home_is_said_to_be_closed(estate: Estate) -> None:
    code = code_of(estate)
    assert estate.ask("PATCH", "admin", f"/units/{estate.home}", {"closed": True}, If_Match="*").status_code == 200
    assert [one["closed"] for one in find(estate, "admin", code)] == [True]


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher"])
def test_nobody_else_looks_homes_up_so(estate: Estate, name: str) -> None:
    assert estate.post(name, "/units/find", {"codes": ["x"]}).status_code == 403
