"""What the tickets service does when others tell it something."""

import uuid
from collections.abc import Sequence

import structlog
from sqlalchemy import Connection

from services.contracts import parse
from services.contracts.gateway import AccountChanged, PersonErased
from services.contracts.notify import AddressChanged, AnnouncementOpened, PreferencesChanged
from services.contracts.surveys import SurveyAnswered
from services.kit.database import set_scope
from services.kit.erasures import Erasure, run_pass
from services.kit.errors import Conflict, NotFound
from services.kit.events import Event, PermanentError
from services.kit.identity import system_actor
from services.tickets import commands
from services.tickets.commands.announcements import mark_read
from services.tickets.commands.mailboxes import remember_address
from services.tickets.commands.preferences import remember_language, remember_preferences
from services.tickets.erasing import erase_person
from services.tickets.models import erasure_passes

log = structlog.get_logger()


def handle(db: Connection, events: Sequence[Event]) -> None:
    """Apply events in the caller's transaction; raises PermanentError for what can never be applied."""
    for event in events:
        fact = parse(event)
        set_scope(db, system_actor(event.organisation_id))
        if isinstance(fact, AccountChanged):
            on_account_changed(db, event, fact)
        elif isinstance(fact, PreferencesChanged):
            on_preferences_changed(db, event, fact)
        elif isinstance(fact, PersonErased):
            on_person_erased(db, event, fact)
        elif isinstance(fact, AddressChanged):
            on_address_changed(db, event, fact)
        elif isinstance(fact, SurveyAnswered):
            on_survey_answered(db, event, fact)
        elif isinstance(fact, AnnouncementOpened):
            on_announcement_opened(db, event, fact)


# gateway: account.changed.v1
def on_account_changed(db: Connection, event: Event, fact: AccountChanged) -> None:
    """Remember who there is; safe to repeat and in any order, by revision."""
    commands.remember_person(db, event.organisation_id, fact)
    remember_language(db, event.organisation_id, fact)


# notify: preferences.changed.v1
def on_preferences_changed(db: Connection, event: Event, fact: PreferencesChanged) -> None:
    """Remember how a resident wants to be told; safe to repeat and in any order, by revision."""
    remember_preferences(db, event.organisation_id, fact)


# gateway: person.erased.v1
def on_person_erased(db: Connection, event: Event, fact: PersonErased) -> None:
    """Erase what a resident wrote and what was noted of them; safe to repeat."""
    erasure = Erasure(fact.erasure_id, event.organisation_id, fact.account_id, fact.unit_ids)
    run_pass(db, erasure_passes, erasure, erase_person)


# notify: address.changed.v1
def on_address_changed(db: Connection, event: Event, fact: AddressChanged) -> None:
    """Remember by which address somebody writes; safe to repeat and in any order, by revision."""
    remember_address(db, event.organisation_id, fact)


# notify: announcement.opened.v1
def on_announcement_opened(db: Connection, event: Event, fact: AnnouncementOpened) -> None:
    """Note who has read an announcement, as of which version; safe to repeat and in any order."""
    mark_read(db, event.organisation_id, fact.announcement_id, fact.person_id, fact.version)


# surveys: survey.answered.v1
def on_survey_answered(db: Connection, event: Event, fact: SurveyAnswered) -> None:
    """“Not solved” reopens the ticket, “solved” goes on record as a human's answer. Safe to repeat.

    “Not solved” long after completion, and a low score, open a complaint about the ticket. An answer about an earlier
    completion, a second one about the same, or one to a ticket that is open again changes nothing: the completion it
    speaks of is no longer what counts.
    """
    actor = system_actor(event.organisation_id)
    try:
        ticket = commands.lock(db, str(uuid.UUID(fact.ticket_id)))
    except (NotFound, ValueError) as problem:
        raise PermanentError(f"survey {fact.survey_id} is about a ticket that is not here") from problem
    if ticket["organisation_id"] != event.organisation_id:
        raise PermanentError(f"survey {fact.survey_id} is about another organisation's ticket")
    if ticket["completions"] != fact.completion or (fact.solved and ticket["solved"] is not None):
        log.info("survey.superseded", ticket_id=fact.ticket_id, completion=fact.completion)
        return
    survey = {"survey_id": fact.survey_id, "completion": fact.completion}
    try:
        if commands.reopens(ticket, fact, event.occurred_at):
            said = {**survey, "solved": False, "satisfaction": fact.satisfaction}
            commands.reopen(db, actor, fact.ticket_id, reason=None, cause="survey", answered=said)
        elif commands.is_low(fact):
            commands.complain(db, actor, ticket, fact)
        else:
            commands.answer(db, actor, fact.ticket_id, satisfaction=fact.satisfaction, data=survey)
    except Conflict:
        log.info("survey.came_late", ticket_id=fact.ticket_id, status=ticket["status"])
