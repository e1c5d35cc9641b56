"""The report on complaints, recomputed from the history of every ticket."""

import statistics
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from services.kit import testing
from services.tickets.complaints.figures import share
from tests.tickets.complaining import AT_ONCE, brought_to, case, complaint, take
from tests.tickets.test_complaint_approvals import make_late
from tests.tickets.test_complaints import entries

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WHY = {"reason": "超出权限"}
# A step begins when the one before it ended for the first time; an approval counts the last.
ENDS = {"identify": "identify", "assess": "assess", "negotiate": "approve", "act": "settle", "review": "review"}


def a_month_of_complaints(estate: "Estate", engine: Engine) -> list[str]:
    """Leave one complaint of every kind of end, and return their ids."""
    made = [complaint(estate)["id"]]
    made += [brought_to(estate, step)["id"] for step in ("identified", "reviewed", "replied", "chosen")]
    at_once = brought_to(estate, "at once")
    take(estate, "dispatcher", at_once["id"], "settle")
    avoidable = brought_to(estate, "at once")
    estate.step("dispatcher", avoidable, "escalate", WHY)
    take(estate, "manager", avoidable["id"], "settle")
    needed = brought_to(estate, "assessed")
    estate.step("dispatcher", needed, "escalate", WHY)
    unjudged = brought_to(estate, "identified")
    estate.step("dispatcher", unjudged, "escalate", WHY)
    late = brought_to(estate, "chosen")
    make_late(engine, late["id"])
    take(estate, "manager", late["id"], "approve")
    overdue = brought_to(estate, "chosen")
    make_late(engine, overdue["id"])
    again = brought_to(estate, "at once")
    take(estate, "dispatcher", again["id"], "settle")
    take(estate, "dispatcher", again["id"], "review", outcome="not_solved", lesson="先核实再答复")
    estate.file()
    rest = (at_once, avoidable, needed, unjudged, late, overdue, again)
    return [*made, *(ticket["id"] for ticket in rest)]


def first(done: list[dict[str, Any]], action: str) -> dict[str, Any] | None:
    """Return the first entry of an action."""
    return next((entry for entry in done if entry["action"] == action), None)


def recounted(estate: "Estate", engine: Engine, ids: list[str]) -> dict[str, Any]:
    """Count the figures from history, one ticket after the other."""
    count = dict.fromkeys(
        ("identified", "judged", "justified", "first", "escalated", "unjudged", "avoidable", "in_time", "late", "open"),
        0,
    )
    seconds: dict[str, list[float]] = {name: [] for name in ENDS}
    for ticket_id in ids:
        done = entries(engine, ticket_id)
        actions = [entry["action"] for entry in done]
        judgement = first(done, "assess")
        at_once = judgement and judgement["data"]["settle_at_once"]
        count["identified"] += "identify" in actions
        count["judged"] += judgement is not None
        count["justified"] += bool(judgement and judgement["data"]["justified"])
        settled = first(done, "settle") or first(done, "reply")
        lasted = done[-1]["status"] in ("completed", "confirmed", "closed") and actions.count("complete") == 1
        count["first"] += bool(settled and settled["data"]["first_contact"] and lasted)
        count["escalated"] += "escalate" in actions
        count["unjudged"] += "escalate" in actions and judgement is None
        count["avoidable"] += bool("escalate" in actions and at_once)
        approved = [entry["data"]["in_time"] for entry in done if entry["action"] == "approve"]
        count["in_time"] += sum(approved)
        count["late"] += len(approved) - sum(approved)
        waiting = "choose" in actions and not approved
        overdue = waiting and case(estate, "manager", ticket_id)["approval_due_at"] < datetime.now(UTC).isoformat()
        count["late"] += overdue
        count["open"] += waiting and not overdue
        begin = done[0]["at"]
        for name, action in ENDS.items():
            end = first(done, action) or (first(done, "reply") if name == "act" else None)
            if end is not None:
                seconds[name].append((end["at"] - begin).total_seconds())
            if name != "negotiate" or end is not None:
                begin = end["at"] if end else begin
    return {"count": count, "seconds": seconds}


def test_every_figure_follows_from_history(estate: "Estate", worker_engine: Engine) -> None:
    ids = a_month_of_complaints(estate, worker_engine)
    told = estate.get("manager", "/reports/complaints").json
    count, seconds = recounted(estate, worker_engine, ids).values()
    total = told["total"]
    assert total["n"] == len(ids) == 12
    assert (total["identified"], total["unidentified"]) == (count["identified"], len(ids) - count["identified"])
    assert (total["escalated"], total["escalated_unjudged"]) == (count["escalated"], count["unjudged"]) == (3, 1)
    assert total["settled_on_first_contact"] == pytest.approx(share(count["first"], count["identified"]))
    assert total["avoidable_escalations"] == pytest.approx(share(count["avoidable"], 2))
    assert total["justified"] == pytest.approx(share(count["justified"], count["judged"]))
    decided = count["in_time"] + count["late"]
    assert total["approvals_in_time"] == pytest.approx(share(count["in_time"], decided) | {"open": count["open"]})
    assert (count["first"], count["avoidable"], count["late"], count["open"]) == (2, 1, 2, 1)
    for name, took in seconds.items():
        shown = total["steps"][name]
        assert shown["n"] == len(took), name
        assert shown["median_seconds"] == pytest.approx(statistics.median(took), abs=0.05), name
    assert [lesson["lesson"] for lesson in told["lessons"]] == ["先核实再答复", "交接班时先问候"]
    assert told["more_lessons"] is False
    assert told["interval"] == "Wilson, 95 %"


def test_groups_add_up_to_the_total(estate: "Estate", worker_engine: Engine) -> None:
    a_month_of_complaints(estate, worker_engine)
    take(estate, "dispatcher", complaint(estate)["id"], "identify", emotion="sad", cause="policy")
    for grouping, keys in {
        "community": {estate.community_id},
        "cause": {None, "staff_conduct", "policy"},
        "emotion": {None, "angry", "sad"},
        "month": {datetime.now(UTC).strftime("%Y-%m")},
    }.items():
        told = estate.get("admin", f"/reports/complaints?group_by={grouping}").json
        assert {group["key"] for group in told["groups"]} == keys, grouping
        assert sum(group["n"] for group in told["groups"]) == told["total"]["n"] == 13
        assert {group["name"] for group in told["groups"]} == ({"桂花苑"} if grouping == "community" else {None})
    narrowed = estate.get("manager", "/reports/complaints?cause=policy&emotion=sad").json
    assert narrowed["total"]["n"] == 1
    assert narrowed["lessons"] == []


def test_nothing_is_shown_as_nothing(estate: "Estate") -> None:
    brought_to(estate, "at once")
    begin = (datetime.now(UTC) + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    told = estate.get("manager", f"/reports/complaints?from={begin}").json
    assert told["groups"] == []
    assert told["total"]["n"] == 0
    for name in ("settled_on_first_contact", "avoidable_escalations", "justified", "approvals_in_time"):
        assert told["total"][name]["share"] is None
    assert told["total"]["steps"]["act"] == {"n": 0, "median_seconds": None, "p90_seconds": None}


def test_who_reads_it_and_what_of(estate: "Estate") -> None:
    complaint(estate)
    for name in ("resident", "crew", "dispatcher"):
        assert estate.get(name, "/reports/complaints").status_code == 403
    estate.join("far", "manager", community_ids=(testing.fresh(),))
    assert estate.get("far", "/reports/complaints").json["total"]["n"] == 0
    assert AT_ONCE
    refusal = estate.get("manager", "/reports/complaints?group_by=crew")
    assert (refusal.status_code, refusal.json["errors"][0]["field"]) == (422, "group_by")
