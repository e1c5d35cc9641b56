"""Why a clock came out as it did: its story by the terms it runs under, and where those changed on the way."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.tickets import service_levels
from services.tickets.clock_view import moment
from services.tickets.service_levels import Library
from services.tickets.sla.clocks import Clock
from services.tickets.sla.timeline import Moment, explain

Entry = Mapping[str, Any]
_TERMS_CHANGED = {
    "zh-CN": "计时条件变更（{zh}）：此后按新的条件计算，此前已经超时的仍为超时。",
    "en": "What counts changed by “{en}”: the new terms hold from here, and a breach from before them stays.",
}
_CHANGES = {"override": ("更正工单", "override"), "reevaluate": ("改用现行时限", "reevaluate")}


def story_of(
    entries: Sequence[Entry], community_id: str, library: Library, clock: Clock, asof: datetime
) -> tuple[Moment, ...]:
    """Return the story of one of the clocks that `service_levels.clocks_of` computed at `asof`, oldest first.

    It is told by the terms in force when the clock ended; the last moment is the sum.
    """
    told = [entry for entry in entries if entry["at"] <= asof]
    until = clock.stopped_at or asof
    terms = service_levels.terms_of(told)
    in_force = [one for one in terms if told[one.first]["at"] <= until][-1]
    lines = explain(
        service_levels.events_of(told),
        in_force.targets(library, community_id, told[0]["at"]),
        library.calendars[in_force.said["calendar_version"]],
        kind=clock.kind,
        generation=clock.generation,
        asof=asof,
        switches=library.policies[in_force.said["policy_version"]].switches,
        clock=clock,
    )
    changed = [_changed(told[one.first]) for one in terms[1:] if clock.started_at < told[one.first]["at"] <= until]
    # The sum stays last, whatever happened at the same moment.
    return (*sorted((*lines[:-1], *changed), key=lambda line: line.at), lines[-1])


def _changed(entry: Entry) -> Moment:
    zh, en = _CHANGES[entry["action"]]
    says = {language: sentence.format(zh=zh, en=en) for language, sentence in _TERMS_CHANGED.items()}
    return Moment(entry["at"], "terms", says)


def story_view(story: Sequence[Moment]) -> list[dict[str, Any]]:
    """Return a story as plain JSON-ready data."""
    return [
        {"at": moment(line.at), "until": moment(line.until), "what": line.what, "says": dict(line.says)}
        for line in story
    ]
