"""Entries of history that somebody makes up: well chained, whatever they say, and written past the product."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from services.kit import clock
from services.tickets import chain
from tests.tickets.test_history import entries_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def following(estate: "Estate", engine: Engine, ticket: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an entry that follows the last one of a ticket, well chained, whatever it says."""
    last = entries_of(engine, ticket["id"])[-1]
    entry = {
        "ticket_id": ticket["id"],
        "seq": last["seq"] + 1,
        "organisation_id": estate.organisation_id,
        "at": clock.now(),
        "actor_id": estate.people["crew"].id,
        "actor_role": "crew",
        "action": "complete",
        "from_status": last["status"],
        "status": "completed",
        "data": {"completion": 1},
        "previous_hash": last["hash"],
        **changes,
    }
    return {**entry, "hash": chain.digest(entry["previous_hash"], entry)}


def written(db: psycopg.Connection[Any], entry: dict[str, Any]) -> None:
    names = ", ".join(entry)
    values = ", ".join(f"%({name})s" for name in entry)
    db.execute(f"INSERT INTO history ({names}) VALUES ({values})", {**entry, "data": Jsonb(entry["data"])})


def smuggled(by_hand: Callable[..., None], entry: dict[str, Any], **columns: Any) -> None:
    """Write an entry past every trigger, and the ticket along with it."""
    names, values = ", ".join(entry), ", ".join(f"%({name})s" for name in entry)
    by_hand(f"INSERT INTO history ({names}) VALUES ({values})", **{**entry, "data": Jsonb(entry["data"])})
    end = {"version": entry["seq"], "history_hash": entry["hash"], "status": entry["status"], "changed_at": entry["at"]}
    columns = {**end, **columns}
    listed = ", ".join(f"{name} = %({name})s" for name in columns)
    by_hand(f"UPDATE tickets SET {listed} WHERE id = %(id)s", **columns, id=entry["ticket_id"])
