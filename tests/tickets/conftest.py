"""A tickets service on a real database, with an organisation of its own for every test."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from services.contracts.gateway import AccountChanged
from services.kit import identity, migrate, testing
from services.kit.database import make_engine
from services.kit.identity import Actor
from services.kit.settings import Settings
from services.tickets import commands
from services.tickets.app import make_app
from services.tickets.catalogue import SKILLS
from services.tickets.settings import TicketsSettings
from tests.tickets.refusals import Caller
from tests.tickets.scanning import LIFT

HOURS = {day: [["08:30", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
CALENDAR = {"tz": "Asia/Shanghai", "hours": HOURS}


@pytest.fixture(scope="session")
def settings(
    fresh_database: Callable[[str], None], service_settings: Callable[..., Settings], server_url: str
) -> TicketsSettings:
    """Build the service's database once."""
    fresh_database("tickets")
    with psycopg.connect(migrate.owner_url(server_url, "tickets")) as owner:
        # Tests let the service's clock stand at other moments; what this refuses is tested by test_history_forged.
        owner.execute("ALTER TABLE history DISABLE TRIGGER history_is_of_now")
    return TicketsSettings(service_settings("tickets"), case_key=testing.keys()[0])


@pytest.fixture(scope="session")
def worker_engine(settings: TicketsSettings) -> Iterator[Engine]:
    """The engine background loops use."""
    engine = make_engine(settings.kit.worker_database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def web_engine(settings: TicketsSettings) -> Iterator[Engine]:
    """The engine of the web role, under row-level security."""
    engine = make_engine(settings.kit.database_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def app(settings: TicketsSettings) -> Iterator[Flask]:
    """The application."""
    app = make_app(settings)
    yield app
    app.extensions["doorstep"].close()


def signed_in(who: Actor) -> dict[str, str]:
    """Return the headers of somebody signed in now, also while the service's clock stands at another moment."""
    return {"Authorization": f"Bearer {identity.mint(who, testing.keys()[0], at=datetime.now(UTC))}"}


@dataclass
class Estate:
    """One organisation with a community of two homes, and a person of every role."""

    client: FlaskClient
    engine: Engine
    organisation_id: str = field(default_factory=testing.fresh)
    community_id: str = field(default_factory=testing.fresh)
    building_id: str = field(default_factory=testing.fresh)
    home: str = field(default_factory=testing.fresh)
    other_home: str = field(default_factory=testing.fresh)
    people: dict[str, Actor] = field(default_factory=dict)

    def settle(self) -> None:
        """Write the places, and the people of every role."""
        place = commands.Place(
            self.community_id,
            "桂花苑",
            CALENDAR,
            {self.building_id: ("1栋", {self.home: "101", self.other_home: "102"})},
        )
        with self.engine.begin() as db:
            commands.add_places(db, self.organisation_id, [place])
        self.join("resident", unit_ids=(self.home,))
        self.join("neighbour", "resident", unit_ids=(self.other_home,))
        self.join("crew", skills=SKILLS)
        self.join("colleague", "crew", skills=SKILLS)
        for role in ("dispatcher", "manager", "admin"):
            self.join(role)

    def join(self, name: str, role: str | None = None, **changes: Any) -> Actor:
        """Let somebody join, known to the service as the gateway would tell it."""
        who = testing.actor(role or name, organisation_id=self.organisation_id, **changes)
        self.people[name] = who
        account = AccountChanged(
            account_id=who.id,
            revision=1,
            role=who.role,
            active=True,
            locale=who.locale,
            community_ids=who.community_ids,
            unit_ids=who.unit_ids,
            skills=who.skills,
            badge=f"{name} badge" if who.is_staff else None,
        )
        with self.engine.begin() as db:
            commands.remember_person(db, self.organisation_id, account)
        return who

    def ask(self, method: str, name: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """Send one request as somebody; a header's name is written with underscores."""
        sent = {**signed_in(self.people[name]), **{k.replace("_", "-"): v for k, v in headers.items()}}
        # Written with escapes, so that a body can hold what no other text may, such as half a character.
        said = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.open(f"/api/v1{path}", method=method, headers=sent, **said)

    def post(self, name: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """POST as somebody."""
        return self.ask("POST", name, path, {} if body is None else body, **headers)

    def put(self, name: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        """PUT as somebody."""
        return self.ask("PUT", name, path, {} if body is None else body, **headers)

    def delete(self, name: str, path: str, **headers: str) -> TestResponse:
        """DELETE as somebody."""
        return self.ask("DELETE", name, path, **headers)

    def get(self, name: str, path: str, **headers: str) -> TestResponse:
        """GET as somebody."""
        return self.ask("GET", name, path, **headers)

    def file(self, description: str = "厨房水管漏水", name: str = "resident", **body: Any) -> dict[str, Any]:
        """File a request and return the ticket."""
        answer = self.post(name, "/tickets", {"description": description, **body})
        assert answer.status_code == 201, answer.json
        return dict(answer.json or {})

    def step(self, name: str, ticket: dict[str, Any], verb: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """Take a step that must succeed and return the ticket."""
        answer = self.post(name, f"/tickets/{ticket['id']}/{verb}", body, **headers)
        assert answer.status_code in (200, 201), answer.json
        return dict(answer.json or {})

    def completed(self) -> dict[str, Any]:
        """File a request and bring it to its first completion by the crew."""
        ticket = self.file()
        for verb in ("claim", "depart", "arrive", "start", "complete"):
            ticket = self.step("crew", ticket, verb)
        return ticket


@pytest.fixture
def new_estate(app: Flask, worker_engine: Engine) -> Callable[[], Estate]:
    """Return a function that founds another organisation."""

    def found() -> Estate:
        estate = Estate(app.test_client(), worker_engine)
        estate.settle()
        return estate

    return found


@pytest.fixture
def estate(new_estate: Callable[[], Estate]) -> Estate:
    """Return this test's own organisation."""
    return new_estate()


@pytest.fixture
def caller(estate: Estate, worker_engine: Engine) -> Caller:
    """Return a ticket to be bad about, and who is."""
    return Caller(estate, worker_engine)


@pytest.fixture
def by_hand(estate: "Estate", server_url: str) -> Iterator[Callable[..., None]]:
    """Return a function that changes rows as somebody who owns the server can, past every trigger."""

    def change(statement: str, **values: Any) -> None:
        with psycopg.connect(migrate.owner_url(server_url, "tickets")) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute(statement, values)

    yield change
    # Timers of other tests must not stumble over what was changed here.
    change(
        "UPDATE clocks SET next_level = NULL, next_fire_at = NULL WHERE organisation_id = %(id)s",
        id=estate.organisation_id,
    )


@pytest.fixture
def spot(estate: "Estate") -> dict[str, Any]:
    """A lift with a code on it."""
    made = estate.post("manager", "/spots", {**LIFT, "building_id": estate.building_id})
    assert made.status_code == 201, made.json
    return dict(made.json or {})


@pytest.fixture
def anybody(estate: "Estate") -> FlaskClient:
    """A phone without an account."""
    return estate.client
