"""Everything that is known of one ticket, for its case file: nothing is left out and nothing is worded anew."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, select

from services.kit import clock as time
from services.kit.identity import Actor
from services.tickets import service_levels
from services.tickets.case_file.document import Case, concluded
from services.tickets.models import calendars, firings, history, people, photos, policies, remarks
from services.tickets.queries.tickets import ticket_row
from services.tickets.sla.policy import shipped_documents


def case_of(db: Connection, actor: Actor, ticket_id: str) -> Case:
    """Return the concluded case of a ticket, exported by `actor` now; raises NotFound, also for other people's."""
    ticket = ticket_row(db, ticket_id)
    entries = _rows(db, history, ticket_id, history.c.seq)
    acted = [entry["actor_id"] for entry in entries]
    staff = select(people.c.id, people.c.role, people.c.badge).where(people.c.badge.is_not(None))
    named = db.execute(staff.where(people.c.id.in_([*acted, actor.id])).order_by(people.c.id)).mappings()
    return concluded(
        {
            "exported": {
                "at": time.now().astimezone(UTC).isoformat(),
                "by": {"id": actor.id, "role": actor.role},
                "organisation_id": ticket["organisation_id"],
            },
            "ticket": _plain(ticket),
            "people": [_plain(row) for row in named],
            "history": [_plain(entry) for entry in entries],
            "remarks": [_plain(row) for row in _rows(db, remarks, ticket_id, remarks.c.at, remarks.c.id)],
            "photos": [_plain(row) for row in _rows(db, photos, ticket_id, photos.c.at, photos.c.id)],
            "firings": [
                _plain(row)
                for row in _rows(db, firings, ticket_id, firings.c.kind, firings.c.generation, firings.c.level)
            ],
            **_documents(db, ticket, entries),
        }
    )


def _documents(db: Connection, ticket: Mapping[str, Any], entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the policies and calendars that history speaks of, as they were written, by version."""
    named, numbered = service_levels.versions_of(entries)
    shipped = {version: shipped_documents()[version] for version in named if version in shipped_documents()}
    written = select(policies.c.version, policies.c.document).where(
        policies.c.organisation_id == ticket["organisation_id"], policies.c.version.in_(named - set(shipped))
    )
    kept = select(calendars.c.version, calendars.c.document).where(
        calendars.c.community_id == ticket["community_id"], calendars.c.version.in_(numbered)
    )
    return {
        "policies": {**{row.version: row.document for row in db.execute(written)}, **shipped},
        "calendars": {str(row.version): row.document for row in db.execute(kept)},
    }


def _rows(db: Connection, table: Table, ticket_id: str, *order: Any) -> list[dict[str, Any]]:
    wanted = select(table).where(table.c.ticket_id == ticket_id).order_by(*order)
    return [dict(row) for row in db.execute(wanted).mappings()]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row as JSON has it: plain keys, and moments in UTC whatever zone the connection speaks in."""
    return {
        "".join(name): value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
    }
