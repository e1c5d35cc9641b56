"""Moving running tickets to the terms now in force: on purpose, on record, and without forgiving a missed deadline."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock, testing
from services.tickets.commands import reevaluation
from services.tickets.models import clocks, outbox
from services.tickets.sla.policy import STANDARD_VERSION
from tests.tickets.refusals import is_problem

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

DAILY = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
REASON = {"reason": "新合同自今日起执行"}


def change(estate: "Estate", *, attend: int | None = None, calendar: bool = False) -> None:
    """Give the community another policy, another calendar, or both."""
    where = f"/communities/{estate.community_id}"
    if attend is not None:
        document = estate.get("manager", f"{where}/policy").json["document"]
        for urgency in document["classes"]["standard"].values():
            urgency["attend"] = {"seconds": attend, "basis": "clock"}
        answer = estate.put("manager", f"{where}/policy", {"document": document, "note": "a"}, If_Match="*")
        assert answer.status_code == 200, answer.json
    if calendar:
        body = {"document": {"tz": "Asia/Shanghai", "hours": DAILY}, "note": "a"}
        assert estate.put("manager", f"{where}/calendar", body, If_Match="*").status_code == 200


def attend_clock(estate: "Estate", ticket: dict[str, Any]) -> dict[str, Any]:
    """Return the attend clock as it stands now."""
    items = estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]
    return next(item for item in items if item["clock"] == "attend")


def tag(ticket: dict[str, Any]) -> str:
    """Return the ticket's ETag."""
    return f'"v{ticket["version"]}"'


def test_a_ticket_moves_to_the_terms_in_force_on_purpose_and_on_record(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.file()
    change(estate, attend=600, calendar=True)
    assert attend_clock(estate, ticket)["target_seconds"] != 600
    assert "reevaluate" in estate.get("manager", f"/tickets/{ticket['id']}").json["actions"]
    moved = estate.step("manager", ticket, "reevaluate", REASON, If_Match=tag(ticket))
    assert (moved["policy_version"], moved["calendar_version"], moved["status"]) == ("own-1", 2, "filed")
    assert attend_clock(estate, ticket)["target_seconds"] == 600
    seen = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert seen["data"]["changes"] == {"policy_version": [STANDARD_VERSION, "own-1"], "calendar_version": [1, 2]}
    assert (seen["action"], seen["actor_role"], seen["note"]) == ("reevaluate", "manager", REASON["reason"])
    hidden = estate.get("resident", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert (hidden["action"], hidden["note"]) == ("reevaluate", None)
    with worker_engine.connect() as db:
        rows = db.execute(select(clocks).where(clocks.c.ticket_id == ticket["id"])).all()
        told = select(outbox.c.type).where(outbox.c.subject == ticket["id"]).order_by(outbox.c.occurred_at.desc())
        assert db.execute(told).scalars().first() == "ticket.reevaluated.v1"
    assert {row.policy_version for row in rows} == {"own-1"}
    assert "reevaluate" not in moved["actions"]


def test_only_what_changed_is_recorded(estate: "Estate") -> None:
    ticket = estate.file()
    change(estate, calendar=True)
    estate.step("manager", ticket, "reevaluate", REASON, If_Match="*")
    seen = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert seen["data"]["changes"] == {"calendar_version": [1, 2]}


def test_a_ticket_on_the_terms_in_force_stays_as_it_is(estate: "Estate") -> None:
    ticket = estate.file()
    for language, word in (("en", STANDARD_VERSION), ("zh-CN", "现行时限")):
        sent = {"If_Match": tag(ticket), "Accept_Language": language}
        refusal = estate.post("manager", f"/tickets/{ticket['id']}/reevaluate", REASON, **sent)
        is_problem(refusal, 409)
        assert word in refusal.json["detail"]


def test_it_needs_the_version_that_was_read(estate: "Estate") -> None:
    ticket = estate.file()
    change(estate, attend=600)
    is_problem(estate.post("manager", f"/tickets/{ticket['id']}/reevaluate", REASON), 428)
    newer = estate.step("dispatcher", ticket, "acknowledge")
    is_problem(estate.post("manager", f"/tickets/{ticket['id']}/reevaluate", REASON, If_Match=tag(ticket)), 412)
    estate.step("manager", newer, "reevaluate", REASON, If_Match=tag(newer))


@pytest.mark.parametrize("name", ["resident", "crew", "dispatcher", "admin"])
def test_only_a_manager_does_it(estate: "Estate", name: str) -> None:
    ticket = estate.file()
    change(estate, attend=600)
    assert estate.post(name, f"/tickets/{ticket['id']}/reevaluate", REASON, If_Match="*").status_code == 403


def test_a_breach_from_before_stays_a_breach(estate: "Estate") -> None:
    with testing.at(clock.now() - timedelta(hours=3)):
        ticket = estate.file(urgency="urgent")
    missed = attend_clock(estate, ticket)
    assert missed["state"] == "breached"
    change(estate, attend=86_400)
    ticket = estate.step("manager", ticket, "reevaluate", REASON, If_Match="*")
    now = attend_clock(estate, ticket)
    same = ("state", "breached_at", "due_at", "target_seconds")
    assert [now[name] for name in same] == [missed[name] for name in same]


def test_what_is_stricter_now_counts_from_the_opening(estate: "Estate") -> None:
    with testing.at(clock.now() - timedelta(minutes=30)):
        ticket = estate.file(urgency="urgent")
    assert attend_clock(estate, ticket)["state"] == "running"
    change(estate, attend=600)
    estate.step("manager", ticket, "reevaluate", REASON, If_Match="*")
    found = attend_clock(estate, ticket)
    assert found["state"] == "breached"
    due = datetime.fromisoformat(ticket["filed_at"]) + timedelta(minutes=10)
    assert datetime.fromisoformat(found["breached_at"]) == due


def test_what_is_over_is_left_alone(estate: "Estate") -> None:
    done, gone = estate.completed(), estate.step("resident", estate.file(), "cancel")
    change(estate, attend=600)
    for ticket in (done, gone):
        is_problem(estate.post("manager", f"/tickets/{ticket['id']}/reevaluate", REASON, If_Match="*"), 409)
    path = f"/communities/{estate.community_id}/reevaluations"
    assert estate.post("manager", path, REASON).json == {"moved": 0, "left": 0}


def test_all_open_tickets_of_a_community_move_in_as_many_calls_as_it_takes(
    estate: "Estate", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reevaluation, "MOST_AT_ONCE", 3)
    older = [estate.file(f"{number}号楼水管漏水") for number in range(7)]
    change(estate, attend=600)
    newer = estate.file()
    path = f"/communities/{estate.community_id}/reevaluations"
    answers = [estate.post("manager", path, REASON).json for _ in range(4)]
    assert answers == [
        {"moved": 3, "left": 4}, {"moved": 3, "left": 1}, {"moved": 1, "left": 0}, {"moved": 0, "left": 0},
    ]  # fmt: skip
    for ticket in older:
        entries = estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"]
        assert [entry["action"] for entry in entries] == ["file", "reevaluate"]
        assert entries[-1]["note"] == REASON["reason"]
    assert estate.get("manager", f"/tickets/{newer['id']}").json["version"] == 1


def test_another_organisations_tickets_do_not_move(estate: "Estate", new_estate: Callable[[], "Estate"]) -> None:
    other = new_estate()
    theirs = other.file()
    estate.file()
    change(estate, attend=600)
    assert estate.post("manager", f"/communities/{estate.community_id}/reevaluations", REASON).json["moved"] == 1
    assert other.get("manager", f"/tickets/{theirs['id']}").json["version"] == 1
