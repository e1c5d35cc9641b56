"""One database for the surveys' tests; every test works in an organisation of its own."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from services.contracts import to_event
from services.contracts.tickets import TicketCalledBack, TicketCompleted, TicketReopened
from services.kit.events import Event
from services.kit.settings import Settings
from services.kit.testing import fresh
from services.surveys import commands, handlers
from services.surveys.app import make_app
from services.surveys.drawing import Chance, system_chance
from services.surveys.links import Links
from services.surveys.models import answers, outbox, return_visits
from services.surveys.visiting import Rules
from tests.conftest import engines

AT_ONCE = Rules(delay=timedelta(0), night=None)
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Ticket:
    """A ticket of an organisation of its own, and the events the tickets service publishes about it."""

    id: str
    organisation_id: str

    def completed(self, *, version: int = 6, completion: int = 1, at: datetime = NOON, **changes: Any) -> Event:
        fact = TicketCompleted(
            **self._common("completed", version),
            crew_id=fresh(),
            completed_at=at,
            timezone="Asia/Shanghai",
            completion=completion,
        )
        return self._event(dataclasses.replace(fact, **changes))

    def reopened(self, *, version: int = 7, cause: str = "resident") -> Event:
        return self._event(TicketReopened(**self._common("reopened", version), cause=cause))

    def called_back(self, outcome: str, *, version: int = 7) -> Event:
        return self._event(TicketCalledBack(**self._common("completed", version), outcome=outcome))

    def _event(self, fact: Any) -> Event:
        return to_event(fact, organisation_id=self.organisation_id, subject=self.id, at=NOON)

    def _common(self, status: str, version: int) -> dict[str, Any]:
        return {
            "ticket_id": self.id,
            "number": "T-2026-000042",
            "version": version,
            "community_id": self.id,
            "unit_id": None,
            "requester_id": self.organisation_id,
            "status": status,
            "owner_id": None,
            "owner_desk": "dispatch",
            "catalogue_code": "REP-001",
            "work_type": "repair",
            "need_level": 1,
            "urgency": "routine",
            "actor_id": fresh(),
            "actor_role": "crew",
        }


@pytest.fixture
def ticket() -> Ticket:
    """Return a ticket nobody has completed yet."""
    return Ticket(fresh(), fresh())


@pytest.fixture(scope="session")
def settings(fresh_database: Callable[[str], None], service_settings: Callable[..., Settings]) -> Settings:
    """Return the service's settings on a database its migrations have just built."""
    fresh_database("surveys")
    return service_settings("surveys")


@pytest.fixture(scope="session")
def both(settings: Settings) -> Iterator[tuple[Engine, Engine]]:
    """Give the web role's and the worker role's engine."""
    yield from engines(settings)


@pytest.fixture
def web(both: tuple[Engine, Engine]) -> Engine:
    """Return the engine of the web role."""
    return both[0]


@pytest.fixture
def worker(both: tuple[Engine, Engine]) -> Engine:
    """Return the engine of the worker role, with no open visit of an earlier test left over."""
    with both[1].begin() as db:
        db.execute(
            return_visits.update()
            .where(return_visits.c.state.in_(["scheduled", "invited"]))
            .values(state="withdrawn", withdrawn_because="reopened", ended_at=NOON)
        )
    return both[1]


@pytest.fixture(scope="session")
def app(settings: Settings) -> Iterator[Flask]:
    """Give the service's application, its connections closed afterwards."""
    app = make_app(settings)
    yield app
    service = app.extensions["doorstep"]
    service.engine.dispose()
    service.waker.close()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a browser without any login."""
    return app.test_client()


@pytest.fixture(scope="session")
def links(settings: Settings) -> Links:
    """Return the service's own link maker."""
    return Links(settings.secret)


@dataclass(frozen=True)
class Desk:
    """The service's background work, done by hand, and what it left in the database."""

    engine: Engine
    links: Links

    def hear(self, *events: Event, rules: Rules = AT_ONCE, chance: Chance = system_chance) -> None:
        """Apply events, each in a transaction of its own."""
        for event in events:
            with self.engine.begin() as db:
                handlers.handle(rules, db, [event], chance)

    def invite(self, rules: Rules = AT_ONCE) -> int:
        with self.engine.begin() as db:
            return commands.invite_due(db, rules, self.links.sign)

    def expire(self) -> int:
        with self.engine.begin() as db:
            return commands.expire_due(db)

    def visits(self, ticket: Ticket) -> list[Any]:
        with self.engine.begin() as db:
            mine = return_visits.c.ticket_id == ticket.id
            return list(db.execute(select(return_visits).where(mine).order_by(return_visits.c.completion)))

    def answers(self, ticket: Ticket) -> list[Any]:
        with self.engine.begin() as db:
            return list(db.execute(select(answers).where(answers.c.organisation_id == ticket.organisation_id)))

    def emitted(self, ticket: Ticket, kind: str) -> list[Any]:
        with self.engine.begin() as db:
            mine = outbox.c.organisation_id == ticket.organisation_id
            return list(db.execute(select(outbox).where(mine, outbox.c.type == kind).order_by(outbox.c.id)))

    def invited(self, ticket: Ticket) -> str:
        """Complete the ticket, invite its household and return the link's token."""
        self.hear(ticket.completed())
        self.invite()
        token: str = self.emitted(ticket, "survey.invited.v1")[-1].data["link_token"]
        return token

    def let_time_run_out(self, ticket: Ticket) -> None:
        """Put the invitation's end into the past."""
        with self.engine.begin() as db:
            db.execute(
                return_visits.update()
                .where(return_visits.c.ticket_id == ticket.id)
                .values(expires_at=datetime(2026, 3, 18, 9, 0, tzinfo=UTC))
            )


@pytest.fixture
def desk(worker: Engine, links: Links) -> Desk:
    """Return the background work on this service's database."""
    return Desk(worker, links)
