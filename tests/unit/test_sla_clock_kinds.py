"""Every kind of clock: making safe, the return call, the unclaimed job, the total, and the strictest of several."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets.sla.calendar import ALWAYS, Calendar
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import ALL_KINDS, JUDGED, Target

DAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
HOUR = 3600
MAKE_SAFE = Target("make_safe", HOUR)
RESOLVE = Target("resolve", 4 * HOUR)
CALLBACK = Target("callback", 24 * HOUR)
CLAIM = Target("claim", HOUR, warn=(0.25, 0.5))


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def story(*steps: tuple[str, float]) -> list[Event]:
    return [Event(action, at(hours), actor_role="crew") for action, hours in steps]


def called(hours: float, outcome: str) -> Event:
    return Event("call_back", at(hours), actor_role="dispatcher", data={"outcome": outcome})


def clocks(target: Target, events: list[Event], now: float, **switches: Any) -> list[Clock]:
    return list(compute(events, [target], ALWAYS, asof=at(now), switches=Switches(**switches)))


def test_the_kinds_are_the_judged_ones_and_two_more() -> None:
    assert set(ALL_KINDS) - set(JUDGED) == {"claim", "total"}


@pytest.mark.parametrize("action", ["make_safe", "complete", "confirm", "close"])
def test_making_safe_ends_when_it_is_said_or_the_job_is_done(action: str) -> None:
    (found,) = clocks(MAKE_SAFE, story(("file", 0), ("arrive", 0.25), ("start", 0.3), (action, 0.5)), 9)
    assert (found.state, found.stopped_at) == ("met", at(0.5))


def test_a_hazard_is_not_safe_because_somebody_arrived() -> None:
    (found,) = clocks(MAKE_SAFE, story(("file", 0), ("arrive", 0.25), ("start", 0.5)), 9)
    assert (found.state, found.breached_at) == ("breached", at(1))


def test_a_reopened_job_is_not_made_safe_twice() -> None:
    assert len(clocks(MAKE_SAFE, story(("file", 0), ("make_safe", 0.5), ("complete", 2), ("reopen", 3)), 9)) == 1


def test_nobody_is_owed_a_call_before_the_job_is_done() -> None:
    assert clocks(CALLBACK, story(("file", 0), ("start", 1)), 99) == []


def test_a_call_that_reached_the_resident_stops_the_clock_and_one_that_did_not_runs_on() -> None:
    events = story(("file", 0), ("complete", 4))
    (missed,) = clocks(CALLBACK, [*events, called(5, "not_reached")], 6)
    assert (missed.state, missed.started_at, missed.due_at) == ("running", at(4), at(28))
    (reached,) = clocks(CALLBACK, [*events, called(5, "not_reached"), called(8, "reached")], 99)
    assert (reached.state, reached.stopped_at) == ("met", at(8))


@pytest.mark.parametrize(
    ("action", "role"), [("answer", "system"), ("confirm", "resident"), ("reopen", "resident"), ("reopen", "system")]
)
def test_a_resident_who_speaks_first_need_not_be_called(action: str, role: str) -> None:
    (found,) = clocks(CALLBACK, [*story(("file", 0), ("complete", 4)), Event(action, at(9), actor_role=role)], 99)
    assert (found.state, found.stopped_at) == ("met", at(9))


@pytest.mark.parametrize(("reopened", "state"), [(9, "void"), (29, "breached")])
def test_staff_who_reopen_a_job_have_called_nobody(reopened: float, state: str) -> None:
    for role in ("dispatcher", "manager"):
        again = Event("reopen", at(reopened), actor_role=role)
        first, second = clocks(CALLBACK, [*story(("file", 0), ("complete", 4)), again, *story(("complete", 30))], 31)
        assert (first.state, first.stopped_at, second.started_at) == (state, at(reopened), at(30))


def test_a_job_closed_in_silence_still_owes_its_call() -> None:
    (found,) = clocks(CALLBACK, story(("file", 0), ("complete", 4), ("close", 10)), 40)
    assert (found.state, found.breached_at) == ("breached", at(28))


def test_every_completion_owes_a_call_of_its_own() -> None:
    events = story(("file", 0), ("complete", 4), ("reopen", 30), ("complete", 40))
    first, second = clocks(CALLBACK, events, 50)
    assert (first.generation, first.state, first.breached_at, first.stopped_at) == (1, "breached", at(28), at(30))
    assert (second.generation, second.state, second.started_at) == (2, "running", at(40))


def test_nobody_waits_for_parts_to_be_called_or_to_be_claimed() -> None:
    events = [Event("file", at(0)), Event("pause", at(0.5)), Event("complete", at(1)), Event("pause", at(2))]
    for target in (CALLBACK, CLAIM):
        assert all(found.pauses == () for found in clocks(target, events, 9))


@pytest.mark.parametrize("action", ["claim", "assign", "arrive", "start", "complete"])
def test_a_job_somebody_took_is_not_unclaimed(action: str) -> None:
    (found,) = clocks(CLAIM, story(("file", 0), ("acknowledge", 0.1), (action, 0.5)), 9)
    assert (found.state, found.stopped_at, found.warnings_at) == ("met", at(0.5), (at(0.25), at(0.5)))


def test_a_word_from_the_desk_does_not_take_the_job() -> None:
    (found,) = clocks(CLAIM, story(("file", 0), ("acknowledge", 0.5)), 9)
    assert (found.state, found.breached_at) == ("breached", at(1))


def test_a_job_let_go_is_unclaimed_again() -> None:
    first, second = clocks(CLAIM, story(("file", 0), ("claim", 0.5), ("release", 3)), 3.25)
    assert (first.state, second.state) == ("met", "running")
    assert (second.generation, second.due_at, second.elapsed_seconds) == (2, at(3.5), 0.75 * HOUR)


def test_taking_a_job_and_letting_it_go_by_turns_buys_no_time() -> None:
    turns = [step for number in range(4) for step in (("claim", 1.25 * number + 0.25), ("release", 1.25 * number + 1))]
    *before, last = clocks(CLAIM, story(("file", 0), *turns), 9)
    assert [clock.state for clock in before] == ["met", "met", "breached", "breached"]
    assert (last.state, last.breached_at, last.stopped_at) == ("breached", before[-1].breached_at, None)


@pytest.mark.parametrize("kind", ["acknowledge", "attend", "make_safe", "resolve", "claim"])
@pytest.mark.parametrize("action", ["cancel", "decline"])
def test_a_ticket_called_off_voids_every_clock_that_ran(kind: str, action: str) -> None:
    (found,) = clocks(Target(kind, 4 * HOUR), story(("file", 0), (action, 1)), 9)
    assert (found.state, found.stopped_at) == ("void", at(1))


@pytest.mark.parametrize("kind", ["acknowledge", "attend", "make_safe", "resolve", "claim"])
@pytest.mark.parametrize("action", ["override", "reevaluate"])
def test_new_terms_midway_begin_every_running_clock_anew_where_the_policy_says_so(kind: str, action: str) -> None:
    events = story(("file", 0), (action, 1))
    first, second = clocks(Target(kind, 4 * HOUR), events, 2, switched_policy="from_switch")
    assert (first.state, second.started_at, second.due_at) == ("void", at(1), at(5))
    (only,) = clocks(Target(kind, 4 * HOUR), events, 2)
    assert (only.state, only.due_at) == ("running", at(4))


def test_new_terms_after_a_breach_leave_it_in_the_books() -> None:
    events = story(("file", 0), ("reevaluate", 5), ("complete", 6))
    first, second = clocks(RESOLVE, events, 9, switched_policy="from_switch")
    assert (first.state, first.breached_at, second.state) == ("breached", at(4), "met")


def test_the_total_is_told_beside_the_restarted_clock() -> None:
    events = story(("file", 0), ("complete", 3), ("reopen", 20))
    first, second, total = clocks(RESOLVE, events, 20.5, reopening="both")
    assert (first.state, second.started_at, second.due_at) == ("met", at(20), at(24))
    assert (total.kind, total.generation, total.started_at, total.due_at) == ("total", 1, at(0), at(21))
    assert (total.elapsed_seconds, total.lived_seconds, total.pauses) == (
        3.5 * HOUR,
        20.5 * HOUR,
        ((at(3), at(20)),),
    )


def test_there_is_no_total_before_a_job_is_reopened() -> None:
    assert len(clocks(RESOLVE, story(("file", 0), ("complete", 3)), 9, reopening="both")) == 1


def test_the_total_runs_through_every_reopening_and_every_switch() -> None:
    events = story(
        ("file", 0),
        ("override", 1),
        ("complete", 2),
        ("reopen", 10),
        ("complete", 11),
        ("reopen", 20),
        ("complete", 25),
    )
    found = clocks(RESOLVE, events, 30, reopening="both", switched_policy="from_switch")
    (total,) = [clock for clock in found if clock.kind == "total"]
    assert (total.state, total.breached_at, total.stopped_at) == ("breached", at(21), at(25))
    assert total.elapsed_seconds == 8 * HOUR


STATUTE = Target("resolve", 6 * HOUR, warn=(0.5,), rule="lift", pauses=False)


def test_of_several_rules_the_one_due_first_is_told() -> None:
    events = story(("file", 0))
    (found,) = compute(events, [STATUTE, RESOLVE], ALWAYS, asof=at(1))
    assert (found.rule, found.due_at, found.target_seconds) == ("standard", at(4), 4 * HOUR)
    assert found.warnings_at == (at(3),)


def test_waiting_can_make_another_rule_the_strictest() -> None:
    events = [Event("file", at(0)), Event("pause", at(1), until=at(9))]
    (paused,) = compute(events, [RESOLVE, STATUTE], ALWAYS, asof=at(2))
    assert (paused.rule, paused.state, paused.due_at) == ("lift", "running", at(6))
    (open_end,) = compute([events[0], Event("pause", at(1))], [RESOLVE, STATUTE], ALWAYS, asof=at(2))
    assert (open_end.rule, open_end.due_at) == ("lift", at(6))


def test_a_warning_once_given_stays_when_another_rule_becomes_the_strictest() -> None:
    early = Target("resolve", 4 * HOUR, warn=(0.25,))
    events = [Event("file", at(0)), Event("pause", at(2), until=at(9))]
    for now in (1.5, 2.5, 5):
        assert compute(events, [early, STATUTE], ALWAYS, asof=at(now))[0].warnings_at == (at(1),)


def test_a_breach_of_the_milder_rule_is_not_hidden_by_the_stricter_one() -> None:
    events = [Event("file", at(0)), Event("pause", at(1)), Event("resume", at(8)), Event("complete", at(10))]
    (found,) = compute(events, [RESOLVE, STATUTE], ALWAYS)
    assert (found.state, found.rule, found.breached_at, found.stopped_at) == ("breached", "lift", at(6), at(10))


def test_a_deadline_nobody_can_compute_is_named_beside_one_that_is_known() -> None:
    shut = [["2026-11-20T00:00:00Z", "2046-01-01T00:00:00Z"]]
    closed = Calendar.from_json({"tz": "Asia/Shanghai", "hours": {"mon": [["08:00", "18:00"]]}, "closures": shut})
    rules = [Target("resolve", HOUR, basis="working", rule="desk"), RESOLVE]
    (found,) = compute(story(("file", 0)), rules, closed, asof=at(1))
    assert (found.rule, found.due_at) == ("standard", at(4))
    assert "does not open" in (found.unknown or "")


def test_a_breach_counts_more_than_a_deadline_nobody_can_compute() -> None:
    desk = Calendar.from_json({"tz": "UTC", "hours": {"mon": [["08:00", "18:00"]]}, "country": "CN"})
    filed = datetime(2026, 12, 28, 9, tzinfo=UTC)
    events = [Event("file", filed), Event("complete", filed + timedelta(days=30))]
    rules = [Target("resolve", 20 * HOUR, basis="working", rule="desk"), RESOLVE]
    assert compute(events, rules[:1], desk)[0].state == "unknown"
    (found,) = compute(events, rules, desk)
    assert (found.state, found.rule) == ("breached", "standard")
    (unsure,) = compute(events, [rules[0], Target("resolve", 999 * HOUR)], desk)
    assert (unsure.state, unsure.rule) == ("unknown", "desk")


def test_kinds_come_in_the_order_the_policy_asks_for_them() -> None:
    asked = [RESOLVE, CLAIM, MAKE_SAFE, STATUTE]
    found = compute(story(("file", 0), ("complete", 1), ("reopen", 2)), asked, ALWAYS)
    assert [(clock.kind, clock.generation) for clock in found] == [
        ("resolve", 1),
        ("resolve", 2),
        ("claim", 1),
        ("make_safe", 1),
    ]
