"""Proves from the stored rows alone that no ticket's history was changed, and that ticket and clocks follow from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from doorstep.told import MISSHAPEN, Told, pages
from services.tickets import chain, ledger, retold, service_levels
from services.tickets.ledger import moves
from services.tickets.models import tickets

# What only a step changes, and rows from before the ledger say too. The rest is compared by `doorstep sla replay`.
_FIXED = ("started_at", "target_seconds", "basis", "due_at", "stopped_at", "paused_at")


@dataclass
class Words:
    """Of how many tickets the words match their seal, were erased, or are from before words were sealed."""

    sealed: int = 0
    erased: int = 0
    unsealed: int = 0

    def count(self, told: Told) -> None:
        """Count one ticket."""
        try:
            state = retold.words_are(told.ticket, told.entries)
        except MISSHAPEN:
            return  # Nothing can be made of its history, which is said of the ticket itself.
        match state:
            case retold.SEALED:
                self.sealed += 1
            case retold.ERASED:
                self.erased += 1
            case retold.UNSEALED:
                self.unsealed += 1

    def sentence(self) -> str:
        """Say it at the terminal."""
        return (
            f"words of {self.sealed} requests match their seals, {self.erased} were erased, "
            f"{self.unsealed} are from before words were sealed"
        )


def verify(db: Connection, progress: Callable[[int, int], None], words: Words | None = None) -> Iterator[str]:
    """Yield one sentence for each ticket that is not as its history says; `progress` hears (checked, all)."""
    total = db.execute(select(func.count()).select_from(tickets)).scalar_one()
    checked = 0
    for page in pages(db):
        for told in page:
            if words is not None:
                words.count(told)
            broken = first_problem(told)
            if broken:
                yield f"{told.name}: {broken}"
        checked += len(page)
        progress(checked, max(total, checked))


def first_problem(told: Told) -> str | None:
    """What is wrong with one ticket, in words; None where everything follows from its history."""
    try:
        broken = broken_history(told) or _changed_words(told)
        return broken or next(iter((*untrue_acts(told), *changed_ticket(told))), None) or _wrong_clock(told)
    except MISSHAPEN as problem:
        return unreadable(problem)


def unreadable(problem: Exception) -> str:
    """Say that a history, though its chain holds, is none that anything could be computed from."""
    return f"nothing can be computed from its history ({type(problem).__name__}: {problem})"


def broken_history(told: Told) -> str | None:
    """What keeps a ticket's history from proving anything; None where it is whole."""
    try:
        broken = chain.first_break(told.entries)
    except MISSHAPEN as problem:
        return unreadable(problem)
    if broken is not None:
        return f"the chain of its history breaks at entry {broken}"
    if not told.entries:
        return "it has no history"
    if told.entries[0]["action"] != "file":
        return "its history does not begin with its filing"
    end, ticket = told.entries[-1], told.ticket
    disordered = chain.first_disorder(told.entries)
    if disordered is not None:
        return f"entry {disordered} of its history is of an earlier moment than the one before it"
    if {entry["organisation_id"] for entry in told.entries} != {ticket["organisation_id"]}:
        return "its history is another organisation's"
    if (ticket["version"], ticket["history_hash"], ticket["status"]) != (end["seq"], end["hash"], end["status"]):
        return f"version or status is not that of its last entry, {end['seq']}"
    return told.lacking


def changed_ticket(told: Told) -> Iterator[str]:
    """Yield a sentence for each column of the ticket itself, and for its words, that are not as its history says."""
    for name, stored, history in retold.untruths(told.ticket, told.entries):
        yield f"{name} of the ticket is {said(stored)}, history says {said(history)}"
    if retold.words_are(told.ticket, told.entries) is None:
        yield "title, description or location of the ticket are not those that history sealed"


def untrue_acts(told: Told) -> Iterator[str]:
    """Yield a sentence for each act told later that counts from another moment than the rules make of it."""
    assert told.library is not None, "broken_history() has said so"
    for seq, name, recorded, made in ledger.untrue_acts(told.entries, told.library):
        yield f"entry {seq}: {name} of an act told later is {said(recorded)}, the rules make it {said(made)}"


def said(value: Any) -> str:
    """Return a stored value in words."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(said(item) for item in value)}]"
    return "empty" if value is None else str(value)


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
