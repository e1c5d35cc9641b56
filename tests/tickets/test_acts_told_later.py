"""Acts that a phone without signal tells later: counted from their own moment within bounds, on record with both."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, select

from services.kit import testing
from services.tickets.models import firings
from services.tickets.service_levels import BREACH
from tests.tickets.busy_desk import sweep
from tests.tickets.case_forger import desks_key, forged, rechained, reconcluded, verdict
from tests.tickets.case_made import export
from tests.tickets.conftest import signed_in
from tests.tickets.refusals import is_problem
from tests.tickets.telling import DAY, HOUR, MINUTE, NOON, act, claimed, is_provable, told
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def clock_of(estate: "Estate", ticket: dict[str, Any], kind: str, at: datetime) -> dict[str, Any]:
    with testing.at(at):
        items = estate.get("manager", f"/tickets/{ticket['id']}/clocks").json["items"]
    return next(item for item in items if item["clock"] == kind)


def last(estate: "Estate", ticket: dict[str, Any]) -> dict[str, Any]:
    return dict(estate.get("manager", f"/tickets/{ticket['id']}/history").json["items"][-1])


@pytest.mark.parametrize("wrong_by", [timedelta(), timedelta(days=-4000), timedelta(days=5000)])
def test_a_day_without_signal_counts_as_it_was(estate: "Estate", worker_engine: Engine, wrong_by: timedelta) -> None:
    ticket = claimed(estate)
    steps = [("depart", 5), ("arrive", 20), ("start", 22), ("complete", 50)]
    for number, (verb, minute) in enumerate(steps):
        sent = NOON + 3 * HOUR + timedelta(seconds=number)
        answer = act(estate, ticket, verb, NOON + minute * MINUTE, sent, wrong_by=wrong_by)
        assert answer.status_code == 200, answer.json
        acted = last(estate, ticket)["data"]["acted"]
        assert datetime.fromisoformat(acted["moment"]) == NOON + minute * MINUTE
        assert (acted["bound"], acted["skew_ms"]) == (None, -wrong_by // timedelta(milliseconds=1))
        assert datetime.fromisoformat(last(estate, ticket)["at"]) == sent
    done = estate.get("crew", f"/tickets/{ticket['id']}").json
    assert datetime.fromisoformat(done["completed_at"]) == NOON + 50 * MINUTE
    attend = clock_of(estate, ticket, "attend", NOON + 4 * HOUR)
    assert (attend["state"], attend["known_late"]) == ("met", True)
    assert attend["lived_seconds"] == 20 * 60
    assert attend["backdated_seconds"] == 3 * 3600 + 1 - 20 * 60
    is_provable(estate, worker_engine)


def test_a_breach_that_was_none_stays_fired_and_is_met(estate: "Estate", worker_engine: Engine) -> None:
    ticket = claimed(estate, datetime.now(UTC) - 2 * HOUR)
    filed = datetime.fromisoformat(ticket["filed_at"])
    sweep(worker_engine)
    assert clock_of(estate, ticket, "attend", filed + 61 * MINUTE)["state"] == "breached"
    now = datetime.now(UTC)
    assert act(estate, ticket, "arrive", filed + 10 * MINUTE, now).status_code == 200
    attend = clock_of(estate, ticket, "attend", now)
    assert (attend["state"], attend["breached_at"], attend["known_late"]) == ("met", None, True)
    is_provable(estate, worker_engine)
    with worker_engine.connect() as db:
        fired = db.execute(select(firings.c.kind, firings.c.level).where(firings.c.ticket_id == ticket["id"])).all()
    assert [level for kind, level in fired if kind == "attend"].count(BREACH) == 1


def test_what_is_told_as_it_is_done_is_no_act_told_later(estate: "Estate") -> None:
    """A phone says its time with every step; with signal that is now, and the reports are about those without."""
    ticket = claimed(estate)
    sent = NOON + 5 * MINUTE
    assert act(estate, ticket, "depart", sent - timedelta(seconds=2), sent).status_code == 200
    assert "acted" not in last(estate, ticket)["data"]
    assert act(estate, ticket, "arrive", sent + MINUTE - timedelta(seconds=3), sent + MINUTE).status_code == 200
    assert last(estate, ticket)["data"]["acted"]["bound"] is None


def test_nothing_counts_from_before_the_step_before_it(estate: "Estate", worker_engine: Engine) -> None:
    ticket = claimed(estate)
    answer = act(estate, ticket, "arrive", NOON - HOUR, NOON + HOUR)
    acted = last(estate, ticket)["data"]["acted"]
    assert answer.status_code == 200
    assert (datetime.fromisoformat(acted["moment"]), acted["bound"]) == (NOON + MINUTE, "previous_step")
    assert datetime.fromisoformat(acted["done_at"]) == NOON - HOUR
    is_provable(estate, worker_engine)


@pytest.mark.parametrize(
    ("done", "bound"), [(-25 * HOUR, "too_long_ago"), (-400 * DAY, "too_long_ago"), (2 * HOUR, "clock_turned_back")]
)
def test_what_cannot_be_believed_counts_from_when_it_was_heard(
    estate: "Estate", worker_engine: Engine, done: timedelta, bound: str
) -> None:
    ticket, sent = claimed(estate), NOON + 26 * HOUR
    assert act(estate, ticket, "arrive", sent + done, sent).status_code == 200
    entry = last(estate, ticket)
    assert (entry["data"]["acted"]["moment"], entry["data"]["acted"]["bound"]) == (entry["at"], bound)
    is_provable(estate, worker_engine)


def test_a_pause_told_later_is_granted_from_when_it_was_heard_of(estate: "Estate", worker_engine: Engine) -> None:
    ticket = claimed(estate, description="厨房水管漏水")
    heard = NOON + 2 * HOUR
    assert act(estate, ticket, "start", NOON + 10 * MINUTE, heard).status_code == 200
    with testing.at(heard):
        body = waiting("parts", hours=5)
    paused = act(estate, ticket, "pause", NOON + 20 * MINUTE, heard, **body)
    assert paused.status_code == 200, paused.json
    assert act(estate, ticket, "resume", NOON + HOUR, heard + MINUTE).status_code == 200
    assert act(estate, ticket, "complete", NOON + 90 * MINUTE, heard + 2 * MINUTE).status_code == 200
    resolve = clock_of(estate, ticket, "resolve", heard + HOUR)
    assert (resolve["lived_seconds"], resolve["pause_seconds"]) == (90 * 60, 0)
    is_provable(estate, worker_engine)


def test_whatever_is_put_on_others_counts_from_when_they_could_know(estate: "Estate", worker_engine: Engine) -> None:
    ticket = claimed(estate)
    answer = act(estate, ticket, "release", NOON + 2 * MINUTE, NOON + HOUR, reason="没有配件")
    assert answer.status_code == 200
    entry = last(estate, ticket)
    assert (entry["data"]["acted"]["moment"], entry["data"]["acted"]["bound"]) == (entry["at"], "when_heard")
    is_provable(estate, worker_engine)


def test_the_same_act_twice_is_on_record_once(estate: "Estate") -> None:
    ticket = claimed(estate)
    assert act(estate, ticket, "comments", NOON + 5 * MINUTE, NOON + HOUR, body="配件已订").status_code == 201
    again = act(estate, ticket, "comments", NOON + 5 * MINUTE, NOON + 30 * HOUR, body="配件已订")
    is_problem(again, 409)
    assert again.json["why"] == "already_done"
    assert act(estate, ticket, "arrive", NOON + 5 * MINUTE, NOON + 30 * HOUR).status_code == 200
    pressed = act(estate, ticket, "arrive", NOON + 6 * MINUTE, NOON + 30 * HOUR)
    assert (pressed.status_code, pressed.json["why"]) == (409, "already_done")


def test_an_act_that_changed_the_status_is_known_again_by_its_time(estate: "Estate") -> None:
    ticket = claimed(estate)
    done, seen = NOON + 5 * MINUTE, {"expected_status": "claimed"}
    assert act(estate, ticket, "arrive", done, NOON + HOUR, **seen).status_code == 200
    again = act(estate, ticket, "arrive", done, NOON + 30 * HOUR, **seen)
    assert (again.status_code, again.json["why"]) == (409, "already_done")
    later = act(estate, ticket, "arrive", done + MINUTE, NOON + 30 * HOUR, **seen)
    assert (later.status_code, later.json["why"]) == (409, "status_changed")


def test_a_retry_says_anew_when_it_was_sent(estate: "Estate") -> None:
    ticket = claimed(estate)
    first, second = (NOON + HOUR, NOON + 2 * HOUR)
    path = f"/tickets/{ticket['id']}/arrive"
    for sent in (first, second):
        with testing.at(sent):
            body = told(NOON + 5 * MINUTE, sent)
            answer = estate.post("crew", path, body, Idempotency_Key='"one"')
        assert answer.status_code == 200, answer.json
    assert answer.headers["Idempotency-Replayed"] == "true"
    with testing.at(second):
        other = estate.post("crew", path, told(NOON + 6 * MINUTE, second), Idempotency_Key='"one"')
    is_problem(other, 422)


def test_of_one_act_sent_twice_at_once_one_is_taken(estate: "Estate") -> None:
    ticket, app = claimed(estate), estate.client.application
    path, body = f"/api/v1/tickets/{ticket['id']}/comments", {**told(NOON + MINUTE, NOON + HOUR), "body": "配件已订"}
    headers = signed_in(estate.people["crew"])

    def send(_: int) -> int:
        return int(app.test_client().post(path, json=body, headers=headers).status_code)

    with testing.at(NOON + HOUR), ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(send, range(8))) == [201, *[409] * 7]


def test_the_story_says_when_the_desk_heard_and_a_forger_is_found(estate: "Estate") -> None:
    ticket = claimed(estate)
    act(estate, ticket, "arrive", NOON + 20 * MINUTE, NOON + 3 * HOUR)
    with testing.at(NOON + 4 * HOUR):
        story = estate.get("manager", f"/tickets/{ticket['id']}/clocks/attend/1").json["timeline"]
        content = export(estate, ticket).data
    heard = next(line for line in story if line["what"] == "heard")
    assert datetime.fromisoformat(heard["at"]) == NOON + 3 * HOUR
    assert "2 h 40 min" in heard["says"]["en"]
    assert "补报" in heard["says"]["zh-CN"]
    assert verdict(content) == ""

    def earlier(case: dict[str, Any]) -> None:
        case["history"][-1]["data"]["acted"]["moment"] = (NOON + 5 * MINUTE).isoformat()
        rechained(case)
        reconcluded(case)

    assert "told later" in verdict(forged(content, earlier, desks_key()))


def test_my_jobs_come_whole_and_once(estate: "Estate") -> None:
    ticket = claimed(estate)
    estate.post("resident", f"/tickets/{ticket['id']}/comments", {"body": "请快一点"})
    answer = estate.get("crew", "/jobs")
    (job,) = answer.json["items"]
    assert (job["ticket"]["id"], job["timezone"], job["building_name"]) == (ticket["id"], "Asia/Shanghai", "1栋")
    assert {clock["clock"] for clock in job["clocks"]} >= {"attend", "resolve"}
    assert [remark["body"] for remark in job["remarks"]] == ["请快一点"]
    assert "arrive" in job["ticket"]["actions"]
    same = estate.get("crew", "/jobs", If_None_Match=answer.headers["ETag"])
    assert (same.status_code, same.data) == (304, b"")
    assert estate.get("colleague", "/jobs").json == {"items": []}
    is_problem(estate.get("resident", "/jobs"), 403)
