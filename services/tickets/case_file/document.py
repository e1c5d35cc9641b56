"""What a case file says: the facts of one ticket as plain JSON, and what follows from them by the rules inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.tickets import service_levels
from services.tickets.clock_view import clock_view
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.policy import Policy, read_policy
from services.tickets.stories import story_of, story_view

Case = dict[str, Any]
_SORTED = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


@dataclass(frozen=True)
class Shelf:
    """The policies and calendars inside a case file, by version."""

    policies: Mapping[str, Policy]
    calendars: Mapping[int, Calendar]


def written(document: Mapping[str, Any]) -> bytes:
    """Return a document as the bytes that are signed: the same content gives the same bytes."""
    return orjson.dumps(document, option=_SORTED)


def read(content: bytes) -> Any:
    """Return what JSON bytes say; raises ValueError."""
    return orjson.loads(content)


def concluded(facts: Mapping[str, Any]) -> Case:
    """Return the whole case: the facts, and the clocks and their stories computed from these very facts.

    `facts` has exported, ticket, people, history, remarks, photos, firings, policies and calendars.
    """
    case = read(written(facts))
    return {**case, **conclusions(case)}


def conclusions(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the clocks, as they stood when the case was exported, and the story of each."""
    entries, shelf, asof = entries_of(case), shelf_of(case), datetime.fromisoformat(case["exported"]["at"])
    community_id = case["ticket"]["community_id"]
    clocks = service_levels.clocks_of(entries, community_id, shelf, asof)
    stories = [
        {
            "clock": clock.kind,
            "generation": clock.generation,
            "lines": story_view(story_of(entries, community_id, shelf, clock, asof)),
        }
        for clock in clocks
    ]
    return dict(read(written({"clocks": [clock_view(clock) for clock in clocks], "timelines": stories})))


def entries_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the history as the rows it was written from."""
    return _with_moments(case["history"], "at")


def firings_of(case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what timers had fired."""
    return _with_moments(case["firings"], "true_at", "fired_at")


def shelf_of(case: Mapping[str, Any]) -> Shelf:
    """Return the policies and calendars inside; raises ValueError naming what is wrong with one of them."""
    return Shelf(
        {version: read_policy(document) for version, document in case["policies"].items()},
        {int(version): service_levels.calendar_of(document) for version, document in case["calendars"].items()},
    )


def _with_moments(rows: Sequence[Mapping[str, Any]], *names: str) -> list[dict[str, Any]]:
    return [{**row, **{name: datetime.fromisoformat(row[name]) for name in names}} for row in rows]
