"""Pauses that end by themselves, are resumed, disallowed, overlap or come too late, in every order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets.sla.calendar import ALWAYS, Calendar
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target

DAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
HOUR = 3600
RESOLVE = Target("resolve", 4 * HOUR, warn=(0.5, 0.75))
STATUTE = Target("resolve", 6 * HOUR, rule="lift_entrapment", pauses=False)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def event(action: str, hours: float, status: str = "", until: float | None = None, role: str = "crew") -> Event:
    return Event(action, at(hours), None, role, status, None if until is None else at(until))


FILED = event("file", 0)
PAUSED = event("pause", 2, until=10)


def clock(now: float, *events: Event, target: Target = RESOLVE, calendar: Calendar = ALWAYS, **switches: Any) -> Clock:
    return compute(events, [target], calendar, asof=at(now), switches=Switches(**switches))[-1]


def test_a_pause_with_an_end_is_due_at_the_latest_when_it_lasts_until_then() -> None:
    found = clock(5, FILED, PAUSED)
    assert (found.state, found.paused_at, found.paused_until) == ("paused", at(2), at(10))
    assert (found.due_at, found.warnings_at, found.breached_at) == (at(12), (at(2), at(11)), None)
    assert (found.pauses, found.pause_seconds) == (((at(2), None),), 3 * HOUR)
    assert (found.elapsed_seconds, found.lived_seconds, found.remaining_seconds) == (2 * HOUR, 5 * HOUR, 2 * HOUR)


def test_a_pause_is_over_at_its_end_though_nobody_noticed() -> None:
    just_before, then = clock(9.999, FILED, PAUSED), clock(10, FILED, PAUSED)
    assert (just_before.state, then.state) == ("paused", "running")
    assert (then.paused_at, then.paused_until, then.pauses) == (None, None, ((at(2), at(10)),))
    late = clock(50, FILED, PAUSED)
    assert (late.state, late.breached_at, late.pause_seconds) == ("breached", at(12), 8 * HOUR)


@pytest.mark.parametrize("noticed", [10, 10.01, 11, 40])
def test_an_expiry_noticed_late_changes_nothing(noticed: float) -> None:
    silent = clock(60, FILED, PAUSED)
    assert clock(60, FILED, PAUSED, event("resume", noticed, role="system")) == silent
    told = [event("file", 0, "filed"), event("pause", 2, "waiting", until=10)]
    assert clock(60, *told, event("resume", noticed, "in_progress", role="system")) == silent


@pytest.mark.parametrize("action", ["comment", "photograph", "assign", "object"])
def test_what_happens_after_a_pause_ran_out_does_not_bring_it_back(action: str) -> None:
    told = [event("file", 0, "filed"), event("pause", 2, "waiting", until=10), event(action, 11, "waiting")]
    assert clock(60, *told).pauses == ((at(2), at(10)),)


def test_a_new_pause_after_the_first_ran_out_is_a_second_one() -> None:
    again = event("pause", 11, until=20)
    assert clock(60, FILED, PAUSED, again).pauses == ((at(2), at(10)), (at(11), at(20)))
    assert clock(60, FILED, PAUSED, again).breached_at == at(21)


def test_resuming_early_brings_the_deadline_forward() -> None:
    found = clock(7, FILED, PAUSED, event("resume", 6))
    assert (found.state, found.due_at, found.pause_seconds) == ("running", at(8), 4 * HOUR)


def test_a_disallowed_pause_counts_as_running_time() -> None:
    assert clock(4.5, FILED, PAUSED).breached_at is None
    found = clock(5, FILED, PAUSED, event("disallow", 5, role="dispatcher"))
    assert (found.state, found.breached_at, found.due_at) == ("breached", at(4), at(4))
    assert (found.pauses, found.pause_seconds, found.elapsed_seconds) == ((), 0, 5 * HOUR)
    assert found.warnings_at == (at(2), at(3))


def test_a_pause_disallowed_after_it_ran_out_unnoticed_is_disallowed_all_the_same() -> None:
    assert clock(12, FILED, PAUSED, event("disallow", 11)).breached_at == at(4)


def test_only_the_pause_that_was_disallowed_loses_its_credit() -> None:
    events = [FILED, event("pause", 1, until=3), event("resume", 3), event("pause", 5, until=9), event("disallow", 5.5)]
    found = clock(5.75, *events)
    assert (found.pauses, found.due_at, found.state) == (((at(1), at(3)),), at(6), "running")


def test_a_job_made_safe_in_time_stays_so_when_the_pause_is_disallowed_later() -> None:
    target = Target("make_safe", 3 * HOUR)
    events = [FILED, PAUSED, event("make_safe", 6), event("disallow", 7)]
    assert clock(9, *events, target=target, attend_pauses=True).state == "met"
    assert clock(9, *events, target=target).breached_at == at(3)


@pytest.mark.parametrize(
    ("finish", "state", "elapsed"),
    [(9, "met", 2 * HOUR), (10, "met", 2 * HOUR), (11, "met", 3 * HOUR), (12.5, "breached", 4.5 * HOUR)],
)
def test_completing_around_the_end_of_a_pause(finish: float, state: str, elapsed: float) -> None:
    found = clock(60, FILED, PAUSED, event("complete", finish))
    assert (found.state, found.elapsed_seconds) == (state, elapsed)
    assert found.pauses == ((at(2), at(min(finish, 10))),)


def test_a_pause_that_ends_when_it_begins_is_none() -> None:
    for until in (2, 1):
        found = clock(3, FILED, event("pause", 2, until=until))
        assert (found.state, found.pauses, found.due_at) == ("running", (), at(4))


def test_two_pauses_at_once_last_until_the_later_end() -> None:
    assert clock(60, FILED, PAUSED, event("pause", 4, until=6)).pauses == ((at(2), at(10)),)
    assert clock(60, FILED, PAUSED, event("pause", 4, until=20)).pauses == ((at(2), at(20)),)
    assert clock(60, FILED, PAUSED, event("pause", 4)).pauses == ((at(2), None),)


def test_resume_and_expiry_at_the_same_moment_are_one_end() -> None:
    events = [FILED, PAUSED, event("resume", 10), event("resume", 10, role="system")]
    assert clock(11, *events) == clock(11, FILED, PAUSED)


def test_a_statute_knows_no_pause() -> None:
    found = clock(5, FILED, PAUSED, target=STATUTE)
    assert (found.state, found.due_at, found.pauses, found.pause_seconds) == ("running", at(6), (), 0)
    assert clock(7, FILED, PAUSED, target=STATUTE).breached_at == at(6)


def test_the_end_of_the_day_waits_for_nobody() -> None:
    target = Target("acknowledge", 60, sundown=True)
    found = clock(5, FILED, PAUSED, target=target, first_response_pauses=True)
    assert (found.state, found.due_at) == ("running", at(24))


def test_an_end_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="until: the moment has no time zone"):
        compute([FILED, Event("pause", at(1), until=datetime(2026, 11, 23, 9))], [RESOLVE], ALWAYS)


def test_a_pause_running_when_the_policy_is_switched_goes_on_in_the_next_generation() -> None:
    events = [FILED, PAUSED, event("override", 6, role="manager")]
    first, second = compute(events, [RESOLVE], ALWAYS, asof=at(7), switches=Switches(switched_policy="from_switch"))
    assert (first.state, first.pauses) == ("void", ((at(2), at(6)),))
    assert (second.state, second.paused_at, second.paused_until, second.due_at) == ("paused", at(6), at(10), at(14))


def test_the_time_a_reopened_job_lay_completed_is_no_pause_of_the_crew() -> None:
    events = [FILED, event("pause", 1, until=2), event("complete", 3), event("reopen", 20)]
    found = clock(21, *events, reopening="resume")
    assert found.pauses == ((at(1), at(2)), (at(3), at(20)))
    assert (found.pause_seconds, found.elapsed_seconds, found.due_at) == (HOUR, 3 * HOUR, at(22))
