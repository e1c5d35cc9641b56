"""Reads tickets with everything that is stored about them, a bounded number at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from services.tickets import retold
from services.tickets.books import Books, NoSuchVersion, books_of
from services.tickets.models import clocks, firings, history, remarks, tickets

BATCH = 200
# What entries of the wrong shape make the code that reads them raise. One ticket of that kind stops no audit.
MISSHAPEN = (TypeError, ValueError, AttributeError, LookupError, OverflowError, RecursionError)
_FIRST = "00000000-0000-0000-0000-000000000000"

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """One ticket with its history in order, its words, its clocks and what was fired.

    `library` has the policies and calendars that its history speaks of; where one of them is not there, or history
    does not even say which, it is None and `lacking` says why.
    """

    ticket: Row
    entries: Sequence[Row]
    remarks: Sequence[Row]
    clocks: Sequence[Row]
    firings: Sequence[Row]
    library: Books | None
    lacking: str | None = None

    @property
    def derived(self) -> Row:
        """The ticket with its columns as history tells them: what clock rows are copied from."""
        return {**self.ticket, **retold.columns_of(self.entries)}

    @property
    def name(self) -> str:
        """What to call it at the terminal."""
        return f"Ticket {self.ticket['number']} ({self.ticket['id']})"


def pages(db: Connection, *conditions: ColumnElement[bool]) -> Iterator[list[Told]]:
    """Yield the tickets that meet the conditions, a page at a time, in the order of their ids."""
    last = _FIRST
    wanted = select(tickets).where(*conditions).order_by(tickets.c.id).limit(BATCH)
    while found := _rows(db, wanted.where(tickets.c.id > last)):
        yield _told(db, found)
        last = found[-1]["id"]


def locked(db: Connection, ticket_id: str) -> Told:
    """Return one ticket, locked until the transaction ends, so that no step and no timer comes between."""
    return _told(db, _rows(db, select(tickets).where(tickets.c.id == ticket_id).with_for_update()))[0]


def _told(db: Connection, found: Sequence[Row]) -> list[Told]:
    ids = [ticket["id"] for ticket in found]
    past = _by_ticket(db, select(history).where(history.c.ticket_id.in_(ids)).order_by(history.c.seq))
    words = _by_ticket(db, select(remarks).where(remarks.c.ticket_id.in_(ids)))
    stored = _by_ticket(db, select(clocks).where(clocks.c.ticket_id.in_(ids)))
    fired = _by_ticket(db, select(firings).where(firings.c.ticket_id.in_(ids)))
    told = []
    for ticket in found:
        key = ticket["id"]
        entries = past.get(key, [])
        library, lacking = _library(db, ticket, entries)
        told.append(
            Told(ticket, entries, words.get(key, []), stored.get(key, []), fired.get(key, []), library, lacking)
        )
    return told


def _library(db: Connection, ticket: Row, entries: Sequence[Row]) -> tuple[Books | None, str | None]:
    if not entries:
        return None, "it has no history"
    try:
        return books_of(db, ticket["organisation_id"], ticket["community_id"], entries), None
    except NoSuchVersion as problem:
        return None, str(problem)
    except KeyError as problem:
        return None, f"its history does not say {problem}"
    except MISSHAPEN as problem:
        return None, f"nothing can be made of its history ({problem})"


def _by_ticket(db: Connection, wanted: Any) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {}
    for row in _rows(db, wanted):
        rows.setdefault(row["ticket_id"], []).append(row)
    return rows


def _rows(db: Connection, wanted: Any) -> list[Row]:
    return [dict(row) for row in db.execute(wanted).mappings()]
