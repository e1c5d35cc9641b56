"""What surveys do when other services say that something happened. Safe to repeat, and in any order."""

from collections.abc import Sequence
from zoneinfo import ZoneInfoNotFoundError

from sqlalchemy import Connection

from services.contracts import parse
from services.contracts.gateway import AccountChanged, PersonErased
from services.contracts.tickets import TicketCalledBack, TicketCompleted, TicketReopened
from services.kit.erasures import Erasure, run_pass
from services.kit.events import Event, PermanentError
from services.kit.identity import NOBODY
from services.surveys import commands, outcomes
from services.surveys.drawing import Chance, system_chance
from services.surveys.erasing import erase_person
from services.surveys.models import Turn, erasure_passes
from services.surveys.visiting import Rules

# The outcome of a call that spoke with the household; a call that did not leaves the one that was drawn to be made.
REACHED = "reached"


def handle(rules: Rules, connection: Connection, events: Sequence[Event], chance: Chance = system_chance) -> None:
    """Apply events of our subscriptions in the caller's transaction; raises PermanentError for what we cannot read."""
    for event in events:
        fact = parse(event)
        outcomes.note(connection, event, fact)
        if isinstance(fact, TicketCompleted):
            on_ticket_completed(connection, event, fact, rules, chance)
        elif isinstance(fact, TicketReopened):
            on_ticket_reopened(connection, event, fact)
        elif isinstance(fact, TicketCalledBack):
            on_ticket_called_back(connection, event, fact)
        elif isinstance(fact, AccountChanged):
            on_account_changed(connection, event, fact)
        elif isinstance(fact, PersonErased):
            on_person_erased(connection, event, fact)


# ticket.completed.v1
def on_ticket_completed(
    connection: Connection, event: Event, fact: TicketCompleted, rules: Rules, chance: Chance
) -> None:
    """Let the return visit fall due, and draw whether the household is called.

    What was planned for a shared place is nobody's request: nobody is asked, and nobody fails to answer.
    """
    if fact.requester_id == NOBODY:
        commands.note_turn(connection, event.organisation_id, fact.ticket_id, fact.version, Turn.COMPLETED)
        return
    completed_at = fact.completed_at or event.occurred_at
    try:
        commands.schedule_visit(connection, fact, completed_at, event.organisation_id, rules, chance)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise PermanentError(f"no time zone {fact.timezone!r}") from problem


# ticket.reopened.v1
def on_ticket_reopened(connection: Connection, event: Event, fact: TicketReopened) -> None:
    """Withdraw the visit about the completion that did not hold; the next completion gets its own."""
    commands.note_turn(connection, event.organisation_id, fact.ticket_id, fact.version, Turn.REOPENED)


# ticket.called_back.v1
def on_ticket_called_back(connection: Connection, event: Event, fact: TicketCalledBack) -> None:
    """Spare a household that the desk has just spoken with a second call about the same job; it is still invited."""
    if fact.outcome == REACHED:
        commands.note_reached(connection, event.organisation_id, fact.ticket_id, fact.version)


# gateway: account.changed.v1
def on_account_changed(connection: Connection, event: Event, fact: AccountChanged) -> None:
    """Remember who there is, by revision."""
    commands.remember_person(connection, event.organisation_id, fact)


# gateway: person.erased.v1
def on_person_erased(connection: Connection, event: Event, fact: PersonErased) -> None:
    """Erase what a resident said in words; safe to repeat."""
    erasure = Erasure(fact.erasure_id, event.organisation_id, fact.account_id, fact.unit_ids)
    run_pass(connection, erasure_passes, erasure, erase_person)
