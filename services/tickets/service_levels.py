"""From a ticket's history to the clock rows that cache what the pure rules say of it."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import RUNNING, Clock, Event, compute
from services.tickets.sla.policy import standard_policy

BREACH = 0

# The verbs after which some clock may have started, stopped, paused or changed its target.
MOVES_CLOCKS = frozenset(
    {
        "file", "acknowledge", "claim", "assign", "release", "depart", "arrive", "start", "pause", "resume",
        "complete", "confirm", "close", "reopen", "cancel", "decline", "override",
    }
)  # fmt: skip


@functools.lru_cache(maxsize=256)
def _calendar(text: bytes) -> Calendar:
    return Calendar.from_json(orjson.loads(text))


def calendar_of(document: Mapping[str, Any]) -> Calendar:
    """Return the calendar of a community's JSON document, read once per content."""
    return _calendar(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


def events_of(entries: Iterable[Mapping[str, Any]]) -> list[Event]:
    """Return history rows as the events the clocks are computed from."""
    return [
        Event(entry["action"], entry["at"], None, entry["actor_role"], entry["status"])
        for entry in entries
        if entry["action"] in MOVES_CLOCKS
    ]


def clocks_of(
    entries: Iterable[Mapping[str, Any]], sla_class: str, urgency: str, calendar: Calendar, asof: datetime
) -> tuple[Clock, ...]:
    """Return a ticket's clocks as they stand at `asof`, from its history alone."""
    policy = standard_policy()
    targets = policy.targets(sla_class, urgency)
    return compute(events_of(entries), targets, calendar, asof=asof, switches=policy.switches)


def rows_of(
    clocks: Sequence[Clock], ticket_id: str, organisation_id: str, fired: Iterable[tuple[str, int, int]]
) -> list[dict[str, Any]]:
    """Return the clock rows to store. `fired` are the (kind, generation, level) that went out already."""
    gone = set(fired)
    rows = []
    for clock in clocks:
        level, fire_at = _next_firing(clock, gone)
        rows.append(
            {
                "ticket_id": ticket_id,
                "kind": clock.kind,
                "generation": clock.generation,
                "organisation_id": organisation_id,
                "state": clock.state,
                "started_at": clock.started_at,
                "target_seconds": clock.target_seconds,
                "basis": clock.basis,
                "warnings_at": list(clock.warnings_at),
                "due_at": clock.due_at,
                "stopped_at": clock.stopped_at,
                "paused_at": clock.paused_at,
                "breached_at": clock.breached_at,
                "unknown": clock.unknown,
                "next_level": level,
                "next_fire_at": fire_at,
            }
        )
    return rows


def _next_firing(clock: Clock, gone: set[tuple[str, int, int]]) -> tuple[int | None, datetime | None]:
    """Return the next level of a clock and its moment: the warnings in order, then the breach.

    A clock stopped after its time was up still owes its breach: it is true whether or not a timer looked.
    """
    due: list[tuple[datetime, int]] = []
    if clock.state == RUNNING:
        due = [(at, level) for level, at in enumerate(clock.warnings_at, start=1)]
    if clock.due_at is not None and (clock.state == RUNNING or clock.breached_at is not None):
        due.append((clock.due_at, BREACH))
    owed = sorted(item for item in due if (clock.kind, clock.generation, item[1]) not in gone)
    return (owed[0][1], owed[0][0]) if owed else (None, None)
