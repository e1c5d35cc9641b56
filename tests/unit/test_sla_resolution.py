"""First and total resolution: both are kept, whatever the policy says of a reopened job."""

from datetime import UTC, datetime, timedelta

import pytest

from services.tickets.sla.calendar import ALWAYS
from services.tickets.sla.clocks import Event, compute
from services.tickets.sla.resolution import Resolution, resolution_of
from services.tickets.sla.switches import Switches
from services.tickets.sla.targets import Target

FILED = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
TARGETS = (Target("acknowledge", 600), Target("resolve", 4 * 3600))
HOUR = 3600


def at(hours: float, action: str, **told: object) -> Event:
    return Event(action, FILED + timedelta(hours=hours), **told)  # type: ignore[arg-type]


def resolved(*events: Event, hours: float, reopening: str = "restart") -> Resolution | None:
    asof = FILED + timedelta(hours=hours)
    return resolution_of(compute(events, TARGETS, ALWAYS, asof=asof, switches=Switches(reopening=reopening)))


def test_before_the_first_completion_there_is_a_total_alone() -> None:
    assert resolved(at(0, "file"), hours=2) == Resolution(None, None, 2 * HOUR, 2 * HOUR, False)


def test_a_job_done_once_has_one_figure_twice() -> None:
    found = resolved(at(0, "file"), at(3, "complete"), hours=9)
    assert found == Resolution(3 * HOUR, 3 * HOUR, 3 * HOUR, 3 * HOUR, True)


@pytest.mark.parametrize("reopening", ["restart", "resume", "both"])
def test_a_reopened_job_keeps_the_first_and_adds_the_second(reopening: str) -> None:
    story = (
        at(0, "file"),
        at(1, "pause", until=FILED + timedelta(hours=2)),
        at(3, "complete"),
        at(13, "reopen"),
        at(14, "complete"),
    )
    found = resolved(*story, hours=99, reopening=reopening)
    assert found == Resolution(2 * HOUR, 3 * HOUR, 3 * HOUR, 14 * HOUR, True)


@pytest.mark.parametrize("reopening", ["restart", "resume", "both"])
def test_while_it_is_open_again_the_total_goes_on(reopening: str) -> None:
    story = (at(0, "file"), at(3, "complete"), at(13, "reopen"))
    found = resolved(*story, hours=15, reopening=reopening)
    assert found == Resolution(3 * HOUR, 3 * HOUR, 5 * HOUR, 15 * HOUR, False)


def test_nothing_filed_is_nothing_to_resolve() -> None:
    assert resolution_of(()) is None
