"""Whoever lacks the authority hands a ticket up in one call, and everybody sees who has it now."""

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from services.kit import testing
from tests.tickets.complaining import brought_to, case, take
from tests.tickets.test_complaints import clock_of, entries, told
from tests.tickets.test_steps import record_adds_up
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WHY = {"reason": "业主要求减免费用，超出我的权限"}
MANAGEMENT = {"kind": "desk", "desk": "management", "id": None, "name": None}


def test_one_call_makes_management_accountable(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    up = estate.step("crew", ticket, "escalate", WHY)
    assert (up["owner"], up["status"]) == (MANAGEMENT, "assigned")
    assert estate.get("resident", f"/tickets/{ticket['id']}").json["owner"] == MANAGEMENT
    event = told(worker_engine, ticket["id"], "ticket.escalated.v1")[0]
    assert (event["owner_id"], event["owner_desk"]) == (None, "management")
    assert event["previous_owner_id"] == estate.people["crew"].id
    last = entries(worker_engine, ticket["id"])[-1]
    assert (last["action"], last["data"]["desk"], last["actor_role"]) == ("escalate", "management", "crew")
    assert WHY["reason"] not in estate.get("resident", f"/tickets/{ticket['id']}/history").text
    assert WHY["reason"] in [
        one["note"] for one in estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]
    ]
    record_adds_up(worker_engine, ticket["id"])


def test_it_leaves_the_pool_and_no_crew_takes_it(estate: "Estate") -> None:
    ticket = estate.file()
    estate.step("dispatcher", ticket, "escalate", WHY)
    for name in ("crew", "dispatcher", "manager"):
        assert ticket["id"] not in {job["id"] for job in estate.get(name, "/pool").json["items"]}
    assert estate.post("crew", f"/tickets/{ticket['id']}/claim").status_code == 409
    assert estate.get("crew", f"/tickets/{ticket['id']}").json["actions"] == ["comment", "photograph"]


def test_a_manager_claims_assigns_or_returns_it(estate: "Estate", worker_engine: Engine) -> None:
    tickets = [estate.file() for _ in range(3)]
    for ticket in tickets:
        estate.step("dispatcher", ticket, "escalate", WHY)
        assert {"claim", "assign", "release"} <= set(estate.get("manager", f"/tickets/{ticket['id']}").json["actions"])
    claimed = estate.step("manager", tickets[0], "claim")
    assert (claimed["owner"]["id"], claimed["status"]) == (estate.people["manager"].id, "claimed")
    second = estate.join("second", "manager")
    lost = estate.post("second", f"/tickets/{tickets[0]['id']}/claim")
    assert (lost.status_code, lost.json["owner"]["id"]) == (409, estate.people["manager"].id)
    assert second
    assigned = estate.step("manager", tickets[1], "assign", {"to": estate.people["crew"].id})
    assert assigned["owner"]["id"] == estate.people["crew"].id
    returned = estate.step("manager", tickets[2], "release", {"reason": "可由班组处理"})
    assert (returned["owner"]["desk"], returned["status"]) == ("dispatch", "filed")
    for ticket in tickets:
        record_adds_up(worker_engine, ticket["id"])


def test_it_can_go_to_one_manager(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    manager = estate.people["manager"].id
    up = estate.step("crew", ticket, "escalate", {**WHY, "to": manager})
    assert up["owner"] == {"kind": "person", "desk": None, "id": manager, "name": "manager badge"}
    again = estate.post("dispatcher", f"/tickets/{ticket['id']}/escalate", {**WHY, "to": manager})
    assert again.status_code == 409


@pytest.mark.parametrize("to", ["crew", "dispatcher", "far", "nobody"])
def test_it_goes_to_managers_of_the_community_alone(estate: "Estate", to: str) -> None:
    estate.join("far", "manager", community_ids=(testing.fresh(),))
    ticket = estate.step("crew", estate.file(), "claim")
    body = {**WHY, "to": testing.fresh() if to == "nobody" else estate.people[to].id}
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/escalate", body)
    assert refusal.status_code == 422
    assert [error["field"] for error in refusal.json["errors"]] == ["to"]


def test_who_may_hand_up_what(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    path = f"/tickets/{ticket['id']}/escalate"
    for name, status in {"resident": 403, "colleague": 403, "manager": 403, "admin": 403}.items():
        assert estate.post(name, path, WHY).status_code == status, name
    assert estate.post("crew", path, {"reason": " "}).status_code == 422
    assert estate.post("crew", path, WHY).status_code == 200
    twice = estate.post("dispatcher", path, WHY)
    assert twice.status_code == 409
    assert "escalate" not in estate.get("dispatcher", f"/tickets/{ticket['id']}").json["actions"]


def test_handing_up_is_no_answer_and_ends_the_waiting(estate: "Estate", worker_engine: Engine) -> None:
    new = estate.file()
    estate.step("dispatcher", new, "escalate", WHY)
    assert clock_of(estate, new["id"], "acknowledge")["stopped_at"] is None
    estate.step("manager", new, "claim")
    assert clock_of(estate, new["id"], "acknowledge")["stopped_at"] is not None
    ticket = estate.file()
    for verb, body in (("claim", None), ("start", None), ("pause", waiting()), ("escalate", WHY)):
        ticket = estate.step("crew", ticket, verb, body)
    assert (ticket["status"], ticket["waiting_reason"]) == ("assigned", None)
    resolve = clock_of(estate, ticket["id"], "resolve")
    assert (resolve["state"], resolve["paused_at"]) == ("running", None)
    record_adds_up(worker_engine, ticket["id"])


def test_a_manager_hears_what_was_handed_up_unanswered(estate: "Estate") -> None:
    ticket = brought_to(estate, "new")
    estate.step("dispatcher", ticket, "escalate", WHY)
    refused = estate.post("dispatcher", f"/tickets/{ticket['id']}/complaint/identify", {
        "emotion": "calm", "cause": "policy", "wanted": "减免", "restated": "您希望减免，对吗？",
    })  # fmt: skip
    assert refused.status_code == 403
    take(estate, "manager", ticket["id"], "identify")
    now = estate.get("manager", f"/tickets/{ticket['id']}").json
    assert now["owner"]["id"] == estate.people["manager"].id
    assert now["acknowledged_at"] is not None
    assert case(estate, "manager", ticket["id"])["step"] == "identified"
