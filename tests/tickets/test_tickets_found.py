"""A request is found by what people know of it: its number, and who reported it."""

from typing import TYPE_CHECKING

from services.kit import testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def found(estate: "Estate", name: str, query: str) -> list[str]:
    answer = estate.get(name, f"/tickets?{query}")
    assert answer.status_code == 200, answer.json
    return [one["id"] for one in answer.json["items"]]


def test_a_request_is_found_by_its_number_and_by_whoever_reported_it(estate: "Estate") -> None:
    mine, theirs = estate.file("楼道灯不亮了"), estate.file("请问物业费怎么交", name="neighbour")
    assert found(estate, "dispatcher", f"number={mine['number'].lower()}") == [mine["id"]]
    assert found(estate, "dispatcher", f"number={mine['number'][:-1]}") == []
    assert found(estate, "dispatcher", f"requester_id={theirs['requester_id']}") == [theirs["id"]]
    assert found(estate, "dispatcher", f"requester_id={testing.fresh()}") == []
    assert found(estate, "resident", f"number={theirs['number']}") == [], "a number opens nobody else's request"
    for bad in ("number=", f"number={'1' * 31}", "number=%00", "requester_id=x"):
        assert estate.get("dispatcher", f"/tickets?{bad}").status_code == 422, bad


def test_requests_are_found_by_their_ids_and_nobody_elses_among_them(estate: "Estate") -> None:
    """By which a list of another service, which knows ids alone, becomes one of requests."""
    mine, theirs = estate.file("楼道灯不亮了"), estate.file("请问物业费怎么交", name="neighbour")
    estate.file("门禁坏了")
    both = f"id={mine['id']}&id={theirs['id']}&id={testing.fresh()}"
    assert set(found(estate, "dispatcher", both)) == {mine["id"], theirs["id"]}
    assert found(estate, "resident", both) == [mine["id"]], "an id opens nobody else's request"
    many = "&".join(f"id={testing.fresh()}" for _ in range(101))
    for bad in ("id=x", "id=", many):
        assert estate.get("dispatcher", f"/tickets?{bad}").status_code == 422, bad
