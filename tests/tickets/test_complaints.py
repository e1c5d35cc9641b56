"""Complaints over HTTP: heard, judged, negotiated, settled and looked back at, and nothing out of turn."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock
from services.kit.testing import at
from services.tickets import chain
from services.tickets.complaints.codes import CAUSES, EMOTIONS, SEVERITIES
from services.tickets.models import complaints, remarks
from tests.tickets.complaining import (
    ACTIONS,
    AT_ONCE,
    IDENTIFIED,
    ROAD,
    attempt,
    brought_to,
    case,
    complaint,
    entries,
    options,
    take,
    told,
)
from tests.tickets.test_steps import record_adds_up

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

WATCHERS = ("resident", "neighbour", "crew", "dispatcher", "manager", "admin")


def clock_of(estate: "Estate", ticket_id: str, kind: str) -> dict[str, Any]:
    """Return a clock of a ticket."""
    items = estate.get("manager", f"/tickets/{ticket_id}/clocks").json["items"]
    return next(item for item in items if item["clock"] == kind)


@pytest.mark.parametrize("step", ROAD)
def test_at_every_step_what_is_offered_works_and_nothing_else(estate: "Estate", step: str) -> None:
    still = brought_to(estate, step)
    version = still["version"]
    for name in WATCHERS:
        seen = estate.get(name, f"/tickets/{still['id']}/complaint")
        offered = seen.json["actions"] if seen.status_code == 200 else []
        assert seen.status_code == {"neighbour": 404, "crew": 403}.get(name, 200)
        for action in ACTIONS:
            ticket = brought_to(estate, step) if action in offered else still
            answer = attempt(estate, name, ticket["id"], action)
            expected = (200,) if action in offered else (403, 404, 409)
            assert answer.status_code in expected, (name, action, answer.json)
    assert estate.get("admin", f"/tickets/{still['id']}").json["version"] == version


def test_the_whole_way_of_a_justified_complaint(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "reviewed")
    done = entries(worker_engine, ticket["id"])
    assert [entry["action"] for entry in done] == [
        "file", "acknowledge", "identify", "assess", "offer", "choose", "approve", "act", "promise", "settle",
        "complete", "call_back", "review",
    ]  # fmt: skip
    assert chain.first_break(done) is None
    record_adds_up(worker_engine, ticket["id"])
    seen = case(estate, "manager", ticket["id"])
    assert (seen["step"], seen["stage"], seen["outcome"]) == ("reviewed", "done", "solved")
    assert seen["wanted"] == IDENTIFIED["wanted"]
    assert seen["restated"] == IDENTIFIED["restated"]
    assert [option["what"] for option in seen["options"]] == [option["what"] for option in options()]
    assert (seen["chosen"], seen["chosen_by_role"]) == (2, "resident")
    assert seen["promised_at"] == seen["options"][1]["by"]
    assert seen["lesson"] == "交接班时先问候"
    assert ticket["status"] == "completed"
    for kind in ("identified", "assessed", "offered", "accepted", "approved", "acted", "settled", "reviewed"):
        assert len(told(worker_engine, ticket["id"], f"complaint.{kind}.v1")) == 1, kind


def test_words_are_sealed_and_the_case_holds_none(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "reviewed")
    done = entries(worker_engine, ticket["id"])
    with worker_engine.connect() as db:
        said = {row.id: row for row in db.execute(select(remarks).where(remarks.c.ticket_id == ticket["id"]))}
        row = db.execute(select(complaints).where(complaints.c.ticket_id == ticket["id"])).mappings().one()
    sealed = {
        entry["data"]["remark_id"]: entry["data"]["remark_sha256"] for entry in done if "remark_id" in entry["data"]
    }
    assert sealed == {remark.id: chain.sealed(remark.salt, remark.body) for remark in said.values()}
    everything = f"{[entry['data'] for entry in done]}{dict(row)}"
    for remark in said.values():
        assert not any(line in everything for line in remark.body.splitlines())


def test_hearing_somebody_out_is_the_first_answer(estate: "Estate", worker_engine: Engine) -> None:
    ticket = complaint(estate)
    assert clock_of(estate, ticket["id"], "acknowledge")["stopped_at"] is None
    take(estate, "dispatcher", ticket["id"], "identify")
    answered = clock_of(estate, ticket["id"], "acknowledge")
    assert answered["state"] == "met"
    again = take(estate, "dispatcher", ticket["id"], "identify", emotion="calm")
    assert again["emotion"] == "calm"
    assert clock_of(estate, ticket["id"], "acknowledge")["stopped_at"] == answered["stopped_at"]
    record_adds_up(worker_engine, ticket["id"])


@pytest.mark.parametrize("pack", ["uk_hos_code", "cn_hangzhou_pm"])
@pytest.mark.parametrize("step", ["settled", "replied"])
def test_the_statutory_clock_stops_with_the_answer(estate: "Estate", pack: str, step: str) -> None:
    terms = f"/communities/{estate.community_id}/packs/{pack}"
    answer = estate.put("manager", terms, {"note": "a"}, If_Match="*")
    assert answer.status_code == 200, answer.json
    ticket = brought_to(estate, step)
    found = clock_of(estate, ticket["id"], "resolve")
    assert (found["state"], found["stopped_at"]) == ("met", ticket["completed_at"])
    acknowledged = clock_of(estate, ticket["id"], "acknowledge")
    assert acknowledged["stopped_at"] == ticket["acknowledged_at"]


def test_settled_at_once_needs_no_negotiation(estate: "Estate") -> None:
    ticket = brought_to(estate, "at once")
    settled = take(estate, "dispatcher", ticket["id"], "settle")
    assert (settled["step"], settled["first_contact"], settled["status"]) == ("settled", True, "completed")
    refused = attempt(estate, "dispatcher", brought_to(estate, "assessed")["id"], "settle")
    assert (refused.status_code, refused.json["because"]) == (409, "not_at_once")


@pytest.mark.parametrize("what", ["late", "somebody else", "escalated", "visited"])
def test_it_was_not_the_first_contact(estate: "Estate", what: str) -> None:
    ticket = brought_to(estate, "at once")
    by = "dispatcher"
    if what == "escalated":
        estate.step("dispatcher", ticket, "escalate", {"reason": "超出权限"})
    if what == "visited":
        estate.step("dispatcher", ticket, "assign", {"to": estate.people["crew"].id})
    if what == "somebody else":
        by = "manager"
    with at(clock.now() + timedelta(minutes=61 if what == "late" else 5)):
        assert take(estate, by, ticket["id"], "settle")["first_contact"] is False


def test_an_unjustified_complaint_is_not_negotiated_and_a_justified_one_not_explained_away(estate: "Estate") -> None:
    no = brought_to(estate, "unjustified")
    for action in ("offer", "settle"):
        assert attempt(estate, "dispatcher", no["id"], action).json["because"] == "not_justified"
    yes = brought_to(estate, "assessed")
    assert attempt(estate, "dispatcher", yes["id"], "reply").json["because"] == "justified"


def test_a_resident_does_not_read_what_staff_think_of_them(estate: "Estate") -> None:
    ticket = brought_to(estate, "reviewed")
    seen = case(estate, "resident", ticket["id"])
    for name in ("emotion", "severity", "settle_at_once", "first_contact", "earlier", "lesson", "assessment"):
        assert seen[name] is None, name
    assert seen["wanted"] == IDENTIFIED["wanted"]
    said = {one["body"] for one in estate.get("resident", f"/tickets/{ticket['id']}/comments").json["items"]}
    assert "看过监控" not in said
    assert "交接班时先问候" not in said
    assert estate.get("neighbour", f"/tickets/{ticket['id']}/complaint").status_code == 404


def test_what_is_not_solved_is_opened_again_and_judged_anew(estate: "Estate", worker_engine: Engine) -> None:
    ticket = brought_to(estate, "settled")
    reviewed = take(estate, "manager", ticket["id"], "review", outcome="not_solved", lesson="道歉还不够")
    assert (reviewed["step"], reviewed["status"]) == ("reviewed", "reopened")
    assert case(estate, "dispatcher", ticket["id"])["actions"] == ["assess"]
    again = take(estate, "dispatcher", ticket["id"], "assess")
    assert (again["step"], again["options"], again["chosen"]) == ("assessed", [], None)
    record_adds_up(worker_engine, ticket["id"])


def test_a_visit_that_reached_nobody_is_no_answer(estate: "Estate") -> None:
    ticket = brought_to(estate, "settled")
    missed = take(estate, "dispatcher", ticket["id"], "review", outcome="not_reached", lesson=None)
    assert (missed["outcome"], missed["lesson"]) == ("not_reached", None)
    assert clock_of(estate, ticket["id"], "callback")["stopped_at"] is None
    asked = attempt(estate, "dispatcher", ticket["id"], "review", outcome="solved", lesson=None)
    assert [error["field"] for error in asked.json["errors"]] == ["lesson"]
    assert take(estate, "dispatcher", ticket["id"], "review")["outcome"] == "solved"
    assert clock_of(estate, ticket["id"], "callback")["stopped_at"] is not None


def test_acting_names_an_owner_and_a_promise(estate: "Estate") -> None:
    ticket = brought_to(estate, "approved")
    crew = estate.people["crew"].id
    take(estate, "dispatcher", ticket["id"], "act", to=crew)
    now = estate.get("resident", f"/tickets/{ticket['id']}").json
    assert (now["owner"]["id"], now["status"]) == (crew, "assigned")
    assert now["promised_at"] is not None
    estate.step("crew", now, "start")
    settled = take(estate, "crew", ticket["id"], "settle")
    assert (settled["status"], settled["first_contact"]) == ("completed", False)


def test_the_list_shows_what_nobody_identified_yet(estate: "Estate") -> None:
    new, heard = complaint(estate), brought_to(estate, "identified")
    estate.file()
    items = estate.get("manager", "/complaints").json["items"]
    assert [(one["ticket_id"], one["step"]) for one in items] == [(heard["id"], "identified"), (new["id"], "new")]
    assert [one["ticket_id"] for one in estate.get("manager", "/complaints?step=new").json["items"]] == [new["id"]]
    for narrowed in ("cause=staff_conduct", "emotion=angry", "step=identified"):
        assert [one["ticket_id"] for one in estate.get("manager", f"/complaints?{narrowed}").json["items"]] == [
            heard["id"]
        ]
    first = estate.get("manager", "/complaints?limit=1")
    after = first.headers["Link"].split("after=")[1].split(">")[0].split("&")[0]
    second = estate.get("manager", f"/complaints?limit=1&after={after}")
    assert [first.json["items"][0]["ticket_id"], second.json["items"][0]["ticket_id"]] == [heard["id"], new["id"]]
    for name in ("resident", "crew"):
        assert estate.get(name, "/complaints").status_code == 403


def test_every_code_has_its_names() -> None:
    for names in (EMOTIONS, CAUSES, SEVERITIES):
        assert all(set(one) == {"zh-CN", "en"} for one in names.values())
    assert len(CAUSES) == 9
    assert AT_ONCE["settle_at_once"]
