"""Proves from the stored rows alone that no ticket's history was changed and that its clocks follow from it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from services.tickets import chain, service_levels
from services.tickets.books import Books, books_of
from services.tickets.models import clocks, history, remarks, tickets

BATCH = 200
# What only a step changes. State and breach are moved by timers too, and follow from these and the time of day.
_FIXED = ("started_at", "target_seconds", "basis", "due_at", "stopped_at", "paused_at")

Row = Mapping[str, Any]


def verify(db: Connection, progress: Callable[[int, int], None]) -> Iterator[str]:
    """Yield one sentence for each ticket that is not as its history says; `progress` hears (checked, all)."""
    total = db.execute(select(func.count()).select_from(tickets)).scalar_one()
    checked = 0
    last = "00000000-0000-0000-0000-000000000000"
    while found := _page(db, last):
        ids = [ticket["id"] for ticket in found]
        entries = _by_ticket(db, select(history).where(history.c.ticket_id.in_(ids)).order_by(history.c.seq))
        stored = _by_ticket(db, select(clocks).where(clocks.c.ticket_id.in_(ids)))
        said = _by_ticket(db, select(remarks).where(remarks.c.ticket_id.in_(ids)))
        for ticket in found:
            key = ticket["id"]
            told = entries.get(key, [])
            library = books_of(db, ticket["organisation_id"], ticket["community_id"], told)
            broken = first_problem(ticket, told, stored.get(key, []), said.get(key, []), library)
            if broken:
                yield f"Ticket {ticket['number']} ({key}): {broken}"
        last = ids[-1]
        checked += len(found)
        progress(checked, max(total, checked))


def _page(db: Connection, last: str) -> Sequence[Row]:
    page = select(tickets).where(tickets.c.id > last).order_by(tickets.c.id).limit(BATCH)
    return [dict(row) for row in db.execute(page).mappings()]


def _by_ticket(db: Connection, wanted: Any) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in db.execute(wanted).mappings():
        rows.setdefault(row["ticket_id"], []).append(dict(row))
    return rows


def first_problem(
    ticket: Row, entries: Sequence[Row], stored: Sequence[Row], said: Sequence[Row], library: Books
) -> str | None:
    """What is wrong with one ticket, in words; None where everything follows from its history."""
    broken = chain.first_break(entries)
    if broken is not None:
        return f"the chain of its history breaks at entry {broken}"
    if not entries:
        return "it has no history"
    end = entries[-1]
    if (ticket["version"], ticket["history_hash"], ticket["status"]) != (end["seq"], end["hash"], end["status"]):
        return f"version or status is not that of its last entry, {end['seq']}"
    return _changed_words(entries, said) or _wrong_clock(ticket, entries, stored, library)


def _changed_words(entries: Sequence[Row], said: Sequence[Row]) -> str | None:
    """Words that were erased leave no row, which is allowed; words that were changed do not match their seal."""
    seals = {entry["data"].get("remark_id"): entry["data"].get("remark_sha256") for entry in entries}
    for remark in said:
        if seals.get(remark["id"]) != chain.sealed(remark["salt"], remark["body"]):
            return f"the words of remark {remark['id']} are not those that history sealed"
    return None


def _wrong_clock(ticket: Row, entries: Sequence[Row], stored: Sequence[Row], library: Books) -> str | None:
    moved = max(entry["at"] for entry in entries if entry["action"] in service_levels.MOVES_CLOCKS)
    computed = service_levels.clocks_of(entries, ticket["community_id"], library, moved)
    ours = {(clock.kind, clock.generation): clock for clock in computed}
    theirs = {(row["kind"], row["generation"]): row for row in stored}
    if ours.keys() != theirs.keys():
        return f"it should have the clocks {sorted(ours)}, and {sorted(theirs)} are stored"
    for key, clock in ours.items():
        wrong = [name for name in _FIXED if getattr(clock, name) != theirs[key][name]]
        if wrong:
            return f"{wrong[0]} of clock {key[0]} {key[1]} does not follow from its history"
    return None
