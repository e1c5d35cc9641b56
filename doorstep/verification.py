"""Proves from the stored rows alone that no ticket's history was changed and that its clocks follow from it."""

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, func, select

from doorstep.told import Told, pages
from services.tickets import chain, service_levels
from services.tickets.ledger import moves
from services.tickets.models import tickets

# What only a step changes, and rows from before the ledger say too. The rest is compared by `doorstep sla replay`.
_FIXED = ("started_at", "target_seconds", "basis", "due_at", "stopped_at", "paused_at")


def verify(db: Connection, progress: Callable[[int, int], None]) -> Iterator[str]:
    """Yield one sentence for each ticket that is not as its history says; `progress` hears (checked, all)."""
    total = db.execute(select(func.count()).select_from(tickets)).scalar_one()
    checked = 0
    for page in pages(db):
        for told in page:
            broken = first_problem(told)
            if broken:
                yield f"{told.name}: {broken}"
        checked += len(page)
        progress(checked, max(total, checked))


def first_problem(told: Told) -> str | None:
    """What is wrong with one ticket, in words; None where everything follows from its history."""
    return broken_history(told) or _changed_words(told) or _wrong_clock(told)


def broken_history(told: Told) -> str | None:
    """What keeps a ticket's history from proving anything; None where it is whole."""
    broken = chain.first_break(told.entries)
    if broken is not None:
        return f"the chain of its history breaks at entry {broken}"
    if not told.entries:
        return "it has no history"
    if told.entries[0]["action"] != "file":
        return "its history does not begin with its filing"
    end, ticket = told.entries[-1], told.ticket
    if (ticket["version"], ticket["history_hash"], ticket["status"]) != (end["seq"], end["hash"], end["status"]):
        return f"version or status is not that of its last entry, {end['seq']}"
    return told.lacking


def _changed_words(told: Told) -> str | None:
    """Words that were erased leave no row, which is allowed; words that were changed do not match their seal."""
    seals = {entry["data"].get("remark_id"): entry["data"].get("remark_sha256") for entry in told.entries}
    for remark in told.remarks:
        if seals.get(remark["id"]) != chain.sealed(remark["salt"], remark["body"]):
            return f"the words of remark {remark['id']} are not those that history sealed"
    return None


def _wrong_clock(told: Told) -> str | None:
    assert told.library is not None, "broken_history() has said so"
    moved_at = told.entries[moves(told.entries)[-1]]["at"]
    computed = service_levels.clocks_of(told.entries, told.ticket["community_id"], told.library, moved_at)
    ours = {(clock.kind, clock.generation): clock for clock in computed}
    theirs = {(row["kind"], row["generation"]): row for row in told.clocks}
    if ours.keys() != theirs.keys():
        return f"it should have the clocks {sorted(ours)}, and {sorted(theirs)} are stored"
    for key, clock in ours.items():
        wrong = [name for name in _FIXED if getattr(clock, name) != theirs[key][name]]
        if wrong:
            return f"{wrong[0]} of clock {key[0]} {key[1]} does not follow from its history"
    return None
