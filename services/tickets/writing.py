"""The two statements that write a ticket: filing it, and taking a step on it.

Each carries its rows as JSON, so that one prepared statement in one round trip writes ticket, history, clocks, remark
and event; built once, it costs neither SQLAlchemy nor the server any compiling per request.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Table, TextClause, text

from services.kit import outbox as kit_outbox
from services.kit.errors import Conflict
from services.kit.events import Event
from services.tickets.models import clocks, history, outbox, remarks, tickets, wait_estimates

# The columns of a ticket that no step changes and the web role may not: who asked for what, where and when. Words are
# erased by the worker alone.
NEVER_CHANGES = (
    "id", "organisation_id", "number", "community_id", "unit_id", "requester_id", "filed_by", "filed_at", "title",
    "description", "location", "words_salt", "channel", "about_ticket_id",
    "spot_id",
)  # fmt: skip
_CLOCK_KEY = ("ticket_id", "kind", "generation")


def _names(table: Table, *without: str) -> list[str]:
    # Plain text: SQLAlchemy names are a kind of str of their own, which the JSON writer refuses as keys.
    return ["".join(column.name) for column in table.columns if column.name not in without]


def _inserting(table: Table, parameter: str, names: Sequence[str]) -> str:
    listed = ", ".join(names)
    return (
        f"INSERT INTO {table.name} ({listed})"
        f" SELECT {listed} FROM jsonb_populate_recordset(NULL::{table.name}, CAST(:{parameter} AS jsonb))"
    )


def _entry_and_event() -> str:
    outgoing = _names(outbox, "id", "written_at", "published_at", "parked_at")
    return f"""
        entry AS ({_inserting(history, "entries", _names(history))}),
        event AS ({_inserting(outbox, "events", outgoing)}),
        clock AS ({_inserting(clocks, "clocks", _names(clocks))}"""


def _file_statement() -> TextClause:
    ticket = _inserting(tickets, "ticket", _names(tickets))
    waits = _inserting(wait_estimates, "waits", _names(wait_estimates))
    return text(f"WITH ticket AS ({ticket}), {_entry_and_event()}), wait AS ({waits}) SELECT 1")


def _step_statement() -> TextClause:
    names = _names(tickets, *NEVER_CHANGES)
    fresh = ", ".join(f"fresh.{name}" for name in names)
    moving = ", ".join(f"{name} = excluded.{name}" for name in _names(clocks, *_CLOCK_KEY))
    return text(
        f"WITH {_entry_and_event()} ON CONFLICT ({', '.join(_CLOCK_KEY)}) DO UPDATE SET {moving}),"
        f" remark AS ({_inserting(remarks, 'remarks', _names(remarks))})"
        f" UPDATE tickets SET ({', '.join(names)}) ="
        f" (SELECT {fresh} FROM jsonb_populate_record(NULL::tickets, CAST(:ticket AS jsonb)) AS fresh)"
        " WHERE tickets.id = CAST(:id AS uuid) AND tickets.version = :version RETURNING tickets.version"
    )


_TICKET = _names(tickets)
_FILE = _file_statement()
_STEP = _step_statement()


def _json(rows: Any) -> str:
    return orjson.dumps(rows).decode()


def _parameters(
    ticket: Mapping[str, Any],
    entry: Mapping[str, Any],
    clock_rows: Sequence[Mapping[str, Any]],
    event: Event,
) -> dict[str, Any]:
    return {
        "ticket": {name: ticket[name] for name in _TICKET},
        "entries": _json([entry]),
        "clocks": _json(clock_rows),
        "events": _json([kit_outbox.row_of(event)]),
    }


def write_filing(
    db: Connection,
    ticket: Mapping[str, Any],
    entry: Mapping[str, Any],
    clock_rows: Sequence[Mapping[str, Any]],
    wait_rows: Sequence[Mapping[str, Any]],
    event: Event,
) -> None:
    """Write a new ticket with its first history row, its clocks, the estimates of its waits, and its event."""
    values = _parameters(ticket, entry, clock_rows, event)
    db.execute(_FILE, {**values, "ticket": _json([values["ticket"]]), "waits": _json(wait_rows)})


def write_step(
    db: Connection,
    ticket: Mapping[str, Any],
    entry: Mapping[str, Any],
    clock_rows: Sequence[Mapping[str, Any]],
    event: Event,
    remark: Mapping[str, Any] | None,
) -> None:
    """Write a ticket as it is after a step, on the condition that it still is as it was before.

    Raises Conflict where somebody else's step came between; the row lock makes that a matter of broken rules only.
    """
    values = _parameters(ticket, entry, clock_rows, event)
    values["remarks"] = _json([remark] if remark else [])
    values |= {"ticket": _json(values["ticket"]), "id": ticket["id"], "version": ticket["version"] - 1}
    if db.execute(_STEP, values).one_or_none() is None:
        raise Conflict("The ticket changed meanwhile. Read it again.", "工单刚刚被更新，请重新读取。")
