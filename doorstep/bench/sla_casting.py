"""Rows for COPY: a story is told once, and cast again for every ticket that lives it in another week."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB

from doorstep.bench.sla_telling import Told, Who
from services.tickets import chain
from services.tickets.models import clocks, firings, history, tickets

NULL = r"\N"
# What history's data has of moments.
MOMENTS = ("until", "promised_at")
# What a line is completed with, in this order: whose it is, the last digest of its history, then the moments.
_HASH = len(Who._fields)
_FIRST_MOMENT = _HASH + 1
TABLES = (tickets, history, clocks, firings)


@dataclass(frozen=True)
class Step:
    """One row of history without what differs between tickets. `told` are keys of `data` that hold moments."""

    at: datetime
    role: str
    fixed: Mapping[str, Any]
    data: Mapping[str, Any]
    told: tuple[str, ...]


@dataclass(frozen=True)
class Cast:
    """One ticket: each table's lines, and the columns they have, parents before children."""

    columns: Mapping[Table, list[str]]
    lines: Mapping[Table, str]


class Mould:
    """The rows of one told story, with a gap wherever another ticket of the same story differs.

    Only a story told a whole number of weeks away is the same story: clocks count the hours of the week. That no
    holiday, season or change of the clocks comes between is for whoever chooses the calendars to see to.
    """

    def __init__(self, told: Told, who: Who) -> None:
        self._gaps = {value: f"{{{place}}}" for place, value in enumerate(who)}
        self._gaps[told.ticket["history_hash"]] = f"{{{_HASH}}}"
        self._moments: dict[datetime, int] = {}
        self.columns = {
            tickets: columns(tickets, told.ticket),
            history: columns(history, told.entries[0]),
            clocks: columns(clocks, told.clocks[0]),
            firings: [column.name for column in firings.columns],
        }
        self._lines = {
            tickets: self._mould(tickets, [told.ticket]),
            clocks: self._mould(clocks, told.clocks),
            firings: self._mould(firings, told.firings),
        }
        self._steps = [_step(entry) for entry in told.entries]

    def _mould(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> str:
        names = self.columns[table]
        return "".join("\t".join(self._field(table, name, row[name]) for name in names) + "\n" for row in rows)

    def _field(self, table: Table, name: str, value: Any) -> str:
        if isinstance(value, str) and value in self._gaps:
            return self._gaps[value]
        if isinstance(value, datetime):
            return self._gap(value)
        if isinstance(value, list) and not isinstance(table.c[name].type, JSONB):
            listed = ",".join(self._field(table, name, item) for item in value)
            return f"{{{{{listed}}}}}"
        return text_of(value).replace("{", "{{").replace("}", "}}")

    def _gap(self, at: datetime) -> str:
        return f"{{{_FIRST_MOMENT + self._moments.setdefault(at, len(self._moments))}}}"

    def cast(self, who: Who, later: timedelta) -> Cast:
        """Return a ticket that lives this story so much later, its history chained anew."""
        lines, digest = self._history(who, later)
        filled = (*who, digest, *((at + later).isoformat() for at in self._moments))
        told = {table: mould.format(*filled) for table, mould in self._lines.items()}
        return Cast(self.columns, {**told, history: lines})

    def _history(self, who: Who, later: timedelta) -> tuple[str, str]:
        previous = chain.GENESIS
        lines = []
        for seq, step in enumerate(self._steps, start=1):
            data = step.data
            if seq == 1:
                data = {**data, **who.filed()}
            if step.told:
                data = {**data, **{name: (step.data[name] + later).isoformat() for name in step.told}}
            entry = {
                "ticket_id": who.ticket_id,
                "seq": seq,
                "organisation_id": who.organisation_id,
                "at": step.at + later,
                "actor_id": who.actor_id(step.role),
                **step.fixed,
                "data": data,
                "previous_hash": previous,
            }
            entry["hash"] = previous = chain.digest(previous, entry)
            lines.append("\t".join([text_of(entry[name]) for name in self.columns[history]]))
        return "\n".join(lines) + "\n", previous


def _step(entry: Mapping[str, Any]) -> Step:
    data = dict(entry["data"])
    told = tuple(name for name in MOMENTS if name in data)
    data |= {name: datetime.fromisoformat(data[name]) for name in told}
    fixed = {name: entry[name] for name in ("actor_role", "action", "from_status", "status")}
    return Step(entry["at"], entry["actor_role"], fixed, data, told)


def columns(table: Table, row: Mapping[str, Any]) -> list[str]:
    """Return the columns to write from rows like `row`; the others are left to their defaults.

    Raises LookupError for a column that needs a value and gets none: the generator is behind the tables then.
    """
    left = [column for column in table.columns if column.name not in row]
    needed = [column.name for column in left if not column.nullable and column.server_default is None]
    if needed:
        raise LookupError(f"nothing is known to write into {table.name}.{', '.join(needed)}")
    return [column.name for column in table.columns if column.name in row]


def text_of(value: Any) -> str:
    """Return a value as COPY's text format has it."""
    if value is None:
        return NULL
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, list | dict):
        value = orjson.dumps(value).decode()
    if not isinstance(value, str):
        return str(value)
    return value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n")
