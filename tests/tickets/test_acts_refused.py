"""Which acts that a phone tells later are refused, and what it is told with the refusal."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine

from services.kit import testing
from tests.tickets.refusals import fields_of, is_problem
from tests.tickets.telling import BURST, HOUR, MINUTE, NOON, act, claimed, is_provable, told

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def test_a_job_taken_away_is_refused_with_both_values(estate: "Estate") -> None:
    ticket = claimed(estate)
    with testing.at(NOON + 30 * MINUTE):
        estate.step("dispatcher", ticket, "assign", {"to": estate.people["colleague"].id})
    answer = act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + HOUR, expected_status="claimed")
    is_problem(answer, 409)
    body = answer.json
    assert (body["why"], body["wanted"]["action"]) == ("status_changed", "arrive")
    assert datetime.fromisoformat(body["wanted"]["done_at"]) == NOON + 20 * MINUTE
    assert body["ticket"]["owner"]["id"] == estate.people["colleague"].id
    assert (body["ticket"]["owner_by"]["role"], body["ticket"]["owner_by"]["action"]) == ("dispatcher", "assign")
    for name in ("owner_since", "was_yours_until"):
        assert datetime.fromisoformat(body["ticket"][name]) == NOON + 30 * MINUTE
    assert "comment" not in body["ticket"]["actions"] or body["ticket"]["status"] == "assigned"
    unasked = act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + HOUR)
    is_problem(unasked, 403)
    assert unasked.json["why"] == "not_yours"
    for verb in ("complete", "resume"):  # Also where its status alone would forbid it.
        assert act(estate, ticket, verb, NOON + 21 * MINUTE, NOON + HOUR).json["why"] == "not_yours"
    kept = act(estate, ticket, "comments", NOON + 20 * MINUTE, NOON + HOUR, body="我已到场", visible=False)
    assert kept.status_code == 201


def test_work_from_before_a_reopening_completes_nothing(estate: "Estate", worker_engine: Engine) -> None:
    ticket = claimed(estate)
    for minute, verb in ((5, "arrive"), (6, "start"), (30, "complete")):
        with testing.at(NOON + minute * MINUTE):
            estate.step("crew", ticket, verb)
    with testing.at(NOON + HOUR):
        estate.step("resident", ticket, "reopen", {"reason": "又漏了"})
    with testing.at(NOON + 2 * HOUR):
        estate.step("crew", ticket, "start")
    answer = act(estate, ticket, "complete", NOON + 29 * MINUTE, NOON + 3 * HOUR)
    is_problem(answer, 409)
    assert answer.json["why"] == "overtaken"
    assert act(estate, ticket, "complete", NOON + 150 * MINUTE, NOON + 4 * HOUR).status_code == 200
    is_provable(estate, worker_engine)


def test_a_lost_claim_names_the_winner_and_what_to_take(estate: "Estate") -> None:
    with testing.at(NOON):
        ticket, other = estate.file(BURST), estate.file("厨房水管漏水")
        estate.step("colleague", ticket, "claim")
    answer = act(estate, ticket, "claim", NOON + MINUTE, NOON + HOUR)
    is_problem(answer, 409)
    assert (answer.json["why"], answer.json["owner"]["name"]) == ("taken", "colleague badge")
    assert [job["id"] for job in answer.json["next_jobs"]] == [other["id"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"acted_at": "2026-11-01T00:00:00Z"}, "sent_at"),
        ({"sent_at": "2026-11-01T00:00:00Z"}, "acted_at"),
        ({"acted_at": "2026-11-01T00:00:00", "sent_at": "2026-11-01T00:00:00Z"}, "acted_at"),
        ({"acted_at": "0001-01-01T00:00:00+14:00", "sent_at": "2026-11-01T00:00:00Z"}, "acted_at"),
        ({"acted_at": "2026-11-01T00:00:00Z", "sent_at": "9999-12-31T23:59:59-14:00"}, "sent_at"),
        ({"acted_at": 5, "sent_at": "2026-11-01T00:00:00Z"}, "acted_at"),
        ({"expected_status": "lost"}, "expected_status"),
    ],
)
def test_what_no_clock_says_is_refused_by_name(estate: "Estate", body: dict[str, Any], field: str) -> None:
    ticket = claimed(estate)
    answer = estate.post("crew", f"/tickets/{ticket['id']}/arrive", body)
    is_problem(answer, 422)
    assert fields_of(answer) == {field}


def test_only_the_crew_s_acts_count_from_their_own_time(estate: "Estate") -> None:
    ticket = claimed(estate)
    with testing.at(NOON + HOUR):
        body = {**told(NOON + MINUTE, NOON + HOUR), "note": "消防已处理"}
        answer = estate.post("dispatcher", f"/tickets/{ticket['id']}/make-safe", body)
    is_problem(answer, 422)
    assert fields_of(answer) == {"acted_at"}
