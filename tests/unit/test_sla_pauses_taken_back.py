"""Pauses taken back by their number: open, over, noticed or not, before the clock stopped and after it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.tickets.sla.calendar import ALWAYS
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target
from services.tickets.sla.timeline import explain

DAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = 3600
RESOLVE = Target("resolve", 4 * HOUR)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def numbered(*events: Event) -> list[Event]:
    return [replace(event, seq=number) for number, event in enumerate(events, start=1)]


def paused(hours: float, until: float) -> Event:
    return Event("pause", at(hours), actor_role="crew", status="waiting", until=at(until))


def step(action: str, hours: float, status: str = "in_progress", role: str = "crew", **data: Any) -> Event:
    return Event(action, at(hours), actor_role=role, status=status, data=data)


def refused(hours: float, pause: int, status: str = "in_progress") -> Event:
    return step("disallow", hours, status, "dispatcher", pause=pause)


def clock(now: float, *events: Event) -> Clock:
    (found,) = compute(numbered(step("file", 0, "filed"), *events), [RESOLVE], ALWAYS, asof=at(now))
    return found


RESUMED = step("resume", 3)
EXPIRED = step("resume", 4.5, role="system")


@pytest.mark.parametrize("over", [(), (EXPIRED,), (RESUMED,)], ids=["nobody noticed", "expired", "resumed"])
def test_a_pause_that_is_over_can_still_be_taken_back(over: tuple[Event, ...]) -> None:
    assert clock(4.9, paused(1, 4), *over).state == "running"
    found = clock(5, paused(1, 4), *over, refused(4.8, 2))
    assert (found.state, found.breached_at, found.pauses) == ("breached", at(4), ())


def test_a_met_clock_whose_pause_is_taken_back_was_late() -> None:
    done = (paused(1, 4), RESUMED, step("complete", 5, "completed"))
    assert clock(6, *done).state == "met"
    found = clock(7, *done, refused(7, 2, "completed"))
    assert (found.state, found.breached_at, found.stopped_at) == ("breached", at(4), at(5))
    assert clock(6.9, *done, refused(7, 2, "completed")).state == "met", "it was not yet taken back"


def test_only_the_pause_that_was_named_loses_its_credit() -> None:
    story = (paused(1, 2), step("resume", 2), paused(3, 9))
    first = clock(4, *story, refused(4, 2, "waiting"))
    assert (first.state, first.pauses, first.due_at) == ("paused", ((at(3), None),), at(10))
    second = clock(4, *story, refused(4, 4))
    assert (second.state, second.pauses, second.due_at) == ("running", ((at(1), at(2)),), at(5))


def test_a_pause_taken_back_counts_in_what_new_terms_ended_before() -> None:
    events = numbered(step("file", 0, "filed"), paused(1, 9), step("override", 6, "waiting", "manager"), refused(7, 2))
    switches = Switches(switched_policy="from_switch")
    first, second = compute(events, [RESOLVE], ALWAYS, asof=at(8), switches=switches)
    assert (first.state, first.breached_at, second.due_at) == ("breached", at(4), at(10))


@pytest.mark.parametrize("noticed", [True, False])
def test_the_story_tells_both_the_end_of_a_pause_and_that_it_was_taken_back(noticed: bool) -> None:
    story = (paused(1, 4), *((EXPIRED,) if noticed else ()))
    events = numbered(step("file", 0, "filed"), *story, refused(5, 2))
    told = explain(events, [RESOLVE], ALWAYS, kind="resolve", asof=at(6))
    assert [line.what for line in told] == [
        "started", "paused", "warned", "expired", "due", "breached", "disallowed", "sum",
    ]  # fmt: skip


def ends(verb: str, data: dict[str, int], last: list[int]) -> bool:
    """Whether a step ends the pause that was the last to begin."""
    return verb in ("resume", "complete", "reopen") or (verb == "disallow" and [data["pause"]] == last)


@st.composite
def jobs(draw: st.DrawFn) -> list[Event]:
    """A job that waits, goes on, is done and reopened, with pauses taken back by number at any time."""
    events, when = [Event("file", DAY, actor_role="resident", seq=10)], DAY
    waits_until = DAY
    for number in range(draw(st.integers(1, 9))):
        when += timedelta(minutes=30 * draw(st.integers(0, 12)))
        verb = draw(
            st.sampled_from(("pause", "pause", "resume", "disallow", "disallow", "complete", "reopen", "object"))
        )
        pauses = [event.seq for event in events if event.action == "pause"]
        until, data = None, {}
        if verb == "pause":
            if when < waits_until:
                continue
            until = waits_until = when + timedelta(minutes=30 * draw(st.integers(1, 12)))
        elif verb == "disallow":
            if not pauses:
                continue
            data = {"pause": draw(st.sampled_from(pauses))}
        if ends(verb, data, pauses[-1:]):
            waits_until = when
        role = "dispatcher" if verb == "disallow" else "crew"
        events.append(Event(verb, when, actor_role=role, until=until, data=data, seq=20 + 10 * number))
    return events


def swept(events: list[Event]) -> list[Event]:
    """The same job where a timer ended every pause at its expiry, as a step of the system."""
    found: list[Event] = []
    for number, event in enumerate(events):
        found.append(event)
        if event.action == "pause" and event.until is not None:
            until = event.until
            later = [other for other in events[number + 1 :] if other.at <= until]
            if not any(ends(other.action, dict(other.data), [event.seq]) for other in later):
                found.append(Event("resume", until, actor_role="system", data={"expired": True}, seq=event.seq + 5))
    return sorted(found, key=lambda event: event.at)


@PATIENT
@given(jobs(), st.integers(0, 200), st.booleans(), st.sampled_from(["restart", "resume", "both"]))
def test_the_verdict_does_not_depend_on_whether_the_expiry_was_swept(
    events: list[Event], halves: int, attend_pauses: bool, reopening: str
) -> None:
    asof = DAY + timedelta(minutes=30 * halves)
    chosen = Switches(attend_pauses=attend_pauses, reopening=reopening)
    asked = [Target("attend", 2 * HOUR), RESOLVE]
    told, with_timer = (compute(story, asked, ALWAYS, asof=asof, switches=chosen) for story in (events, swept(events)))
    assert told == with_timer


@PATIENT
@given(jobs(), st.lists(st.integers(0, 200), min_size=2, max_size=4).map(sorted))
def test_taking_back_never_makes_a_breach_disappear(events: list[Event], looks: list[int]) -> None:
    missed: dict[tuple[str, int], datetime] = {}
    for halves in looks:
        found = compute(events, [RESOLVE], ALWAYS, asof=DAY + timedelta(minutes=30 * halves))
        now = {(one.kind, one.generation): one.breached_at for one in found}
        for key, breached_at in missed.items():
            still = now[key]
            assert still is not None
            assert still <= breached_at
        missed = {key: breached_at for key, breached_at in now.items() if breached_at is not None}
