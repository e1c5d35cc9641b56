"""What is taken out of the desk goes on record before it is handed over."""

from sqlalchemy import Connection, insert

from services.kit import clock as time
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.models import exports


def note_export(
    db: Connection,
    actor: Actor,
    kind: str,
    *,
    community_id: str | None,
    ticket_id: str | None = None,
    report: str | None = None,
) -> None:
    """Write down that somebody takes out a ticket's case file, or a report as a table."""
    row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": community_id,
        "kind": kind,
        "ticket_id": ticket_id,
        "report": report,
        "viewer_id": actor.id,
        "viewer_role": actor.role,
        "at": time.now(),
    }
    db.execute(insert(exports).values(row))
