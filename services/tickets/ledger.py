"""What history makes of a ticket: the clock rows that must be stored, and what timers can have fired. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from services.tickets import acts, service_levels
from services.tickets.service_levels import BREACH, MOVES_CLOCKS, Library
from services.tickets.sla.clocks import BREACHED

Entry = Mapping[str, Any]
Level = tuple[str, int, int]


def moves(entries: Sequence[Entry]) -> list[int]:
    """Return the places of the entries after which clocks were written anew."""
    return [place for place, entry in enumerate(entries) if entry["action"] in MOVES_CLOCKS]


def rows_of(
    ticket: Mapping[str, Any], entries: Sequence[Entry], library: Library, fired: Collection[Level]
) -> list[dict[str, Any]]:
    """Return the clock rows of a ticket as its last step wrote them, and as what timers fired since has moved them on.

    Time alone changes no row: a breach that no timer has noticed yet is true in every answer and not yet in the row.
    """
    moved_at = entries[moves(entries)[-1]]["at"]
    judged = service_levels.judged_of(entries, ticket["community_id"], library, moved_at)
    rows = service_levels.rows_of(judged, ticket, entries, fired)
    for row in rows:
        if row["stopped_at"] is None and (row["kind"], row["generation"], BREACH) in fired:
            row |= {"state": BREACHED, "breached_at": row["due_at"]}
    return rows


def moments(entries: Sequence[Entry], community_id: str, library: Library) -> Iterator[tuple[Level, datetime]]:
    """Yield every level that a timer may have fired at its true moment, latest terms first.

    After each step the clocks had other deadlines, and until the next step those were the ones to fire.
    """
    places = moves(entries)
    ends: list[datetime | None] = [*(entries[place]["at"] for place in places[1:]), None]
    for place, end in reversed(list(zip(places, ends, strict=True))):
        told = entries[: place + 1]
        for clock in service_levels.clocks_of(told, community_id, library, told[-1]["at"]):
            for at, level in service_levels.levels_of(clock.warnings_at, clock.due_at):
                if (clock.stopped_at is None or at <= clock.stopped_at) and (end is None or at < end):
                    yield (clock.kind, clock.generation, level), at


def untrue_acts(entries: Sequence[Entry], library: Library) -> Iterator[tuple[int, str, Any, Any]]:
    """Yield (number, name, what is recorded, what it must be) of acts told later that count from another moment than
    the phone's clock, the entries before, and the policy in force make of them.
    """
    for place, entry in enumerate(entries):
        phone = acts.phone_of(entry)
        if phone is None:
            continue
        before = entries[:place]
        policy = library.policies[service_levels.terms_of(before)[-1].said["policy_version"]]
        made = acts.told_later(
            entry["action"],
            phone,
            entry["at"],
            acts.latest_of(before, MOVES_CLOCKS),
            timedelta(seconds=policy.longest_back),
        ).said["acted"]
        recorded = entry["data"]["acted"]
        for name in sorted(made.keys() | recorded.keys()):
            if made.get(name) != recorded.get(name):
                yield entry["seq"], name, recorded.get(name), made.get(name)


def unknown_firings(
    firings: Sequence[Mapping[str, Any]], entries: Sequence[Entry], community_id: str, library: Library
) -> list[Mapping[str, Any]]:
    """Return the firings that history does not know, or not with that true moment."""
    left = {(level_of(firing), firing["true_at"]): firing for firing in firings}
    for known in moments(entries, community_id, library):
        if not left:
            break
        left.pop(known, None)
    return list(left.values())


def level_of(firing: Mapping[str, Any]) -> Level:
    """Return what was fired: kind, generation and level."""
    return firing["kind"], firing["generation"], firing["level"]
