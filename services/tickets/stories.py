"""Why a clock came out as it did: its story by the terms that were in force when it ended."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.tickets import service_levels
from services.tickets.clock_view import moment
from services.tickets.running_terms import pairs
from services.tickets.service_levels import Library, Terms
from services.tickets.sla.clocks import Clock, compute
from services.tickets.sla.pauses import Event
from services.tickets.sla.timeline import Moment, explain

Entry = Mapping[str, Any]


def story_of(
    entries: Sequence[Entry], community_id: str, library: Library, clock: Clock, asof: datetime
) -> tuple[Moment, ...]:
    """Return the story of one of the clocks that `service_levels.clocks_of` computed at `asof`, oldest first.

    The last moment is the sum.
    """
    told = [entry for entry in entries if entry["at"] <= asof]
    until = clock.stopped_at or asof
    terms = service_levels.terms_of(told)
    events = service_levels.events_of(told, community_id, library)
    in_force = [one for one in terms if told[one.first]["at"] <= until][-1]
    return explain(
        events,
        in_force.targets(library, community_id, told[0]["at"]),
        library.calendars[in_force.said["calendar_version"]],
        kind=clock.kind,
        generation=clock.generation,
        asof=asof,
        switches=library.policies[in_force.said["policy_version"]].switches,
        clock=clock,
        moved=dict(_moved(told, events, terms, community_id, library, clock)),
    )


def _moved(
    entries: Sequence[Entry],
    events: Sequence[Event],
    terms: Sequence[Terms],
    community_id: str,
    library: Library,
    clock: Clock,
) -> Iterator[tuple[int, tuple[Clock, Clock]]]:
    """Yield each change of terms that changed what was asked of this clock: its number, the clock before and after."""
    for before, after in pairs(terms):
        entry = entries[after.first]
        past = [event for event in events if event.seq <= entry["seq"]]
        found = []
        for known, one in ((past[:-1], before), (past, after)):
            computed = compute(
                known,
                one.targets(library, community_id, entries[0]["at"]),
                library.calendars[one.said["calendar_version"]],
                asof=entry["at"],
                switches=library.policies[one.said["policy_version"]].switches,
            )
            found += [told for told in computed if (told.kind, told.generation) == (clock.kind, clock.generation)]
        if len(found) == 2 and _asked(found[0]) != _asked(found[1]):
            yield entry["seq"], (found[0], found[1])


def _asked(clock: Clock) -> tuple[int, str, bool]:
    return clock.target_seconds, clock.basis, clock.sundown


def story_view(story: Sequence[Moment]) -> list[dict[str, Any]]:
    """Return a story as plain JSON-ready data."""
    return [
        {"at": moment(line.at), "until": moment(line.until), "what": line.what, "says": dict(line.says)}
        for line in story
    ]
