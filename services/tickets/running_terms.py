"""What a ticket runs by for each stretch of its history, and that history as events the clocks are computed from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from services.tickets import acts, catalogue
from services.tickets.sla.calendar import Calendar
from services.tickets.sla.clocks import Event
from services.tickets.sla.conditions import Facts
from services.tickets.sla.policy import Policy
from services.tickets.sla.rules import length
from services.tickets.sla.targets import WORKING, Target

FIRST_CALENDAR = 1
# The verbs after which some clock may have started, stopped, paused or changed its target.
MOVES_CLOCKS = frozenset(
    {
        "file", "acknowledge", "claim", "assign", "release", "depart", "arrive", "start", "pause", "resume", "disallow",
        "make_safe", "complete", "call_back", "answer", "confirm", "close", "reopen", "cancel", "decline", "override",
        "reevaluate", "escalate", "join", "agree", "call_off",
    }
)  # fmt: skip
_CHANGES_TERMS = ("override", "reevaluate")
_TERMS = (
    "catalogue_code", "sla_class", "work_type", "urgency", "need_level", "circumstances", "policy_version",
    "calendar_version",
)  # fmt: skip

Entry = Mapping[str, Any]


class Library(Protocol):
    """Where policies and calendars are found by version (books.Books)."""

    @property
    def policies(self) -> Mapping[str, Policy]:
        """Policies by version."""

    @property
    def calendars(self) -> Mapping[int, Calendar]:
        """The community's calendars by version."""


@dataclass(frozen=True)
class Terms:
    """What a ticket runs by for a stretch of its history: the entry it begins with, and what counts from there."""

    first: int
    said: Mapping[str, Any]

    def targets(self, library: Library, community_id: str, filed_at: datetime) -> tuple[Target, ...]:
        """The targets that these facts have under this policy."""
        calendar = library.calendars[self.said["calendar_version"]]
        facts = Facts(
            catalogue_code=self.said["catalogue_code"],
            sla_class=self.said["sla_class"],
            work_type=self.said["work_type"],
            need_level=self.said["need_level"],
            urgency=self.said["urgency"],
            community_id=community_id,
            circumstances=frozenset(self.said["circumstances"]),
            filed_on=filed_at.astimezone(ZoneInfo(calendar.tz)).date(),
        )
        return library.policies[self.said["policy_version"]].targets_for(facts)


def terms_of(entries: Sequence[Entry]) -> list[Terms]:
    """Return the terms of a ticket in order: those it was filed under, then each change that history records."""
    first = dict(entries[0]["data"])
    # Entries from before these were recorded: the item says what it implies, and there was one calendar. An item of an
    # organisation's own came later.
    shipped = catalogue.load()
    item = shipped.get(first["catalogue_code"]) if first["catalogue_code"] in shipped else None
    said: dict[str, Any] = {
        **({"sla_class": item.sla_class, "work_type": item.work_type} if item else {}),
        "circumstances": [],
        "calendar_version": FIRST_CALENDAR,
        **{name: first[name] for name in _TERMS if name in first},
    }
    found = [Terms(0, said)]
    for number, entry in enumerate(entries):
        changes = entry["data"].get("changes", {}) if entry["action"] in _CHANGES_TERMS else {}
        moved = {name: changes[name][1] for name in _TERMS if name in changes}
        if moved:
            said = {**said, **moved}
            found.append(Terms(number, said))
    return found


def versions_of(entries: Iterable[Entry]) -> tuple[set[str], set[int]]:
    """Return the policy and calendar versions that a ticket's history speaks of."""
    found = terms_of(list(entries))
    return {terms.said["policy_version"] for terms in found}, {terms.said["calendar_version"] for terms in found}


def events_of(entries: Sequence[Entry], community_id: str, library: Library) -> list[Event]:
    """Return history rows as the events the clocks are computed from."""
    return events_by(entries, restarts_of(entries, terms_of(entries), community_id, library))


def events_by(entries: Iterable[Entry], restarts: Mapping[int, frozenset[str]]) -> list[Event]:
    """Return history rows as events; `restarts` as `restarts_of` returns them."""
    return [
        _event(entry, restarts.get(number, frozenset()))
        for number, entry in enumerate(entries)
        if entry["action"] in MOVES_CLOCKS
    ]


def restarts_of(
    entries: Sequence[Entry], terms: Sequence[Terms], community_id: str, library: Library
) -> dict[int, frozenset[str]]:
    """Return, by the number of the entry that changed the terms, the kinds of clock that begin anew with it.

    Only where the policy in force from then on counts from the switch, and only clocks whose own targets changed: a
    correction that means nothing to a clock gives nobody more time.
    """
    filed_at = entries[0]["at"]
    found = {}
    for before, after in pairs(terms):
        if library.policies[after.said["policy_version"]].switches.switched_policy != "from_switch":
            continue
        old, new = (_asked(one, community_id, library, filed_at) for one in (before, after))
        found[after.first] = frozenset(kind for kind in old.keys() | new.keys() if old.get(kind) != new.get(kind))
    return found


def _asked(terms: Terms, community_id: str, library: Library, filed_at: datetime) -> dict[str, frozenset[Any]]:
    """Return what is asked of each kind of clock, on which calendar where the calendar has a say."""
    calendar = library.calendars[terms.said["calendar_version"]]
    found: dict[str, set[Any]] = {}
    for target in terms.targets(library, community_id, filed_at):
        local = target.basis == WORKING or target.days is not None or target.sundown
        asked = (*length(target), target.pauses, _hours(calendar) if local else None)
        found.setdefault(target.kind, set()).add(asked)
    return {kind: frozenset(asked) for kind, asked in found.items()}


def _hours(calendar: Calendar) -> Calendar:
    return replace(calendar, name="", version="")


def _event(entry: Entry, restarts: frozenset[str]) -> Event:
    data = entry["data"]
    until = data.get("until")
    return Event(
        entry["action"],
        acts.moment_of(entry),
        data.get("waiting_reason"),
        entry["actor_role"],
        entry["status"],
        datetime.fromisoformat(until) if until else None,
        data,
        entry.get("seq", 0),
        restarts,
        entry["at"] if acts.done_before(entry) else None,
    )


def pairs(terms: Sequence[Terms]) -> Iterator[tuple[Terms, Terms]]:
    """Return each change of terms, as what was in force before it and after it."""
    return zip(terms, terms[1:], strict=False)


def taken_back_later(entries: Iterable[Entry], until: datetime) -> list[Event]:
    """Return the pauses that were taken back after the terms had changed: they gave no credit under the old ones."""
    return [
        Event("disallow", until, data=entry["data"])
        for entry in entries
        if entry["action"] == "disallow" and entry["data"].get("pause") is not None
    ]
