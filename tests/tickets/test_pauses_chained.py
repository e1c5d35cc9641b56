"""Waiting again and again: it adds up, what the desk took back is not asked for twice, and any pause is taken back."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import clock, testing
from services.kit.identity import system_actor
from services.tickets import commands
from services.tickets.models import clocks
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.test_pauses import BURST, expire, resolve_clock, started
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

ACCESS = timedelta(days=3)  # The longest that a job waits to be let in, by the standard policy.
REFUSED = {"reason": "配件在库房里"}


def pauses(estate: "Estate", ticket: dict[str, Any]) -> list[int]:
    """Return the numbers of a ticket's pauses, as its history shows them."""
    items = estate.get("dispatcher", f"/tickets/{ticket['id']}/history").json["items"]
    return [entry["seq"] for entry in items if entry["action"] == "pause"]


def waited(estate: "Estate", ticket: dict[str, Any], reason: str = "access", hours: float = 30) -> dict[str, Any]:
    """Let a job wait for so many hours, and go on now."""
    with testing.at(clock.now() - timedelta(hours=hours)):
        ticket = estate.step("crew", ticket, "pause", waiting(reason, days=2))
    return estate.step("crew", ticket, "resume")


@pytest.mark.parametrize(("language", "words"), [("en", ("3 days", "42 h")), ("zh-CN", ("3天", "42 小时"))])
def test_one_pause_after_the_other_buys_no_more_than_one(
    estate: "Estate", language: str, words: tuple[str, str]
) -> None:
    ticket = waited(estate, started(estate, ago=timedelta(days=5)))
    too_long = waiting("access", days=2)
    answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", too_long, Accept_Language=language)
    is_problem(answer, 422)
    assert fields_of(answer) == {"until"}
    assert all(word in answer.json["detail"] for word in words), answer.json["detail"]
    assert answer.json["longest_seconds"] == ACCESS.total_seconds()
    assert 41.9 < answer.json["left_seconds"] / 3600 <= 42
    # What it waits for besides has its own measure.
    other = estate.step("crew", estate.step("crew", ticket, "pause", waiting("parts", days=9)), "resume")
    estate.step("crew", other, "pause", waiting("access", hours=41))


def test_a_pause_for_a_reason_used_up_is_refused_until_the_job_is_reopened(estate: "Estate") -> None:
    ticket = started(estate, ago=timedelta(days=9))
    with testing.at(clock.now() - timedelta(days=8)):
        ticket = estate.step("crew", ticket, "pause", waiting("access", days=3))
    ticket = estate.step("crew", ticket, "resume")
    answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("access", minutes=1), Accept_Language="en")
    is_problem(answer, 422)
    assert (answer.json["left_seconds"], "go on with the work" in answer.json["detail"]) == (0, True)
    ticket = estate.step("crew", ticket, "complete")
    ticket = estate.step("crew", estate.step("resident", ticket, "reopen", {"reason": "还在漏"}), "start")
    estate.step("crew", ticket, "pause", waiting("access", days=2))


@pytest.mark.parametrize(
    ("language", "word"), [("en", "because parts are awaited. Go on"), ("zh-CN", "以“等待配件”为由暂停")]
)
def test_what_the_desk_took_back_is_not_asked_for_again(estate: "Estate", language: str, word: str) -> None:
    ticket = estate.step("crew", started(estate), "pause", waiting("parts"))
    ticket = estate.step("dispatcher", ticket, "disallow", REFUSED)
    answer = estate.post("crew", f"/tickets/{ticket['id']}/pause", waiting("parts"), Accept_Language=language)
    is_problem(answer, 409)
    assert word in answer.json["detail"]
    ticket = estate.step("crew", estate.step("crew", ticket, "pause", waiting("weather")), "resume")
    ticket = estate.step("crew", ticket, "complete")
    ticket = estate.step("crew", estate.step("resident", ticket, "reopen", {"reason": "还在漏"}), "start")
    estate.step("crew", ticket, "pause", waiting("parts"))


@pytest.mark.parametrize("noticed", ["expired", "resumed", "nobody noticed"])
def test_a_pause_that_is_over_is_taken_back_with_the_same_verdict(
    estate: "Estate", worker_engine: Engine, noticed: str
) -> None:
    ticket = started(estate, BURST, timedelta(hours=9))
    with testing.at(clock.now() - timedelta(hours=8)):
        ticket = estate.step("crew", ticket, "pause", waiting("parts", hours=7))
    if noticed == "expired":
        assert expire(worker_engine, estate, ticket)
    elif noticed == "resumed":
        ticket = estate.step("crew", ticket, "resume")
    assert resolve_clock(estate, ticket)["state"] == "running" or noticed == "nobody noticed"
    ticket = estate.step("dispatcher", ticket, "disallow", REFUSED)
    assert ticket["status"] == "in_progress"
    found = resolve_clock(estate, ticket)
    assert (found["state"], found["pauses"]) == ("breached", [])
    due = datetime.fromisoformat(found["due_at"]) - datetime.fromisoformat(ticket["filed_at"])
    assert due == timedelta(hours=8)


def test_a_met_deadline_is_missed_once_the_pause_behind_it_is_taken_back(
    estate: "Estate", worker_engine: Engine
) -> None:
    ticket = waited(estate, started(estate, BURST, timedelta(hours=9)), "parts", hours=8)
    ticket = estate.step("crew", ticket, "complete")
    assert resolve_clock(estate, ticket)["state"] == "met"
    ticket = estate.step("dispatcher", ticket, "disallow", REFUSED)
    assert ticket["status"] == "completed"
    assert resolve_clock(estate, ticket)["state"] == "breached"
    with worker_engine.connect() as db:
        row = db.execute(select(clocks).where(clocks.c.ticket_id == ticket["id"], clocks.c.kind == "resolve")).one()
    assert (row.state, row.next_level) == ("breached", 0), "its breach is still to be told"


def test_the_desk_names_the_pause_it_takes_back(estate: "Estate") -> None:
    ticket = waited(estate, started(estate, ago=timedelta(days=3)), "parts")
    ticket = estate.step("crew", ticket, "pause", waiting("weather"))
    first, second = pauses(estate, ticket)
    path = f"/tickets/{ticket['id']}/disallow"
    unknown = estate.post("dispatcher", path, {**REFUSED, "pause": first + 1})
    is_problem(unknown, 422)
    assert fields_of(unknown) == {"pause"}
    ticket = estate.step("dispatcher", ticket, "disallow", {**REFUSED, "pause": first})
    assert (ticket["status"], ticket["waiting_reason"]) == ("waiting", "weather")
    is_problem(estate.post("dispatcher", path, {**REFUSED, "pause": first}), 409)
    ticket = estate.step("manager", ticket, "disallow", {**REFUSED, "pause": second})
    assert ticket["status"] == "in_progress"
    last = estate.get("resident", f"/tickets/{ticket['id']}/history").json["items"][-1]
    assert (last["data"]["pause"], last["data"]["waiting_reason"], last["note"]) == (
        second,
        "weather",
        REFUSED["reason"],
    )
    assert resolve_clock(estate, ticket)["pauses"] == []


def test_there_is_nothing_to_take_back_of_a_job_that_never_waited(estate: "Estate") -> None:
    ticket = started(estate)
    is_problem(estate.post("dispatcher", f"/tickets/{ticket['id']}/disallow", REFUSED), 409)
    assert "disallow" not in estate.get("dispatcher", f"/tickets/{ticket['id']}").json["actions"]
    paused = estate.step("crew", ticket, "pause", waiting())
    assert "disallow" in estate.get("dispatcher", f"/tickets/{paused['id']}").json["actions"]


def test_the_timer_ends_no_pause_twice_that_was_taken_back(estate: "Estate", worker_engine: Engine) -> None:
    ticket = started(estate, ago=timedelta(hours=5))
    with testing.at(clock.now() - timedelta(hours=4)):
        ticket = estate.step("crew", ticket, "pause", waiting("parts", hours=1))
    estate.step("dispatcher", ticket, "disallow", REFUSED)
    with worker_engine.begin() as db:
        assert commands.expire_pause(db, system_actor(estate.organisation_id), ticket["id"]) is None
