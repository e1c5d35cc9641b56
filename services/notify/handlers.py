"""What notify does with what happened elsewhere: accounts become contacts, everything else becomes notices.

A batch costs a few statements whatever its size: one for the contacts, one for the notices and their deliveries.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prometheus_client import Counter
from sqlalchemy import Connection

from services.contracts import Fact, parse, tickets
from services.contracts.appointments import AppointmentReminded
from services.contracts.community import (
    AnnouncementFact,
    AnnouncementReminded,
    EventCancelled,
    EventMoved,
    EventPromoted,
)
from services.contracts.gateway import AccountChanged, PersonErased
from services.contracts.mail import MailBounced, MailboxChanged
from services.contracts.surveys import CampaignInvited, SurveyInvited
from services.kit import clock
from services.kit.erasures import Erasure, run_pass
from services.kit.events import Event, new_id
from services.notify import audience, commands, queries
from services.notify.audience import Contact, Rule
from services.notify.channels import Channel, in_app, planned
from services.notify.commands import Batch
from services.notify.commands.webhooks import queue_events
from services.notify.erasing import erase_person
from services.notify.models import erasure_passes
from services.notify.promptness import counts_from, terms
from services.notify.rendering import render
from services.notify.topics import must_reach

NOTICES = Counter("doorstep_notices_total", "Notices written.")
# What somebody does who has taken notice of a ticket.
ANSWERS = (
    tickets.TicketAcknowledged,
    tickets.TicketClaimed,
    tickets.TicketAssigned,
    tickets.TicketDeparted,
    tickets.TicketArrived,
    tickets.TicketStarted,
    tickets.TicketMadeSafe,
    tickets.TicketCompleted,
    tickets.TicketCancelled,
    tickets.TicketDeclined,
)
_RUNGS = frozenset(step.channel for step in terms().ladder)


@dataclass(frozen=True)
class Handlers:
    """The handlers of one installation: where its pages are, and which channels it can use."""

    public_url: str
    channels: Sequence[Channel]

    def handle(self, connection: Connection, events: Sequence[Event]) -> None:
        """Apply a batch of events in the caller's transaction. Raises PermanentError for what is no event of ours.

        Accounts go first: an event about somebody new may share the batch with their account.
        """
        facts = [(event, parse(event)) for event in events]
        on_ticket_answered(connection, facts)
        queue_events(connection, facts)
        on_account_changed(connection, [(e, f) for e, f in facts if isinstance(f, AccountChanged)])
        self.on_news(connection, [(e, f) for e, f in facts if not isinstance(f, AccountChanged)])
        commands.note_mailboxes(connection, [(e, f) for e, f in facts if isinstance(f, MailboxChanged)])
        on_mail_bounced(connection, [f for _, f in facts if isinstance(f, MailBounced)])
        on_person_erased(connection, [(e, f) for e, f in facts if isinstance(f, PersonErased)])

    # ticket.*, sla.*, survey.invited, campaign.invited
    def on_news(self, connection: Connection, news: Sequence[tuple[Event, Fact]]) -> None:
        """Write a notice for everybody who hears of each event, and a delivery for each way it goes out."""
        people = {person for _, fact in news for person in audience.named(fact)}
        staff_of = {event.organisation_id for event, fact in news if audience.wants_staff(fact)}
        if not people and not staff_of:
            return
        directory = _Directory(queries.load_contacts(connection, people, staff_of))
        now = clock.now()
        batch = Batch()
        for event, fact in news:
            for contact, rule in directory.hearers(event.organisation_id, fact):
                self._tell(batch, event, fact, rule, contact, now)
        NOTICES.inc(commands.write_notices(connection, batch))
        on_call_asked(
            connection, [event for event, fact in news if isinstance(fact, AnnouncementReminded) and fact.call]
        )

    def _tell(self, batch: Batch, event: Event, fact: Fact, rule: Rule, contact: Contact, now: datetime) -> None:
        notice = self._notice(event, fact, rule, contact, now)
        urgency = audience.urgency_of(fact)
        climbs = terms().must_be_acknowledged(rule.kind, rule.audience, urgency)
        ways = list(self._deliveries(notice, contact, now, climbs, must_reach(fact)))
        about = {
            "notice_id": notice["id"],
            "organisation_id": event.organisation_id,
            "person_id": contact.person_id,
            "community_id": getattr(fact, "community_id", None) or None,
            "ticket_id": notice["ticket_id"],
            "kind": rule.kind,
            "audience": rule.audience,
            "occurred_at": event.occurred_at,
        }
        batch.notices.append(notice)
        batch.deliveries += ways
        batch.tellings.append(about | _measured(event, fact, urgency, contact, ways, now, climbs))
        if climbs:
            batch.alarms.append(about | {"event_id": event.id, "next_at": now + terms().ladder[0].wait})

    def _notice(self, event: Event, fact: Fact, rule: Rule, contact: Contact, now: datetime) -> dict[str, Any]:
        words = render(fact, rule, contact, event.occurred_at)
        ticket_id = getattr(fact, "ticket_id", None)
        link: str | None = None
        data: dict[str, Any] = {}
        if isinstance(fact, SurveyInvited):
            link, data = f"{self.public_url}/s/{fact.link_token}", {"survey_token": fact.link_token}
        elif isinstance(fact, CampaignInvited):
            link, data = f"{self.public_url}/o/{fact.link_token}", {"opinion_token": fact.link_token}
        elif isinstance(fact, AnnouncementFact):
            link = f"{self.public_url}/announcements/{fact.announcement_id}"
            data = {"announcement_id": fact.announcement_id, "version": fact.version}
        elif isinstance(fact, EventPromoted | EventMoved | EventCancelled):
            link = f"{self.public_url}/my/events/{fact.event_id}"
        elif isinstance(fact, AppointmentReminded) and fact.begins_at:
            data = {"begins_at": fact.begins_at.isoformat()}
        return {
            "id": str(new_id()),
            "organisation_id": event.organisation_id,
            "person_id": contact.person_id,
            "event_id": event.id,
            "kind": rule.kind,
            "ticket_id": ticket_id,
            "locale": words.locale,
            "title": words.title,
            "body": words.body,
            "link": link,
            "data": data,
            "urgent": audience.is_urgent(fact),
            "created_at": now,
        }

    def _deliveries(
        self, notice: dict[str, Any], contact: Contact, now: datetime, climbs: bool, insists: bool
    ) -> Iterator[dict[str, Any]]:
        for channel, key in planned(contact, notice["kind"], self.channels, must_reach=insists):
            if climbs and channel in _RUNGS:
                continue  # The ladder comes to it, should nobody have read the notice before.
            there = channel == in_app.NAME
            yield {
                "id": str(new_id()),
                "organisation_id": notice["organisation_id"],
                "notice_id": notice["id"],
                "person_id": contact.person_id,
                "channel": channel,
                "address_key": key,
                "urgent": notice["urgent"],
                "state": "sent" if there else "queued",
                "next_attempt_at": None if there else now,
                "sent_at": now if there else None,
            }


def _measured(
    event: Event, fact: Fact, urgency: str, contact: Contact, ways: list[dict[str, Any]], now: datetime, climbs: bool
) -> dict[str, Any]:
    """Return by when a notice is to be told. The inbox counts as told only where nothing else is under way."""
    level = getattr(fact, "need_level", None)
    since = counts_from(event.occurred_at, contact, urgency)
    inbox_alone = len(ways) == 1 and not climbs
    return {
        "number": getattr(fact, "number", ""),
        "urgency": urgency,
        "need_level": level,
        "counts_from": since,
        "target_at": since + terms().target(urgency, level),
        "accepted_by": in_app.NAME if inbox_alone else None,
        "accepted_at": now if inbox_alone else None,
    }


# announcement.reminded
def on_call_asked(connection: Connection, reminders: Sequence[Event]) -> None:
    """Put a call before the desk for whoever is to be rung about what they have not read, beside their notice."""
    for event in reminders:
        commands.ask_to_call(connection, event.id, clock.now())


# ticket.acknowledged, ticket.claimed and whatever else shows that somebody has it in hand
def on_ticket_answered(connection: Connection, facts: Sequence[tuple[Event, Fact]]) -> None:
    """Remember when somebody last answered for a ticket, in whatever order the news arrive: alarms end by it."""
    answers = [
        {"ticket_id": fact.ticket_id, "organisation_id": event.organisation_id, "answered_at": event.occurred_at}
        for event, fact in facts
        if isinstance(fact, ANSWERS) and fact.urgency == audience.URGENT
    ]
    if answers:
        commands.note_answers(connection, answers)


# mail.bounced
def on_mail_bounced(connection: Connection, bounced: Sequence[MailBounced]) -> None:
    """Take a letter that came back for not delivered; safe to repeat."""
    for fact in bounced:
        commands.mark_returned(connection, fact.delivery_id)


# person.erased
def on_person_erased(connection: Connection, erased: Sequence[tuple[Event, PersonErased]]) -> None:
    """Forget where somebody is reached and what they were told in words; safe to repeat."""
    for event, fact in erased:
        erasure = Erasure(fact.erasure_id, event.organisation_id, fact.account_id, fact.unit_ids)
        run_pass(connection, erasure_passes, erasure, erase_person)


# account.changed
def on_account_changed(connection: Connection, changes: Sequence[tuple[Event, AccountChanged]]) -> None:
    """Keep who people are; the highest revision of each wins."""
    if changes:
        commands.upsert_contacts(
            connection,
            [
                {
                    "person_id": fact.account_id,
                    "organisation_id": event.organisation_id,
                    "role": fact.role,
                    "revision": fact.revision,
                    "active": fact.active,
                    "locale": fact.locale,
                    "community_ids": list(fact.community_ids),
                    "unit_ids": list(fact.unit_ids),
                }
                for event, fact in changes
            ],
        )


class _Directory:
    """The contacts a batch needs, by organisation: one organisation's event never reaches another's people."""

    def __init__(self, contacts: Sequence[Contact]) -> None:
        self._known: dict[str, dict[str, Contact]] = {}
        self._staff: dict[str, list[Contact]] = {}
        for contact in contacts:
            self._known.setdefault(contact.organisation_id, {})[contact.person_id] = contact
            if contact.active and contact.role in audience.STAFF_AUDIENCES:
                self._staff.setdefault(contact.organisation_id, []).append(contact)

    def hearers(self, organisation_id: str, fact: Fact) -> Iterator[tuple[Contact, Rule]]:
        known, staff = self._known.get(organisation_id, {}), self._staff.get(organisation_id, [])
        return audience.hearers(fact, organisation_id, known, staff)
