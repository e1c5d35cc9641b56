"""What a ticket's history makes of its clocks: started, paused, met, breached, reopened, void."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets.sla.calendar import ALWAYS, Calendar
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target

DAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
HOUR = 3600
OFFICE = Calendar.from_json(
    {"tz": "Asia/Shanghai", "hours": {d: [["08:00", "18:00"]] for d in ("mon", "tue", "wed", "thu", "fri")}}
)
ACKNOWLEDGE = Target("acknowledge", HOUR)
ATTEND = Target("attend", 2 * HOUR)
RESOLVE = Target("resolve", 4 * HOUR, warn=(0.5, 0.75))


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def story(*steps: tuple[str, float] | tuple[str, float, str]) -> list[Event]:
    """Events from (action, hours after midnight, actor role)."""
    return [Event(step[0], at(step[1]), actor_role=step[2] if len(step) > 2 else "crew") for step in steps]


def clock(target: Target, events: list[Event], now: float, **more: Any) -> Clock:
    return compute(events, [target], more.pop("calendar", ALWAYS), asof=at(now), **more)[-1]


def test_a_fresh_ticket_runs_all_its_clocks() -> None:
    clocks = compute(story(("file", 0)), [ACKNOWLEDGE, ATTEND, RESOLVE], ALWAYS, asof=at(0.5))
    assert [(c.kind, c.state, c.due_at) for c in clocks] == [
        ("acknowledge", "running", at(1)),
        ("attend", "running", at(2)),
        ("resolve", "running", at(4)),
    ]
    assert clocks[2].warnings_at == (at(2), at(3))
    assert clocks[2].warn_at == at(2)
    assert clocks[2].remaining_seconds == 3.5 * HOUR


def test_there_are_no_clocks_before_the_filing() -> None:
    assert compute(story(("file", 1)), [RESOLVE], ALWAYS, asof=at(0)) == ()
    assert compute([], [RESOLVE], ALWAYS) == ()


@pytest.mark.parametrize("action", ["acknowledge", "claim", "assign", "depart", "arrive", "start", "complete"])
def test_any_answer_of_the_desk_stops_acknowledge(action: str) -> None:
    found = clock(ACKNOWLEDGE, story(("file", 0, "resident"), (action, 0.5, "dispatcher")), 9)
    assert (found.state, found.stopped_at, found.remaining_seconds) == ("met", at(0.5), None)


@pytest.mark.parametrize("role", ["system", "resident"])
def test_neither_the_system_nor_the_resident_answers_the_resident(role: str) -> None:
    found = clock(ACKNOWLEDGE, story(("file", 0, "resident"), ("assign", 0.5, role)), 9)
    assert (found.state, found.breached_at, found.stopped_at) == ("breached", at(1), None)


def test_attend_stops_on_arrival_or_on_the_start_when_nobody_said_they_arrived() -> None:
    assert clock(ATTEND, story(("file", 0), ("arrive", 1), ("start", 3)), 9).stopped_at == at(1)
    assert clock(ATTEND, story(("file", 0), ("claim", 1), ("start", 1.5)), 9).stopped_at == at(1.5)


def test_a_breach_is_dated_by_the_deadline_not_by_the_checker() -> None:
    for now in (4.01, 10, 400):
        found = clock(RESOLVE, story(("file", 0)), now)
        assert (found.state, found.breached_at, found.due_at) == ("breached", at(4), at(4))
    assert clock(RESOLVE, story(("file", 0)), 5).remaining_seconds == -HOUR


def test_a_late_completion_stays_breached() -> None:
    found = clock(RESOLVE, story(("file", 0), ("complete", 5)), 9)
    assert (found.state, found.breached_at, found.stopped_at) == ("breached", at(4), at(5))
    assert (found.elapsed_seconds, found.lived_seconds) == (5 * HOUR, 5 * HOUR)


def test_an_answer_exactly_at_the_due_moment_is_met_unless_the_policy_is_strict() -> None:
    events = story(("file", 0), ("complete", 4))
    assert clock(RESOLVE, events, 9).state == "met"
    assert clock(RESOLVE, events, 9, switches=Switches(at_due="breached")).breached_at == at(4)


def test_waiting_stops_resolve_and_its_deadline_but_not_attend() -> None:
    events = story(("file", 0), ("start", 1), ("pause", 2))
    found = clock(RESOLVE, events, 50)
    assert (found.state, found.due_at, found.paused_at, found.remaining_seconds) == (
        "paused",
        None,
        at(2),
        2 * HOUR,
    )
    assert found.warnings_at == (at(2),)
    assert (found.elapsed_seconds, found.lived_seconds) == (2 * HOUR, 50 * HOUR)
    assert clock(ATTEND, story(("file", 0), ("pause", 1)), 50).breached_at == at(2)


def test_a_resumed_clock_is_due_later_by_the_pause() -> None:
    found = clock(RESOLVE, story(("file", 0), ("pause", 2), ("resume", 10)), 11)
    assert (found.state, found.due_at, found.pauses) == ("running", at(12), ((at(2), at(10)),))
    assert found.warnings_at == (at(2), at(11))


def test_a_pause_after_the_deadline_takes_nothing_back() -> None:
    events = story(("file", 0), ("pause", 5), ("resume", 6), ("complete", 7))
    for now in (4.5, 5.5, 6.5, 9):
        assert clock(RESOLVE, events, now).breached_at == at(4)


def test_letting_a_waiting_job_go_ends_the_pause() -> None:
    found = clock(RESOLVE, story(("file", 0), ("pause", 1), ("release", 2)), 3)
    assert (found.state, found.due_at) == ("running", at(5))


def test_a_comment_or_a_second_pause_does_not_move_the_pause() -> None:
    found = clock(RESOLVE, story(("file", 0), ("pause", 1), ("comment", 2), ("pause", 3), ("resume", 4)), 5)
    assert found.pauses == ((at(1), at(4)),)


def test_waiting_is_read_from_the_status_when_history_tells_it() -> None:
    events = [
        Event("file", at(0), status="filed"),
        Event("pause", at(1), reason="part_ordered", status="waiting"),
        Event("assign", at(2), status="waiting"),
        Event("resume", at(3), status="in_progress"),
    ]
    assert clock(RESOLVE, events, 4).pauses == ((at(1), at(3)),)


def test_completing_while_waiting_ends_the_pause() -> None:
    found = clock(RESOLVE, story(("file", 0), ("pause", 1), ("complete", 9)), 10)
    assert (found.state, found.pauses, found.elapsed_seconds) == ("met", ((at(1), at(9)),), HOUR)


def test_reopening_after_a_breach_keeps_it_and_starts_a_second_clock() -> None:
    events = story(("file", 0), ("complete", 5), ("reopen", 20), ("complete", 22))
    first, second = compute(events, [RESOLVE], ALWAYS, asof=at(30))
    assert (first.generation, first.state, first.breached_at) == (1, "breached", at(4))
    assert (second.generation, second.started_at, second.due_at, second.state) == (2, at(20), at(24), "met")


def test_a_reopened_job_may_go_on_where_it_stood() -> None:
    events = story(("file", 0), ("complete", 3), ("reopen", 20))
    first, second = compute(events, [RESOLVE], ALWAYS, asof=at(20.5), switches=Switches(reopening="resume"))
    assert first.state == "met"
    assert (second.started_at, second.due_at, second.pauses) == (at(0), at(21), ((at(3), at(20)),))


def test_reopening_does_not_restart_acknowledge_or_attend() -> None:
    events = story(("file", 0), ("start", 0.5), ("complete", 1), ("reopen", 20))
    assert len(compute(events, [ACKNOWLEDGE, ATTEND], ALWAYS, asof=at(30))) == 2


@pytest.mark.parametrize("action", ["cancel", "decline"])
def test_a_cancelled_ticket_voids_what_still_ran(action: str) -> None:
    events = story(("file", 0), ("claim", 0.5), (action, 1))
    assert [c.state for c in compute(events, [ACKNOWLEDGE, ATTEND, RESOLVE], ALWAYS, asof=at(99))] == [
        "met",
        "void",
        "void",
    ]


def test_cancelling_after_a_breach_does_not_hide_it() -> None:
    assert clock(RESOLVE, story(("file", 0), ("cancel", 5)), 9).state == "breached"


def test_working_hours_are_the_communitys() -> None:
    target = Target("resolve", 12 * HOUR, basis="working")
    found = clock(target, story(("file", 0)), 9, calendar=OFFICE)
    assert found.due_at == datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert found.remaining_seconds == 3 * HOUR


@pytest.mark.parametrize(
    ("filed", "due"),
    [(1, 16), (13.5, 16), (14, 16), (15.5, 17.5), (16, 40)],
)
def test_the_sundown_rule_answers_the_same_day_and_late_requests_within_two_hours(filed: float, due: float) -> None:
    target = Target("acknowledge", 2 * HOUR, sundown=True)
    found = clock(target, story(("file", filed)), filed, calendar=OFFICE)
    assert found.due_at == at(due)
    assert found.warn_at == at(filed) + 0.75 * (at(due) - at(filed))
    assert found.remaining_seconds == (due - filed) * HOUR


def test_a_pause_may_extend_the_first_response_where_the_policy_says_so() -> None:
    events = story(("file", 0), ("pause", 0.5), ("resume", 5))
    assert clock(ACKNOWLEDGE, events, 0.75).state == "running"
    assert clock(ACKNOWLEDGE, events, 0.75, switches=Switches(first_response_pauses=True)).state == "paused"
    assert clock(ATTEND, events, 6, switches=Switches(attend_pauses=True)).due_at == at(6.5)


def test_a_switched_policy_counts_from_opening_unless_it_says_from_the_switch() -> None:
    events = story(("file", 0), ("override", 1))
    assert clock(RESOLVE, events, 2).due_at == at(4)
    assert clock(RESOLVE, events, 2, switches=Switches(switched_policy="from_switch")).due_at == at(5)


def test_a_switch_of_policy_does_not_make_a_breach_forgotten() -> None:
    events = story(("file", 0), ("pause", 5), ("override", 6), ("resume", 7), ("complete", 8))
    first, second = compute(events, [RESOLVE], ALWAYS, switches=Switches(switched_policy="from_switch"))
    assert (first.state, first.breached_at) == ("breached", at(4))
    assert (second.state, second.started_at, second.pauses) == ("met", at(6), ((at(6), at(7)),))


def test_a_deadline_in_a_year_nobody_knows_is_told_not_guessed() -> None:
    desk = Calendar.from_json({"tz": "Asia/Shanghai", "hours": {"mon": [["08:00", "18:00"]]}, "country": "CN"})
    target = Target("resolve", 20 * HOUR, basis="working")
    filed = datetime(2026, 12, 28, 1, tzinfo=UTC)
    (running,) = compute([Event("file", filed)], [target], desk)
    assert (running.state, running.due_at) == ("running", None)
    assert "CN in 2027" in (running.unknown or "")
    done = [Event("file", filed), Event("complete", filed + timedelta(days=1))]
    assert compute(done, [target], desk)[0].state == "met"
    too_late_to_tell = [Event("file", filed), Event("complete", filed + timedelta(days=30))]
    assert compute(too_late_to_tell, [target], desk)[0].state == "unknown"


def test_a_desk_closed_for_good_leaves_a_deadline_open_and_says_why() -> None:
    shut = [["2026-11-20T00:00:00Z", "2046-01-01T00:00:00Z"]]
    desk = Calendar.from_json({"tz": "Asia/Shanghai", "hours": {"mon": [["08:00", "18:00"]]}, "closures": shut})
    found = clock(Target("resolve", HOUR, basis="working"), story(("file", 0)), 9, calendar=desk)
    assert (found.state, found.due_at) == ("running", None)
    assert "does not open for ten years" in (found.unknown or "")


def test_events_may_come_in_any_order_and_zone() -> None:
    events = story(("file", 0), ("pause", 1), ("resume", 2), ("complete", 3))
    assert compute(events[::-1], [RESOLVE], ALWAYS) == compute(events, [RESOLVE], ALWAYS)
    shifted = [Event(e.action, e.at.astimezone(OFFICE.zone), actor_role=e.actor_role) for e in events]
    assert compute(shifted, [RESOLVE], ALWAYS) == compute(events, [RESOLVE], ALWAYS)


def test_an_event_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="at: the moment has no time zone"):
        compute([Event("file", datetime(2026, 1, 1))], [RESOLVE], ALWAYS)


@pytest.mark.parametrize("field", ["at_closing", "reopening", "switched_policy", "at_due", "attend_pauses", "day"])
def test_an_unknown_switch_value_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=f"^switches.{field}: 'maybe' is none of"):
        Switches(**{field: "maybe"})  # type: ignore[arg-type]
