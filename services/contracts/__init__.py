"""The published language: every event type, who publishes it, who listens."""

from services.contracts import (
    appointments,
    community,
    complaints,
    gateway,
    joining,
    mail,
    notify,
    surveys,
    tickets,
    waits,
)
from services.contracts.fact import Fact, UnknownFact, facts_of, to_event
from services.kit.events import Event

__all__ = ["ALL", "SUBSCRIPTIONS", "Fact", "UnknownFact", "parse", "to_event"]

ALL: dict[str, type[Fact]] = {
    fact.type: fact
    for module in (gateway, surveys, tickets, joining, appointments, complaints, community, mail, notify, waits)
    for fact in facts_of(module)
}

# Declared on the bus as a whole by every process, so that no event is published before its queue exists.
SUBSCRIPTIONS: dict[str, tuple[str, ...]] = {
    "tickets": (
        surveys.SurveyAnswered.type,
        gateway.AccountChanged.type,
        gateway.PersonErased.type,
        notify.AddressChanged.type,
        notify.PreferencesChanged.type,
        notify.AnnouncementOpened.type,
    ),
    "notify": (
        *(fact.type for fact in facts_of(tickets)),
        *(fact.type for fact in facts_of(joining)),
        *(fact.type for fact in facts_of(appointments)),
        *(fact.type for fact in facts_of(complaints)),
        *(fact.type for fact in facts_of(community)),
        *(fact.type for fact in facts_of(waits)),
        surveys.SurveyInvited.type,
        surveys.CampaignInvited.type,
        *(fact.type for fact in facts_of(mail)),
        gateway.AccountChanged.type,
        gateway.AccountReinvited.type,
        gateway.PersonErased.type,
    ),
    "surveys": (
        tickets.TicketFiled.type,
        tickets.TicketPromised.type,
        tickets.TicketCompleted.type,
        tickets.TicketReopened.type,
        tickets.TicketCalledBack.type,
        tickets.TicketCancelled.type,
        tickets.TicketDeclined.type,
        tickets.SlaBreached.type,
        gateway.AccountChanged.type,
        gateway.PersonErased.type,
    ),
    "gateway": (
        *(fact.type for fact in facts_of(tickets)),
        *(fact.type for fact in facts_of(joining)),
        *(fact.type for fact in facts_of(appointments)),
        *(fact.type for fact in facts_of(complaints)),
        *(fact.type for fact in facts_of(waits)),
        surveys.SurveyInvited.type,
        surveys.SurveyAnswered.type,
        surveys.SurveyProxied.type,
        surveys.SurveyExpired.type,
    ),
}


def parse(event: Event) -> Fact:
    """Return the fact in an event; raises UnknownFact where we have no such type."""
    fact = ALL.get(event.type)
    if fact is None:
        raise UnknownFact(f"no event type {event.type}")
    return fact.from_data(event.data)
