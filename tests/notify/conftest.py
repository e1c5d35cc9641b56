"""One database for notify's tests; every test works in an organisation of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from services.contracts import Fact, gateway, tickets, to_event
from services.contracts.community import (
    AnnouncementFact,
    CommunityFact,
    EventCancelled,
    EventMoved,
    EventPromoted,
    PlanFiled,
)
from services.contracts.mail import MailBounced, MailboxChanged
from services.contracts.surveys import CampaignInvited
from services.kit import inbox
from services.kit.events import Event
from services.kit.identity import NOBODY
from services.kit.settings import Settings
from services.kit.testing import fresh
from services.notify import commands
from services.notify.app import make_app
from services.notify.channels import Channel, Outgoing
from services.notify.channels.email import NAME as EMAIL
from services.notify.facts import DeskFact, NoticeUndelivered
from services.notify.handlers import Handlers
from services.notify.models import alarms, contacts, deliveries, incidents, notices
from services.notify.models import inbox as inbox_table
from tests.conftest import engines

NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)  # Twelve o'clock in Shanghai.
# A scheme that calls a host of the writer's choosing: only tests allow it, to reach a server of their own.
OWN_SCHEME = frozenset({"json"})


class Postbox:
    """A channel that keeps what it is given, and fails as it is told to."""

    name = EMAIL

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []
        self.failures: list[Exception] = []

    def addresses(self, contact: Any) -> dict[str, str]:
        return {"": contact.email} if contact.email else {}

    def send(self, outgoing: Outgoing) -> str:
        if self.failures:
            raise self.failures.pop(0)
        self.taken.append(outgoing)
        return "250 kept"


def facts_about(kind: type[Fact], **changes: Any) -> Fact:
    """Return a fact with every field of a ticket's event, and what the test changes."""
    common: dict[str, Any] = {
        "ticket_id": fresh(),
        "number": "XF-000042",
        "community_id": fresh(),
        "unit_id": None,
        "requester_id": fresh(),
    }
    if issubclass(kind, tickets.TicketFact):
        common |= {
            "version": 3,
            "status": "claimed",
            "owner_id": fresh(),
            "owner_desk": None,
            "catalogue_code": "repair.pipe",
            "work_type": "repair",
            "need_level": 1,
            "urgency": "routine",
            "actor_id": NOBODY,
            "actor_role": "system",
        }
    elif issubclass(kind, DeskFact):
        common = {"community_id": common["community_id"], **_desk_facts(kind)}
    elif issubclass(kind, CommunityFact):
        common = {name: common[name] for name in ("community_id", "requester_id")} | _community_facts(kind)
    elif kind is gateway.AccountReinvited:
        common = {"account_id": common["requester_id"], "actor_id": fresh(), "expires_at": NOON}
    elif kind is CampaignInvited:
        home = {"campaign_id": fresh(), "household_id": fresh(), "unit_id": fresh(), "name": "XF-000042"}
        common = {name: common[name] for name in ("community_id", "requester_id")} | home
        common |= {"link_token": "signed.token", "expires_at": NOON}
    else:
        common |= {"survey_id": fresh(), "completion": 1, "link_token": "signed.token", "expires_at": NOON}
    return kind(**(common | changes))


def _community_facts(kind: type[CommunityFact]) -> dict[str, Any]:
    if kind in (EventPromoted, EventMoved, EventCancelled):
        return {"event_id": fresh(), "starts_at": NOON}
    if issubclass(kind, AnnouncementFact):
        return {"announcement_id": fresh(), "kind": "water_outage", "planned": True, "starts_at": NOON, "version": 2}
    planned = {"plan_id": fresh(), "kind": "care_visit", "occurs_at": NOON}
    if kind is PlanFiled:
        return {**planned, "ticket_id": fresh(), "number": "XF-000042"}
    return {**planned, "because": "missed"}


def _desk_facts(kind: type[DeskFact]) -> dict[str, Any]:
    if kind is NoticeUndelivered:
        return {"number": "XF-000042", "incident_id": fresh(), "cause": "undelivered"}
    return {"webhook_id": fresh(), "host": "XF-000042.example.org", "cause": "gone"}


@dataclass
class Desk:
    """An organisation of its own: people, events and what became of them."""

    web: Engine
    worker: Engine
    channels: list[Channel]
    organisation_id: str = field(default_factory=fresh)
    community_id: str = field(default_factory=fresh)

    def person(self, role: str = "resident", **changes: Any) -> str:
        """Add a person whose account is known; `email` and other columns of contacts may be given."""
        person_id = fresh()
        known = {"community_ids": [self.community_id], "email": None, "revision": 1}
        given = {key: changes.pop(key) for key in [*known, "active", "locale", "organisation_id"] if key in changes}
        with self.worker.begin() as connection:
            commands.upsert_contact(
                connection,
                **({"person_id": person_id, "organisation_id": self.organisation_id, "role": role} | known | given),
            )
            if changes:
                connection.execute(contacts.update().where(contacts.c.person_id == person_id).values(**changes))
        return person_id

    def event(self, kind: type[Fact], *, at: datetime = NOON, organisation_id: str = "", **changes: Any) -> Event:
        """Return an event in this organisation and community."""
        if kind not in (gateway.AccountChanged, gateway.AccountReinvited, MailboxChanged, MailBounced):
            fact = facts_about(kind, **({"community_id": self.community_id} | changes))
        else:
            fact = kind(**changes)
        return to_event(fact, organisation_id=organisation_id or self.organisation_id, subject=fresh(), at=at)

    def hears(self, *events: Event) -> None:
        """Let the service take in a batch of events, as its consumer does."""
        handlers = Handlers("https://desk.example", self.channels)
        with self.worker.begin() as connection:
            new = inbox.fresh_events(connection, inbox_table, events)
            if new:
                handlers.handle(connection, new)

    def notices(self, person_id: str | None = None) -> Sequence[Any]:
        """Return the organisation's notices, or one person's, oldest first."""
        statement = select(notices).where(notices.c.organisation_id == self.organisation_id).order_by(notices.c.id)
        if person_id:
            statement = statement.where(notices.c.person_id == person_id)
        with self.worker.connect() as connection:
            return connection.execute(statement).all()

    def deliveries(self, channel: str = EMAIL) -> Sequence[Any]:
        """Return the organisation's deliveries by one channel, oldest first."""
        mine = (deliveries.c.organisation_id == self.organisation_id) & (deliveries.c.channel == channel)
        with self.worker.connect() as connection:
            return connection.execute(select(deliveries).where(mine).order_by(deliveries.c.id)).all()


@pytest.fixture(scope="session")
def settings(fresh_database: Callable[[str], None], service_settings: Callable[..., Settings]) -> Settings:
    """Return the service's settings on a database its migrations have just built."""
    fresh_database("notify")
    return service_settings("notify")


@pytest.fixture(scope="session")
def both(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """Return the web and the worker engine."""
    yield from engines(settings)


@pytest.fixture
def postbox() -> Postbox:
    """Return a channel that keeps what it is given."""
    return Postbox()


@pytest.fixture
def desk(both: tuple[Engine, Engine], postbox: Postbox) -> Iterator[Desk]:
    """Return an organisation of its own, which writes e-mail into the postbox and leaves nothing due behind."""
    desk = Desk(*both, channels=[postbox])
    yield desk
    with desk.worker.begin() as connection:
        connection.execute(deliveries.delete())
        connection.execute(alarms.delete())
        connection.execute(incidents.delete())


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Give the service's application, its connections closed afterwards."""
    app = make_app(settings, OWN_SCHEME)
    yield app
    service = app.extensions["doorstep"]
    service.engine.dispose()
    service.waker.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of the service's API."""
    return app.test_client()
