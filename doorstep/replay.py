"""Replays the SLA ledger: computes every ticket anew from its history and says each difference from what is stored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from doorstep.rebuild import write_anew
from doorstep.told import MISSHAPEN, Row, Told, locked, pages
from doorstep.verification import Words, broken_history, changed_ticket, said, unreadable, untrue_acts
from services.tickets import ledger
from services.tickets.models import firings, tickets
from services.tickets.service_levels import BREACH

# A sweep fires in the order of the moments, but several sweep at once, each past what another has in hand.
IN_HAND = timedelta(minutes=1)
# Compared by what they are for, see `_armed`.
_NEXT = ("next_level", "next_fire_at")


@dataclass(frozen=True)
class Swept:
    """How far the timers have come: the latest true moment that was fired, and when the last firing was written."""

    true_at: datetime
    fired_at: datetime


@dataclass
class Figures:
    """How much was compared, and how much of it differed."""

    tickets: int = 0
    clocks: int = 0
    firings: int = 0
    differing: int = 0
    differences: int = 0
    words: Words = field(default_factory=Words)

    def sentence(self) -> str:
        """Say it at the terminal."""
        compared = f"{self.tickets} tickets, {self.clocks} clocks and {self.firings} firings compared, "
        compared += f"{self.words.sentence()}: "
        if not self.differences:
            return compared + "everything stored follows from history"
        return compared + f"{self.differences} differences in {self.differing} tickets"


@dataclass(frozen=True)
class Period:
    """Tickets filed from `since` on and before `until`, None leaving that side open, of one organisation or of all."""

    since: datetime | None = None
    until: datetime | None = None
    organisation_id: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return this as conditions on the table of tickets."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(tickets.c.filed_at >= self.since)
        if self.until is not None:
            found.append(tickets.c.filed_at < self.until)
        if self.organisation_id is not None:
            found.append(tickets.c.organisation_id == self.organisation_id)
        return found


@dataclass
class Replay:
    """One replay over a snapshot; `figures` are filled as the differences are read."""

    db: Connection
    period: Period
    progress: Callable[[int, int], None]
    figures: Figures = field(default_factory=Figures)
    swept: Swept | None = field(init=False)

    def __post_init__(self) -> None:
        self.swept = swept_until(self.db)

    def differing(self) -> Iterator[tuple[Told, list[str]]]:
        """Yield each ticket that is stored otherwise than its history says, with a sentence for each difference."""
        wanted = self.period.conditions()
        total = self.db.execute(select(func.count()).select_from(tickets).where(*wanted)).scalar_one()
        for page in pages(self.db, *wanted):
            for told in page:
                found = differences(told, self.swept)
                self.figures.tickets += 1
                self.figures.clocks += len(told.clocks)
                self.figures.firings += len(told.firings)
                self.figures.words.count(told)
                if found:
                    self.figures.differing += 1
                    self.figures.differences += len(found)
                    yield told, found
            self.progress(self.figures.tickets, max(total, self.figures.tickets))

    def rebuilt(self, engine: Engine, ticket_id: str) -> list[str]:
        """Write the clock rows of a ticket as its history has them, in a transaction that holds the ticket; commits.

        Returns the differences that are left: history and firings are only ever added to, so what is wrong with them
        cannot be written right, and a broken history proves nothing that could be written. A ticket's own columns are
        left too: the next step would be taken on what somebody made of them, so a human has to look.
        """
        with engine.begin() as db:
            told = locked(db, ticket_id)
            if broken_history(told) is None and differences(told, self.swept):
                try:
                    write_anew(db, told)
                except MISSHAPEN as problem:
                    return [unreadable(problem)]
            return differences(locked(db, ticket_id), self.swept)


def swept_until(db: Connection) -> Swept | None:
    """Return how far the timers have come; None where they never fired anything."""
    true_at, fired_at = db.execute(select(func.max(firings.c.true_at), func.max(firings.c.fired_at))).one()
    return None if true_at is None else Swept(true_at, fired_at)


def differences(told: Told, swept: Swept | None) -> list[str]:
    """Return what is stored of a ticket otherwise than its history says: its columns and words, clocks, and firings."""
    broken = broken_history(told)
    if broken is not None or told.library is None:
        return [broken or "there is nothing to compute it from"]
    try:
        return [*untrue_acts(told), *changed_ticket(told), *_of_clocks(told, swept)]
    except MISSHAPEN as problem:
        return [unreadable(problem)]


def _of_clocks(told: Told, swept: Swept | None) -> list[str]:
    assert told.library is not None, "differences() has said so"
    fired = {ledger.level_of(firing) for firing in told.firings}
    expected = ledger.rows_of(told.derived, told.entries, told.library, fired)
    ours = {(row["kind"], row["generation"]): row for row in expected}
    theirs = {(row["kind"], row["generation"]): row for row in told.clocks}
    found = [f"{_named(key)} is missing" for key in ours if key not in theirs]
    found += [f"{_named(key)} is stored, and history knows no such clock" for key in theirs if key not in ours]
    for key in ours.keys() & theirs.keys():
        found += _columns(key, theirs[key], ours[key])
        found += _armed(key, theirs[key], ours[key], fired)
    return [*sorted(found), *_firings(told, expected, swept)]


def _columns(key: tuple[str, int], stored: Row, computed: Row) -> list[str]:
    wrong = [name for name in computed if name not in _NEXT and stored[name] != computed[name]]
    return [f"{_named(key)}: {name} is {said(stored[name])}, history says {said(computed[name])}" for name in wrong]


def _armed(key: tuple[str, int], stored: Row, computed: Row, fired: set[ledger.Level]) -> list[str]:
    """A timer must wait for the next level owed, or for one before it that was fired already and is passed over."""
    level, at = stored["next_level"], stored["next_fire_at"]
    owed, owed_at = computed["next_level"], computed["next_fire_at"]
    passing = (*key, level) in fired and at is not None and (owed_at is None or at <= owed_at)
    if (level, at) == (owed, owed_at) or passing:
        return []
    return [f"{_named(key)}: the next level is {_level(level, at)}, history says {_level(owed, owed_at)}"]


def _firings(told: Told, expected: list[dict[str, Any]], swept: Swept | None) -> list[str]:
    assert told.library is not None, "differences() has said so"
    found = [
        f"{_named(ledger.level_of(firing))}: level {firing['level']} was fired before its moment"
        for firing in told.firings
        if firing["fired_at"] < firing["true_at"]
    ]
    unknown = ledger.unknown_firings(told.firings, told.entries, told.ticket["community_id"], told.library)
    stopped = {(row["kind"], row["generation"]): row["stopped_at"] for row in expected}
    for firing in unknown:
        level = _level(firing["level"], firing["true_at"])
        sentence = f"{_named(ledger.level_of(firing))}: {level} was fired, and history knows nothing of it"
        ended = stopped.get((firing["kind"], firing["generation"]))
        if ended is not None and ended < firing["true_at"] <= firing["fired_at"]:
            # A timer saw the clock run at a moment at which history has it stopped.
            sentence += (
                f": it has the clock stopped at {said(ended)}, so an entry was dated back or the firing invented"
            )
        found.append(sentence)
    moved_at = told.entries[ledger.moves(told.entries)[-1]]["at"]
    if swept is None or moved_at > swept.fired_at - IN_HAND:
        return found
    for row in expected:
        if row["next_fire_at"] is not None and row["next_fire_at"] < swept.true_at - IN_HAND:
            level = _level(row["next_level"], row["next_fire_at"])
            found.append(f"{_named((row['kind'], row['generation']))}: {level} was never fired, and later ones were")
    return found


def _named(key: tuple[Any, ...]) -> str:
    return f"clock {key[0]} {key[1]}"


def _level(level: int | None, at: datetime | None) -> str:
    if level is None:
        return "none"
    return f"{'the breach' if level == BREACH else f'warning {level}'} at {said(at)}"
