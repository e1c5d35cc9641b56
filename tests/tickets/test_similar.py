"""What may be joined to what: only open work near by, and of a neighbour's no more than may be known in the house."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.tickets.joint import LEAK, joined, shared, walked
from tests.tickets.refusals import fields_of, is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_chains_and_circles_are_refused(estate: "Estate") -> None:
    lead, other = shared(estate), shared(estate, "楼道灯不亮")
    mine = joined(estate, lead)
    path = f"/tickets/{other['id']}/join"
    is_problem(estate.post("dispatcher", path, {"to": mine["id"]}), 409)
    is_problem(estate.post("dispatcher", f"/tickets/{lead['id']}/join", {"to": other["id"]}), 409)
    is_problem(estate.post("dispatcher", f"/tickets/{mine['id']}/join", {"to": other["id"]}), 409)
    assert fields_of(estate.post("dispatcher", path, {"to": other["id"]})) == {"to"}
    # A report that is joined where another is joined already goes to the one that leads.
    assert estate.file(LEAK, "neighbour", join=mine["id"])["joined_to"] == lead["id"]


def test_only_near_and_open_work_is_joined(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    lead, far = shared(estate), shared(new_estate())
    mine = estate.file(LEAK)
    path = f"/tickets/{mine['id']}/join"
    assert fields_of(estate.post("dispatcher", path, {"to": far["id"]})) == {"to"}
    refused = estate.post("resident", "/tickets", {"description": LEAK, "join": far["id"]})
    assert fields_of(refused) == {"join"}
    complaint = estate.file("我要投诉保安态度恶劣", "neighbour")
    assert complaint["work_type"] == "complaint"
    assert fields_of(estate.post("dispatcher", path, {"to": complaint["id"]})) == {"to"}
    is_problem(estate.post("neighbour", path, {"to": lead["id"]}), 404)
    walked(estate, lead, "claim", "arrive", "start", "complete")
    is_problem(estate.post("dispatcher", path, {"to": lead["id"]}), 409)
    # Nobody's report is refused because the other was finished meanwhile.
    filed = estate.file(LEAK, "neighbour", join=lead["id"])
    assert (filed["status"], filed["joined_to"]) == ("filed", None)
    walked(estate, mine, "claim")
    is_problem(estate.post("dispatcher", path, {"to": shared(estate)["id"]}), 409)


def test_neighbours_learn_nothing_of_each_other(estate: "Estate") -> None:
    lead = estate.file("厨房水管漏水，钥匙在门垫下", "neighbour")
    asked = {"text": "厨房水管漏水", "unit_id": estate.home}
    found = estate.post("resident", "/triage", asked).json["similar"]
    assert [one["ticket_id"] for one in found] == [lead["id"]]
    only = found[0]
    assert (only["where"], only["building"], only["mine"]) == ("building", "1栋", False)
    assert (only["number"], only["title"], only["unit_name"]) == (None, None, None)
    mine = joined(estate, lead)
    seen = estate.get("resident", f"/tickets/{mine['id']}/joined").json
    assert (seen["lead"]["ticket_id"], seen["lead"]["title"], seen["joined"], seen["count"]) == (
        lead["id"],
        None,
        [],
        0,
    )
    leading = estate.get("neighbour", f"/tickets/{lead['id']}/joined").json
    assert (leading["count"], leading["joined"]) == (1, [])
    staff = estate.get("crew", f"/tickets/{lead['id']}/joined").json
    assert [one["ticket_id"] for one in staff["joined"]] == [mine["id"]]
    assert "钥匙" not in estate.get("resident", f"/tickets/{mine['id']}/history").text
    is_problem(estate.get("resident", f"/tickets/{lead['id']}"), 404)


def test_a_theft_in_a_neighbours_home_is_offered_to_the_desk_alone(estate: "Estate") -> None:
    theft = estate.file("家里被盗，丢了电脑", "neighbour", catalogue_code="theft")
    path = f"/similar?catalogue_code=theft&unit_id={estate.home}"
    assert estate.get("resident", path).json["items"] == []
    assert [one["ticket_id"] for one in estate.get("dispatcher", path).json["items"]] == [theft["id"]]


def test_nobody_joins_by_its_id_what_they_are_not_offered(estate: "Estate") -> None:
    theft = estate.file("家里被盗，丢了电脑", "neighbour", catalogue_code="theft")
    body = {"description": "家里被盗", "catalogue_code": "theft", "unit_id": estate.home, "join": theft["id"]}
    assert fields_of(estate.post("resident", "/tickets", body)) == {"join"}
    mine = estate.file("家里被盗", catalogue_code="theft")
    assert fields_of(estate.post("resident", f"/tickets/{mine['id']}/join", {"to": theft["id"]})) == {"to"}
    assert estate.step("dispatcher", mine, "join", {"to": theft["id"]})["joined_to"] == theft["id"]


def test_what_is_like_it_is_offered_nearest_first(estate: "Estate") -> None:
    lift = shared(estate, "电梯坏了停在3楼")
    assert lift["catalogue_code"] == "lift-fault"
    shared(estate, "花园的灯不亮")
    path = f"/similar?catalogue_code=lift-fault&unit_id={estate.home}"
    assert [one["ticket_id"] for one in estate.get("resident", path).json["items"]] == [lift["id"]]
    mine = estate.file("电梯坏了")
    both = estate.get("resident", path).json["items"]
    assert [(one["ticket_id"], one["mine"]) for one in both] == [(mine["id"], True), (lift["id"], False)]
    estate.step("dispatcher", mine, "join", {"to": lift["id"], "reason": "同一部电梯"})
    left = estate.get("dispatcher", path).json["items"]
    assert [(one["ticket_id"], one["joined"], one["title"]) for one in left] == [(lift["id"], 1, lift["title"])]
    assert fields_of(estate.get("neighbour", path)) == {"unit_id"}
    assert estate.get("dispatcher", "/similar").json["items"] == []
    assert fields_of(estate.get("resident", "/similar?catalogue_code=no-such")) == {"catalogue_code"}
