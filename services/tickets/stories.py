"""Why a clock came out as it did: its story by the terms that were in force when it ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.tickets import service_levels
from services.tickets.clock_view import moment
from services.tickets.service_levels import Library
from services.tickets.sla.clocks import Clock
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
    in_force = [one for one in terms if told[one.first]["at"] <= until][-1]
    return explain(
        service_levels.events_of(told, community_id, library),
        in_force.targets(library, community_id, told[0]["at"]),
        library.calendars[in_force.said["calendar_version"]],
        kind=clock.kind,
        generation=clock.generation,
        asof=asof,
        switches=library.policies[in_force.said["policy_version"]].switches,
        clock=clock,
    )


def story_view(story: Sequence[Moment]) -> list[dict[str, Any]]:
    """Return a story as plain JSON-ready data."""
    return [
        {"at": moment(line.at), "until": moment(line.until), "what": line.what, "says": dict(line.says)}
        for line in story
    ]
