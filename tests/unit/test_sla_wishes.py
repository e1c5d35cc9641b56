"""A visit that the household asked for at a later time: what stands still until then, and what ends that."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.tickets.sla.calendar import ALWAYS
from services.tickets.sla.clocks import Clock, Event, compute
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target
from services.tickets.sla.timeline import explain

DAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = 3600
TARGETS = [Target(kind, 4 * HOUR) for kind in ("acknowledge", "attend", "make_safe", "resolve")]
# A rule that no waiting extends, as those of packs are.
STATUTE = Target("attend", 6 * HOUR, pauses=False, rule="pack/rule")


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def step(action: str, hours: float, status: str = "claimed", role: str = "crew", **data: Any) -> Event:
    return Event(action, at(hours), actor_role=role, status=status, data=data)


def wished(hours: float, until: float) -> Event:
    return replace(step("agree", hours), reason="resident_choice", until=at(until))


def told(*events: Event) -> list[Event]:
    return [replace(event, seq=number) for number, event in enumerate((step("file", 0, "filed"), *events), start=1)]


def clocks(now: float, *events: Event, **asked: Any) -> dict[str, Clock]:
    targets = asked.pop("targets", TARGETS)
    return {one.kind: one for one in compute(told(*events), targets, ALWAYS, asof=at(now), **asked)}


def test_coming_and_solving_wait_for_the_time_that_was_wished_and_nothing_else_does() -> None:
    found = clocks(2, step("claim", 0.5), wished(1, 25))
    assert {kind: one.paused_until for kind, one in found.items()} == {
        "acknowledge": None, "attend": at(25), "make_safe": None, "resolve": at(25),
    }  # fmt: skip
    assert (found["attend"].due_at, found["resolve"].due_at) == (at(28), at(28))


def test_a_visit_in_the_wished_window_is_in_time_and_what_was_lived_through_is_said_beside_it() -> None:
    found = clocks(30, wished(1, 25), step("arrive", 26, "on_site"), step("complete", 27, "completed"))
    attend = found["attend"]
    assert (attend.state, attend.elapsed_seconds, attend.lived_seconds) == ("met", 2 * HOUR, 26 * HOUR)
    assert attend.pause_seconds == 24 * HOUR
    assert (found["resolve"].state, found["resolve"].elapsed_seconds) == ("met", 3 * HOUR)


@pytest.mark.parametrize(
    ("ends", "paused"),
    [
        (step("call_off", 3, of="agreed"), 2),
        (step("arrive", 3, "on_site"), 2),
        (step("agree", 3), 2),
        (step("join", 3, "filed"), 2),
        # Whoever has the job, the household wished the same.
        (step("release", 3, "acknowledged"), 24),
        (step("assign", 3, "assigned"), 24),
        (step("depart", 3, "on_the_way"), 24),
        (step("call_off", 3, of="proposed"), 24),
        (step("propose", 3), 24),
    ],
    ids=lambda value: value.action + value.data.get("of", "") if isinstance(value, Event) else None,
)
def test_what_ends_a_wish(ends: Event, paused: float) -> None:
    assert clocks(40, wished(1, 25), ends)["resolve"].pause_seconds == paused * HOUR


def test_another_time_that_is_agreed_to_goes_on_from_there() -> None:
    found = clocks(60, wished(1, 25), wished(20, 49))
    assert found["resolve"].pauses == ((at(1), at(20)), (at(20), at(49)))


def test_an_agreement_without_a_wish_stops_nothing() -> None:
    assert clocks(30, step("agree", 1))["attend"].breached_at == at(4)


def test_a_wish_that_is_taken_back_by_its_number_gave_no_credit() -> None:
    assert clocks(20, wished(1, 25))["attend"].state == "paused"
    found = clocks(20, wished(1, 25), step("disallow", 19, role="dispatcher", pause=2))
    assert found["attend"].breached_at == at(4)


def test_no_statute_waits_for_a_wish() -> None:
    found = clocks(30, wished(1, 25), targets=[Target("attend", 4 * HOUR), STATUTE])
    assert (found["attend"].rule, found["attend"].breached_at) == ("pack/rule", at(6))


def test_the_crews_own_pause_follows_the_switch_as_before() -> None:
    pause = Event("pause", at(1), actor_role="crew", status="waiting", until=at(25))
    assert clocks(30, pause)["attend"].breached_at == at(4)
    assert clocks(2, pause, switches=Switches(attend_pauses=True))["attend"].state == "paused"


def test_the_story_of_a_clock_says_that_the_household_asked_for_it() -> None:
    lines = explain(told(wished(1, 25), step("arrive", 26, "on_site")), TARGETS, ALWAYS, kind="attend", asof=at(27))
    (paused,) = [line for line in lines if line.what == "paused"]
    assert paused.at == at(1)
    assert "resident asked for a later time" in paused.says["en"]
    assert "按住户要求改期" in paused.says["zh-CN"]
