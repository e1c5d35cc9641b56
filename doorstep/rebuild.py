"""Writes a ticket's clocks anew from its history, for rows from before a migration or changed by hand."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, tuple_
from sqlalchemy.dialects.postgresql import insert

from doorstep.told import Told
from services.tickets import ledger
from services.tickets.models import clocks

_KEY = ("ticket_id", "kind", "generation")


def write_anew(db: Connection, told: Told) -> None:
    """Store the clocks of a locked ticket as its history, which is whole, has them; the caller commits."""
    assert told.library is not None, "a history that is whole has one"
    rows = ledger.rows_of(told.derived, told.entries, told.library, {ledger.level_of(one) for one in told.firings})
    db.execute(_UPSERT, [_plain(row) for row in rows])
    known = [(row["kind"], row["generation"]) for row in rows]
    strangers = tuple_(clocks.c.kind, clocks.c.generation).not_in(known)
    db.execute(delete(clocks).where(clocks.c.ticket_id == told.ticket["id"], strangers))


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in clocks.columns}


_INSERT = insert(clocks)
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=_KEY,
    set_={column.name: _INSERT.excluded[column.name] for column in clocks.columns if column.name not in _KEY},
)
