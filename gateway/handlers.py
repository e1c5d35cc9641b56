"""Turns every event about tickets and surveys into a row of the live stream."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert

from gateway import models
from gateway.feed import IN_ORDER
from gateway.visibility import data_of, shown_to_residents
from services.contracts import parse
from services.contracts.surveys import SurveyFact
from services.contracts.tickets import TicketFact
from services.kit.events import Event, PermanentError
from services.kit.inbox import Handle


def handling(written: Callable[[], None]) -> Handle:
    """Return the handler; it calls `written` before the commit, and the announcer waits for the lock."""

    def handle(db: Connection, events: Sequence[Event]) -> None:
        rows = [_row(event) for event in events]
        db.execute(IN_ORDER)
        db.execute(insert(models.stream_events), rows)
        written()

    return handle


# ticket.*, sla.* and survey.*
def _row(event: Event) -> dict[str, object]:
    fact = parse(event)
    if not isinstance(fact, TicketFact | SurveyFact):
        raise PermanentError(f"{event.type} is not for the stream")
    return {
        "organisation_id": event.organisation_id,
        "community_id": fact.community_id,
        "requester_id": fact.requester_id,
        "unit_id": fact.unit_id,
        "owner_id": fact.owner_id if isinstance(fact, TicketFact) else None,
        "visible_to_resident": shown_to_residents(fact),
        "type": event.type,
        "subject": event.subject,
        "data": data_of(fact),
        "at": event.occurred_at,
    }
