"""Keeps what ticket events say about promises, ends and clocks. Safe to repeat, and in any order."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, or_
from sqlalchemy.dialects.postgresql import insert

from services.contracts import Fact
from services.contracts.clocks import ToldClock
from services.contracts.tickets import (
    SlaBreached,
    TicketCancelled,
    TicketCompleted,
    TicketDeclined,
    TicketFact,
    TicketFiled,
    TicketPromised,
    TicketReopened,
)
from services.kit.events import Event, PermanentError
from services.surveys.models.outcomes import (
    COMPLETED,
    ENDED,
    FILED,
    PROMISED,
    REOPENED,
    clock_outcomes,
    ticket_steps,
)

STEP_OF: Mapping[type[Fact], str] = {
    TicketFiled: FILED,
    TicketPromised: PROMISED,
    TicketCompleted: COMPLETED,
    TicketReopened: REOPENED,
    TicketCancelled: ENDED,
    TicketDeclined: ENDED,
}
_KEY = ("ticket_id", "kind", "generation")


# ticket.filed.v1, ticket.promised.v1, ticket.completed.v1, ticket.reopened.v1, ticket.cancelled.v1,
# ticket.declined.v1, sla.breached.v1
def note(db: Connection, event: Event, fact: Fact) -> None:
    """Keep what an event says of a ticket's steps and clocks; other events are none of this. Raises PermanentError."""
    if isinstance(fact, SlaBreached):
        _note_breach(db, event, fact)
    elif isinstance(fact, TicketFact) and type(fact) in STEP_OF:
        _note_step(db, event, fact)
        if isinstance(fact, TicketCompleted):
            _note_clocks(db, event, fact)


def _note_step(db: Connection, event: Event, fact: TicketFact) -> None:
    step = {
        "ticket_id": fact.ticket_id,
        "version": fact.version,
        "organisation_id": event.organisation_id,
        "community_id": fact.community_id,
        "unit_id": fact.unit_id,
        "work_type": fact.work_type,
        "urgency": fact.urgency,
        "step": STEP_OF[type(fact)],
        "at": getattr(fact, "completed_at", None) or event.occurred_at,
        "promised_at": getattr(fact, "promised_at", None),
    }
    db.execute(insert(ticket_steps).values(step).on_conflict_do_nothing())


def _note_breach(db: Connection, event: Event, fact: SlaBreached) -> None:
    """A clock that runs on late; whatever is known of it already says as much, or more."""
    row = {**_clock_of(event, fact), "kind": fact.clock, "generation": fact.generation, "state": "breached"}
    db.execute(insert(clock_outcomes).values(row).on_conflict_do_nothing())


def _note_clocks(db: Connection, event: Event, fact: TicketCompleted) -> None:
    try:
        told = [ToldClock.read(line) for line in fact.clocks]
    except ValueError as problem:
        raise PermanentError(f"clocks that cannot be read: {problem}") from problem
    if not told:
        return
    rows = [
        {
            **_clock_of(event, fact),
            "kind": clock.kind,
            "generation": clock.generation,
            "state": clock.state,
            "basis": clock.basis,
            "target_seconds": clock.target_seconds,
            "allowed_seconds": clock.allowed_seconds,
            "taken_seconds": clock.taken_seconds,
        }
        for clock in told
    ]
    written = insert(clock_outcomes).values(rows)
    fresh = {column.name: column for column in written.excluded if column.name not in _KEY}
    newer = or_(clock_outcomes.c.taken_seconds.is_(None), clock_outcomes.c.version < written.excluded.version)
    db.execute(written.on_conflict_do_update(index_elements=_KEY, set_=fresh, where=newer))


def _clock_of(event: Event, fact: TicketFact) -> dict[str, Any]:
    return {
        "ticket_id": fact.ticket_id,
        "organisation_id": event.organisation_id,
        "community_id": fact.community_id,
        "version": fact.version,
    }
