"""From a ticket's history to the clock rows that cache what the pure rules say of it."""

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from services.contracts.clocks import STATES, ToldClock
from services.tickets.accountable import owner_at, owners_of
from services.tickets.running_terms import (
    FIRST_CALENDAR,
    MOVES_CLOCKS,
    Entry,
    Library,
    Terms,
    events_by,
    events_of,
    pairs,
    restarts_of,
    taken_back_later,
    terms_of,
    versions_of,
)
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import BREACHED, PAUSED, RUNNING, VOID, Clock, Event, compute

__all__ = [
    "BREACH",
    "FIRST_CALENDAR",
    "MOVES_CLOCKS",
    "Judged",
    "Library",
    "Terms",
    "calendar_of",
    "clocks_of",
    "due_of",
    "events_of",
    "judged_of",
    "levels_of",
    "rows_of",
    "terms_of",
    "told",
    "versions_of",
]

BREACH = 0


@functools.lru_cache(maxsize=256)
def _calendar(text: bytes) -> Calendar:
    return Calendar.from_json(orjson.loads(text))


def calendar_of(document: Mapping[str, Any]) -> Calendar:
    """Return the calendar of a community's JSON document, read once per content."""
    return _calendar(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True)
class Judged:
    """A clock and the facts it counts under (names as in history): those of the moment at which it was decided.

    A breach counts under the terms that it was a breach of, a stop under those that it came under, and what still
    runs in time under the present ones. So nobody moves a missed deadline to another need level by correcting it.
    """

    clock: Clock
    said: Mapping[str, Any]


def clocks_of(entries: Iterable[Entry], community_id: str, library: Library, asof: datetime) -> tuple[Clock, ...]:
    """Return a ticket's clocks as they stand at `asof`, see `judged_of`."""
    return tuple(judged.clock for judged in judged_of(entries, community_id, library, asof))


def judged_of(entries: Iterable[Entry], community_id: str, library: Library, asof: datetime) -> tuple[Judged, ...]:
    """Return a ticket's clocks as they stand at `asof`, from its history and the versions it speaks of alone.

    What came after `asof` has not happened. A breach from before the desk changed what counts stays a breach:
    softer targets are for the time to come, and correcting a ticket must not make a missed deadline disappear. A
    clock that the new terms do not know ended with the old ones, and nobody is warned of it any more.
    """
    told = [entry for entry in entries if entry["at"] <= asof]
    if not told:
        return ()
    terms = terms_of(told)
    restarts = restarts_of(told, terms, community_id, library)
    events = events_by(told, restarts)
    found = _computed(told, events, terms[-1], community_id, library, asof)
    there = {(clock.kind, clock.generation) for clock in found}
    missed: dict[tuple[str, int], tuple[Clock, Terms]] = {}
    ended: dict[tuple[str, int], Clock] = {}
    for before, after in pairs(terms):
        until = told[after.first]["at"]
        past = [*events_by(told[: after.first], restarts), *taken_back_later(told[after.first :], until)]
        for clock in _computed(told, past, before, community_id, library, until):
            key = (clock.kind, clock.generation)
            if clock.breached_at is not None:
                missed.setdefault(key, (replace(clock, stopped_at=clock.stopped_at or until), before))
            elif key not in there:
                ended[key] = _ended(clock, until)
    without = [clock for key, clock in ended.items() if key not in missed]
    kept = []
    for clock in found:
        earlier = missed.pop((clock.kind, clock.generation), None)
        if earlier is None:
            kept.append(Judged(clock, _when(told, terms, clock).said))
            continue
        clock = _still_missed(clock, earlier[0], _computed(told, events, earlier[1], community_id, library, asof))
        kept.append(Judged(clock, earlier[1].said))
    gone = [Judged(clock, before.said) for clock, before in missed.values()]
    return (*kept, *gone, *(Judged(clock, _when(told, terms, clock).said) for clock in without))


def _when(told: Sequence[Entry], terms: Sequence[Terms], clock: Clock) -> Terms:
    """Return the terms under which a clock was stopped. The latest are those that one breached now is a breach of."""
    stopped_at = clock.stopped_at
    if len(terms) == 1 or stopped_at is None or clock.breached_at is not None:
        return terms[-1]
    # New terms that end a clock are not those it was under.
    return next((one for one in reversed(terms) if told[one.first]["at"] < stopped_at), terms[0])


def _computed(
    entries: Sequence[Entry],
    events: Sequence[Event],
    terms: Terms,
    community_id: str,
    library: Library,
    asof: datetime,
) -> tuple[Clock, ...]:
    return compute(
        events,
        terms.targets(library, community_id, entries[0]["at"]),
        library.calendars[terms.said["calendar_version"]],
        asof=asof,
        switches=library.policies[terms.said["policy_version"]].switches,
    )


def _still_missed(clock: Clock, breach: Clock, by_its_terms: Iterable[Clock]) -> Clock:
    """Return a clock that was breached before the terms changed, with the time counted as its target counts it."""
    same = (clock.kind, clock.generation, clock.stopped_at)
    told = next((one for one in by_its_terms if (one.kind, one.generation, one.stopped_at) == same), clock)
    return replace(
        told,
        state=BREACHED,
        target_seconds=breach.target_seconds,
        basis=breach.basis,
        sundown=breach.sundown,
        rule=breach.rule,
        due_at=breach.due_at,
        breached_at=breach.breached_at,
    )


def _ended(clock: Clock, until: datetime) -> Clock:
    if clock.stopped_at is not None:
        return clock
    return replace(clock, state=VOID, stopped_at=until, paused_at=None, paused_until=None, remaining_seconds=None)


def rows_of(
    judged: Iterable[Judged], ticket: Mapping[str, Any], entries: Sequence[Entry], fired: Iterable[tuple[str, int, int]]
) -> list[dict[str, Any]]:
    """Return the clock rows of a ticket to store. `fired` are the (kind, generation, level) that went out already.

    Each says under what it counts and who was accountable when it was breached, else when it stopped, else now: a job
    handed to a colleague charges nobody with what was late before.
    """
    gone, owners = set(fired), owners_of(entries)
    beside = {"ticket_id": ticket["id"], **{name: ticket[name] for name in _BESIDE}}
    rows = []
    for clock, said in ((one.clock, one.said) for one in judged):
        level, fire_at = _next_firing(clock, gone)
        rows.append(
            {
                **beside,
                **{name: said[name] for name in _UNDER},
                "crew_id": owner_at(owners, clock.breached_at or clock.stopped_at),
                **{name: getattr(clock, name) for name in STORED},
                "warnings_at": list(clock.warnings_at),
                "contract_seconds": clock.elapsed_seconds if clock.stopped_at else None,
                "pause_seconds": clock.pause_seconds if clock.stopped_at else None,
                "next_level": level,
                "next_fire_at": fire_at,
            }
        )
    return rows


def told(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the clocks that have stopped and came to a verdict, as an event tells them."""
    return tuple(_told(row).written() for row in rows if row["stopped_at"] and row["state"] in STATES)


def due_of(rows: Iterable[Mapping[str, Any]], kind: str) -> datetime | None:
    """Return by when the clock of a kind that runs is to be stopped; None where none runs or its end is not known."""
    return next((row["due_at"] for row in rows if row["kind"] == kind and row["stopped_at"] is None), None)


def _told(row: Mapping[str, Any]) -> ToldClock:
    started_at, due_at = row["started_at"], row["due_at"]
    return ToldClock(
        kind=row["kind"],
        generation=row["generation"],
        state=row["state"],
        basis=row["basis"],
        target_seconds=row["target_seconds"],
        allowed_seconds=None if due_at is None else round((due_at - started_at).total_seconds()),
        taken_seconds=round((row["stopped_at"] - started_at).total_seconds()),
    )


# The columns that say what a clock says, under the same name.
STORED = (
    "kind", "generation", "state", "started_at", "target_seconds", "basis", "rule", "due_at", "stopped_at",
    "paused_at", "paused_until", "breached_at", "unknown",
)  # fmt: skip
_BESIDE = ("organisation_id", "filed_at", "community_id")
_UNDER = ("need_level", "work_type", "policy_version")


def _next_firing(clock: Clock, gone: set[tuple[str, int, int]]) -> tuple[int | None, datetime | None]:
    """Return the next level of a clock and its moment: the warnings in order, then the breach.

    A clock stopped after its time was up still owes its breach: it is true whether or not a timer looked. One that
    runs on past its time owes its warnings too, for the same reason. One that waits until a known moment keeps its
    deadlines, so that nobody has to notice the end of the pause before they count.
    """
    goes_on = clock.stopped_at is None and clock.state in (RUNNING, PAUSED, BREACHED)
    breaches = clock.state in (RUNNING, PAUSED) or clock.breached_at is not None
    for at, level in levels_of(clock.warnings_at, clock.due_at):
        if (breaches if level == BREACH else goes_on) and (clock.kind, clock.generation, level) not in gone:
            return level, at
    return None, None


def levels_of(warnings_at: Iterable[datetime], due_at: datetime | None) -> list[tuple[datetime, int]]:
    """Return (moment, level) of all that a clock has to tell, in the order in which it happens.

    Of several targets the first to fall due breaches, and a milder one may warn later than that: by then there is
    nothing left to warn of.
    """
    warned = [(at, level) for level, at in enumerate(warnings_at, start=1) if due_at is None or at < due_at]
    return sorted(warned if due_at is None else [*warned, (due_at, BREACH)])
