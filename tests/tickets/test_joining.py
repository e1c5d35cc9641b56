"""One cause, one job: joined requests move with the one that leads, and each keeps its own clocks, answers and end."""

import threading
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import testing
from services.tickets.models import clocks, outbox, tickets
from tests.tickets.joint import LEAK, is_true, joined, shared, walked
from tests.tickets.refusals import is_problem
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def read(estate: "Estate", ticket: dict[str, Any], name: str = "manager") -> dict[str, Any]:
    return dict(estate.get(name, f"/tickets/{ticket['id']}").json)


def actions_of(estate: "Estate", ticket: dict[str, Any]) -> list[str]:
    return [entry["action"] for entry in estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]]


def events_of(engine: Engine, ticket: dict[str, Any]) -> list[str]:
    with engine.connect() as db:
        mine = select(outbox.c.type).where(outbox.c.subject == ticket["id"]).order_by(outbox.c.id)
        return [one.split(".")[1] for one in db.execute(mine).scalars()]


def test_joined_requests_move_with_the_one_that_leads(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine, other = joined(estate, lead), joined(estate, lead, "neighbour")
    assert read(estate, mine)["owner"]["desk"] == "dispatch"
    for verb, status in (
        ("claim", "assigned"), ("depart", "on_the_way"), ("arrive", "on_site"), ("start", "in_progress"),
        ("complete", "completed"),
    ):  # fmt: skip
        estate.step("crew", lead, verb)
        for one in (mine, other):
            assert read(estate, one)["status"] == status, verb
            assert read(estate, one)["owner"]["id"] == estate.people["crew"].id
    for one in (mine, other):
        assert actions_of(estate, one) == ["file", "join", "assign", "depart", "arrive", "start", "complete"]
        assert events_of(worker_engine, one)[1:] == [
            "joined",
            "assigned",
            "departed",
            "arrived",
            "started",
            "completed",
        ]
        is_true(worker_engine, one)
    assert estate.step("resident", mine, "confirm")["status"] == "confirmed"
    assert read(estate, other)["status"] == "completed", "each is asked for itself"
    with worker_engine.connect() as db:
        crew = select(tickets.c.completed_by).where(tickets.c.id == mine["id"])
        assert db.execute(crew).scalar_one() == estate.people["crew"].id


def test_what_joins_late_is_brought_to_where_the_other_stands(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    walked(estate, lead, "claim", "depart", "arrive")
    mine = joined(estate, lead)
    assert (mine["status"], mine["owner"]["id"]) == ("on_site", estate.people["crew"].id)
    assert actions_of(estate, mine) == ["file", "join", "assign", "arrive"]
    is_true(worker_engine, mine)


def test_it_is_still_answered_by_a_human_of_its_own(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    walked(estate, lead, "claim", "depart")
    seen = read(estate, mine, "dispatcher")
    assert seen["acknowledged_at"] is None
    assert "acknowledge" in seen["actions"]
    after = estate.step("dispatcher", mine, "acknowledge")
    assert (after["status"], after["acknowledged_at"] is not None) == ("on_the_way", True)
    is_problem(estate.post("dispatcher", f"/tickets/{mine['id']}/acknowledge"), 409)
    clocked = {one["clock"]: one for one in estate.get("manager", f"/tickets/{mine['id']}/clocks").json["items"]}
    assert clocked["acknowledge"]["stopped_at"] == after["acknowledged_at"]
    is_true(worker_engine, mine)


def test_it_is_no_job_of_its_own(estate: "Estate") -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    listed = {job["id"] for job in estate.get("crew", "/pool").json["items"]}
    assert (lead["id"] in listed, mine["id"] in listed) == (True, False)
    refused = estate.post("crew", f"/tickets/{mine['id']}/claim")
    is_problem(refused, 409)
    assert refused.json["joined_to"] == lead["id"]
    crews = read(estate, mine, "crew")["actions"]
    assert "claim" not in crews
    assert not {"assign", "release", "escalate"} & set(read(estate, mine, "dispatcher")["actions"])
    # It can be spoken about as any other.
    estate.step("resident", mine, "comments", {"body": "还在漏"})


def test_parted_it_is_back_in_the_pool_as_it_was(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    answered, unanswered = joined(estate, lead), joined(estate, lead, "neighbour")
    estate.step("dispatcher", answered, "acknowledge")
    walked(estate, lead, "claim", "depart")
    for one, who, status in ((answered, "dispatcher", "acknowledged"), (unanswered, "neighbour", "filed")):
        after = estate.step(who, one, "part", {"reason": "不是同一处"})
        assert (after["status"], after["joined_to"], after["owner"]["desk"]) == (status, None, "dispatch")
        assert actions_of(estate, one)[-2:] == ["part", "release"]
        is_true(worker_engine, one)
    listed = {job["id"] for job in estate.get("crew", "/pool").json["items"]}
    assert {answered["id"], unanswered["id"]} <= listed
    walked(estate, lead, "arrive")
    assert read(estate, answered)["status"] == "acknowledged"
    is_problem(estate.post("dispatcher", f"/tickets/{answered['id']}/part"), 409)
    walked(estate, answered, "claim", "depart")
    is_true(worker_engine, answered)


def test_not_solved_for_me_reopens_mine_alone(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine, other = joined(estate, lead), joined(estate, lead, "neighbour")
    walked(estate, lead, "claim", "depart", "arrive", "start", "complete")
    again = estate.step("resident", mine, "reopen", {"reason": "我家还在漏"})
    assert (again["status"], again["joined_to"]) == ("reopened", None)
    assert again["owner"]["id"] == estate.people["crew"].id
    assert read(estate, lead)["status"] == read(estate, other)["status"] == "completed"
    assert actions_of(estate, mine)[-2:] == ["part", "reopen"]
    is_true(worker_engine, mine)


def test_waiting_goes_with_it_and_is_taken_back_with_it(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    walked(estate, lead, "claim", "arrive", "start")
    estate.step("crew", lead, "pause", waiting())
    assert (read(estate, mine)["status"], read(estate, mine)["waiting_reason"]) == ("waiting", "parts")
    estate.step("resident", mine, "object", {"reason": "配件店就在楼下"})
    estate.step("dispatcher", lead, "disallow", {"reason": "配件在库房"})
    assert read(estate, mine)["status"] == "in_progress"
    assert actions_of(estate, mine)[-3:] == ["pause", "object", "disallow"]
    walked(estate, lead, "complete")
    is_true(worker_engine, mine)


def test_let_go_handed_up_and_given_to_another_it_has_the_same_owner(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    estate.step("dispatcher", lead, "assign", {"to": estate.people["colleague"].id})
    assert read(estate, mine)["owner"]["id"] == estate.people["colleague"].id
    estate.step("dispatcher", lead, "release", {"reason": "改派"})
    assert (read(estate, mine)["status"], read(estate, mine)["owner"]["desk"]) == ("filed", "dispatch")
    estate.step("dispatcher", lead, "escalate", {"reason": "需要更大的权限"})
    assert read(estate, mine)["owner"]["desk"] == "management"
    estate.step("dispatcher", lead, "make-safe", {"note": "已关阀"})
    assert read(estate, mine)["made_safe_at"] is not None
    is_true(worker_engine, mine)
    with worker_engine.connect() as db:
        unclaimed = select(clocks.c.stopped_at).where(clocks.c.ticket_id == mine["id"], clocks.c.kind == "claim")
        assert all(db.execute(unclaimed).scalars()), "nobody is told that nobody claims it"


@pytest.mark.parametrize(("verb", "body"), [("cancel", {"reason": "误报"}), ("decline", {"reason": "不属于物业"})])
def test_when_the_one_that_leads_ends_the_others_go_on(
    estate: "Estate", worker_engine: Engine, verb: str, body: dict[str, str]
) -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    estate.step("dispatcher", lead, verb, body)
    after = read(estate, mine)
    assert (after["status"], after["joined_to"]) == ("filed", None)
    is_true(worker_engine, mine)


def test_a_neighbour_who_withdraws_takes_nobody_along(estate: "Estate") -> None:
    lead = estate.file(LEAK, "neighbour")
    mine = joined(estate, lead)
    estate.step("neighbour", lead, "cancel")
    assert read(estate, mine)["joined_to"] is None


def test_two_that_join_each_other_at_once_do_not_both(estate: "Estate", worker_engine: Engine) -> None:
    one, two = shared(estate), shared(estate, "楼道灯不亮")
    answers: list[int] = []
    ready = threading.Barrier(2)

    def join(mine: dict[str, Any], to: dict[str, Any]) -> None:
        client = estate.client.application.test_client()
        ready.wait()
        path = f"/api/v1/tickets/{mine['id']}/join"
        headers = testing.bearer(estate.people["dispatcher"])
        answers.append(client.post(path, json={"to": to["id"]}, headers=headers).status_code)

    both = [threading.Thread(target=join, args=pair) for pair in ((one, two), (two, one))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(answers) == [200, 409]
    for ticket in (one, two):
        is_true(worker_engine, ticket)


@pytest.mark.parametrize("_turn", range(6))
def test_what_joins_while_the_other_is_completed_is_completed_or_stays_open(
    estate: "Estate", worker_engine: Engine, _turn: int
) -> None:
    lead = shared(estate)
    walked(estate, lead, "claim", "arrive", "start")
    mine = estate.file(LEAK)
    ready = threading.Barrier(2)
    answers: dict[str, int] = {}

    def ask(who: str, path: str, body: dict[str, str]) -> None:
        client = estate.client.application.test_client()
        ready.wait()
        answer = client.post(f"/api/v1{path}", json=body, headers=testing.bearer(estate.people[who]))
        answers[who] = answer.status_code

    both = [
        threading.Thread(target=ask, args=("crew", f"/tickets/{lead['id']}/complete", {})),
        threading.Thread(target=ask, args=("dispatcher", f"/tickets/{mine['id']}/join", {"to": lead["id"]})),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert answers["crew"] == 200
    after = read(estate, mine)
    expected = {200: ("completed", lead["id"]), 409: ("filed", None)}[answers["dispatcher"]]
    assert (after["status"], after["joined_to"]) == expected
    is_true(worker_engine, mine)


def test_parting_while_the_other_moves_loses_nothing(estate: "Estate", worker_engine: Engine) -> None:
    lead = shared(estate)
    mine = joined(estate, lead)
    walked(estate, lead, "claim", "arrive", "start")
    ready = threading.Barrier(2)

    def ask(who: str, path: str) -> None:
        client = estate.client.application.test_client()
        ready.wait()
        client.post(f"/api/v1{path}", json={}, headers=testing.bearer(estate.people[who]))

    both = [
        threading.Thread(target=ask, args=("crew", f"/tickets/{lead['id']}/complete")),
        threading.Thread(target=ask, args=("resident", f"/tickets/{mine['id']}/part")),
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    after = read(estate, mine)
    assert (after["status"], after["joined_to"]) in (("filed", None), ("completed", lead["id"]))
    is_true(worker_engine, mine)
