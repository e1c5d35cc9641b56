"""From a ticket's history to the clock rows that cache what the pure rules say of it."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import BREACHED, RUNNING, Clock, Event, compute
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
    """Return a ticket's clocks as they stand at `asof`, from its history alone.

    `sla_class` and `urgency` are today's. A breach from before the desk changed them stays a breach: softer targets
    are for the time to come, and correcting a ticket must not be a way to make a missed deadline disappear.
    """
    policy = standard_policy()
    told = list(entries)
    targets = policy.targets(sla_class, urgency)
    found = compute(events_of(told), targets, calendar, asof=asof, switches=policy.switches)
    missed: dict[tuple[str, int], Clock] = {}
    for before, at, then_class, then_urgency in _before_overrides(told, sla_class, urgency):
        targets = policy.targets(then_class, then_urgency)
        for clock in compute(events_of(before), targets, calendar, asof=min(at, asof), switches=policy.switches):
            if clock.breached_at is not None:
                missed[clock.kind, clock.generation] = clock
    return tuple(_still_missed(clock, missed.get((clock.kind, clock.generation))) for clock in found)


def _before_overrides(
    entries: Sequence[Mapping[str, Any]], sla_class: str, urgency: str
) -> Iterator[tuple[Sequence[Mapping[str, Any]], datetime, str, str]]:
    """Yield, newest first, the history before each change of class or urgency, its moment, and both as they were."""
    for number in range(len(entries) - 1, -1, -1):
        changes = entries[number]["data"].get("changes", {}) if entries[number]["action"] == "override" else {}
        if "sla_class" in changes or "urgency" in changes:
            sla_class = changes.get("sla_class", [sla_class])[0]
            urgency = changes.get("urgency", [urgency])[0]
            yield entries[:number], entries[number]["at"], sla_class, urgency


def _still_missed(clock: Clock, missed: Clock | None) -> Clock:
    if missed is None:
        return clock
    return replace(
        clock,
        state=BREACHED,
        target_seconds=missed.target_seconds,
        basis=missed.basis,
        due_at=missed.due_at,
        breached_at=missed.breached_at,
    )


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

    A clock stopped after its time was up still owes its breach: it is true whether or not a timer looked. One that
    runs on past its time owes its warnings too, for the same reason.
    """
    due: list[tuple[datetime, int]] = []
    if clock.stopped_at is None and clock.state in (RUNNING, BREACHED):
        due = [(at, level) for level, at in enumerate(clock.warnings_at, start=1)]
    if clock.due_at is not None and (clock.state == RUNNING or clock.breached_at is not None):
        due.append((clock.due_at, BREACH))
    owed = sorted(item for item in due if (clock.kind, clock.generation, item[1]) not in gone)
    return (owed[0][1], owed[0][0]) if owed else (None, None)
