"""The lifecycle over HTTP: what a ticket offers works, what it does not is refused, whatever came before."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from services.kit import clock
from services.tickets import chain, service_levels
from services.tickets.books import books_of
from services.tickets.models import clocks, history, tickets
from tests.tickets.walking import HTTP_ACTIONS, attempt

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

PEOPLE = ("resident", "crew", "colleague", "dispatcher", "manager", "admin")
REPRESENTATIVES = ("resident", "crew", "colleague", "dispatcher", "manager")
ROAD = {
    "filed": (),
    "acknowledged": (("dispatcher", "acknowledge"),),
    "claimed": (("crew", "claim"),),
    "assigned": (("dispatcher", "assign"),),
    "on_the_way": (("crew", "claim"), ("crew", "depart")),
    "on_site": (("crew", "claim"), ("crew", "arrive")),
    "in_progress": (("crew", "claim"), ("crew", "start")),
    "escalated": (("crew", "claim"), ("crew", "escalate")),
    "waiting": (("crew", "claim"), ("crew", "start"), ("crew", "pause")),
    "completed": (("crew", "claim"), ("crew", "start"), ("crew", "complete")),
    "confirmed": (("crew", "claim"), ("crew", "start"), ("crew", "complete"), ("resident", "confirm")),
    "reopened": (("crew", "claim"), ("crew", "start"), ("crew", "complete"), ("resident", "reopen")),
    "cancelled": (("resident", "cancel"),),
    "declined": (("dispatcher", "decline"),),
}


def read(estate: "Estate", name: str, ticket_id: str) -> dict[str, Any]:
    """Return the ticket as somebody sees it."""
    answer = estate.get(name, f"/tickets/{ticket_id}")
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def brought_to(estate: "Estate", status: str) -> dict[str, Any]:
    """File a request and walk it to a status by the shortest road."""
    ticket = estate.file()
    for name, action in ROAD[status]:
        answer = attempt(estate, name, ticket, action)
        assert answer.status_code == 200, answer.json
        ticket = dict(answer.json or {})
    assert ticket["status"] == ("assigned" if status == "escalated" else status)
    return ticket


@pytest.mark.parametrize("status", ROAD)
def test_from_every_status_what_is_offered_works_and_nothing_else(estate: "Estate", status: str) -> None:
    still = brought_to(estate, status)
    for name in REPRESENTATIVES:
        offered = read(estate, name, still["id"])["actions"]
        for action in HTTP_ACTIONS:
            ticket = read(estate, name, brought_to(estate, status)["id"]) if action in offered else still
            answer = attempt(estate, name, ticket, action)
            expected = (200, 201) if action in offered else (403, 409)
            assert answer.status_code in expected, (name, action, answer.json)
    assert read(estate, "admin", still["id"])["version"] == still["version"]


WALKS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(HTTP_ACTIONS)), min_size=4, max_size=24)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(walk=WALKS, greedy=st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 20)), max_size=14))
def test_any_walk_keeps_the_promises(
    new_estate: Callable[[], "Estate"],
    worker_engine: Engine,
    walk: list[tuple[str, str]],
    greedy: list[tuple[str, int]],
) -> None:
    """A walk that goes on by what is offered, and one that tries anything, both leave a record that adds up."""
    estate = new_estate()
    ticket = estate.file("楼道灯不亮了")
    first_completed_at = None
    steps: list[tuple[str, str | int]] = [*greedy, *walk]
    for name, wish in steps:
        ticket = read(estate, name, ticket["id"])
        offered = ticket["actions"]
        action = wish if isinstance(wish, str) else (offered[wish % len(offered)] if offered else "claim")
        answer = attempt(estate, name, ticket, action)
        expected = (200, 201) if action in offered else (403, 409)
        assert answer.status_code in expected, (name, action, ticket["status"], answer.json)
        after = read(estate, "manager", ticket["id"])
        entries = after["version"] - ticket["version"]
        # What is parted from another is let go of as well.
        assert entries in ((1, 2) if action == "part" else (1,)) if action in offered else entries == 0
        assert (after["owner"]["id"] is None) != (after["owner"]["desk"] is None)
        assert first_completed_at in (None, after["first_completed_at"])
        first_completed_at = after["first_completed_at"]
    record_adds_up(worker_engine, ticket["id"])


def record_adds_up(engine: Engine, ticket_id: str) -> None:
    """Recompute what is stored of a ticket from its history, and compare."""
    with engine.connect() as db:
        ticket = db.execute(select(tickets).where(tickets.c.id == ticket_id)).mappings().one()
        entries = [
            dict(row)
            for row in db.execute(
                select(history).where(history.c.ticket_id == ticket_id).order_by(history.c.seq)
            ).mappings()
        ]
        library = books_of(db, ticket["organisation_id"], ticket["community_id"], entries)
        stored = [dict(row) for row in db.execute(select(clocks).where(clocks.c.ticket_id == ticket_id)).mappings()]
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    assert chain.first_break(entries) is None
    assert ticket["version"] == entries[-1]["seq"]
    assert ticket["history_hash"] == entries[-1]["hash"]
    assert ticket["status"] == entries[-1]["status"]
    assert all(before["status"] == after["from_status"] for before, after in zip(entries, entries[1:], strict=False))
    assert all(before["at"] <= after["at"] for before, after in zip(entries, entries[1:], strict=False))
    completions = [entry["at"] for entry in entries if entry["action"] == "complete"]
    assert ticket["completions"] == len(completions)
    assert ticket["first_completed_at"] == (completions[0] if completions else None)
    answered = [e["at"] for e in entries if e["action"] in ("acknowledge", "claim", "assign")]
    assert ticket["acknowledged_at"] == (answered[0] if answered else None)
    moved = [entry["at"] for entry in entries if entry["action"] in service_levels.MOVES_CLOCKS]
    judged = service_levels.judged_of(entries, ticket["community_id"], library, moved[-1])
    rows = service_levels.rows_of(judged, ticket, entries, [])
    key = ("kind", "generation")
    assert sorted(rows, key=lambda row: [row[k] for k in key]) == sorted(stored, key=lambda row: [row[k] for k in key])


def test_somebody_of_the_same_home_may_do_what_the_filer_may(estate: "Estate") -> None:
    estate.join("spouse", "resident", unit_ids=(estate.home,))
    ticket = estate.file()
    assert "cancel" in read(estate, "spouse", ticket["id"])["actions"]
    assert estate.step("spouse", ticket, "cancel")["status"] == "cancelled"


def test_a_handed_over_job_is_the_colleagues(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    ticket = estate.step("crew", ticket, "assign", {"to": estate.people["colleague"].id, "note": "请带梯子"})
    assert ticket["owner"] == {
        "kind": "person", "desk": None, "id": estate.people["colleague"].id, "name": "colleague badge",
    }  # fmt: skip
    refusal = estate.post("crew", f"/tickets/{ticket['id']}/start")
    assert refusal.status_code == 403
    assert refusal.json["owner_id"] == estate.people["colleague"].id
    assert estate.step("colleague", ticket, "start")["status"] == "in_progress"


def test_a_released_job_is_the_desks_and_in_the_pool_again(estate: "Estate") -> None:
    ticket = estate.step("crew", estate.file(), "claim")
    ticket = estate.step("crew", ticket, "release", {"reason": "家中有急事"})
    assert ticket["owner"]["desk"] == "dispatch"
    assert ticket["id"] in {job["id"] for job in estate.get("colleague", "/pool").json["items"]}


def test_a_job_is_given_only_to_active_crew_of_that_community(estate: "Estate") -> None:
    ticket = estate.file()
    elsewhere = estate.join("far crew", "crew", community_ids=("00000000-0000-7000-8000-000000000001",))
    for to in (estate.people["resident"].id, estate.people["dispatcher"].id, elsewhere.id):
        refusal = estate.post("dispatcher", f"/tickets/{ticket['id']}/assign", {"to": to})
        assert refusal.status_code == 422, refusal.json
        assert [error["field"] for error in refusal.json["errors"]] == ["to"]
    same = estate.step("dispatcher", ticket, "assign", {"to": estate.people["crew"].id})
    assert estate.post("dispatcher", f"/tickets/{same['id']}/assign", {"to": same["owner"]["id"]}).status_code == 409


def test_a_reopened_job_returns_to_who_completed_it(estate: "Estate") -> None:
    done = estate.completed()
    reopened = estate.step("resident", done, "reopen", {"reason": "又漏了"})
    assert reopened["owner"]["id"] == estate.people["crew"].id
    assert reopened["first_completed_at"] == done["first_completed_at"]
    assert reopened["completed_at"] is None
    lost = estate.post("colleague", f"/tickets/{done['id']}/claim")
    assert lost.status_code == 409
    assert lost.json["owner"]["name"] == "crew badge"


def test_a_promise_is_still_to_come_and_within_a_year(estate: "Estate") -> None:
    ticket = estate.file()
    for moment in (clock.now().isoformat(), "9999-12-31T23:59:59-23:59", "1999-01-01T00:00:00Z"):
        refusal = estate.post("dispatcher", f"/tickets/{ticket['id']}/promise", {"promised_at": moment})
        assert refusal.status_code == 422, moment
        assert refusal.json["errors"][0]["field"] == "promised_at"
    soon = (clock.now() + timedelta(days=2)).isoformat()
    assert estate.step("dispatcher", ticket, "promise", {"promised_at": soon})["promised_at"] == soon
