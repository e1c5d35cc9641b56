"""A desk whose people said things before an upgrade: each is asked, and told of, once; nobody else is."""

from collections.abc import Iterator
from datetime import time
from importlib.resources import files
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, insert, select, text

from services.contracts import parse
from services.contracts.notify import PreferencesChanged
from services.kit.events import Event
from services.kit.settings import Settings
from services.kit.testing import fresh
from services.notify import topics
from services.notify.commands.addresses import publish_preferences
from services.notify.models import contacts, outbox
from tests.notify.conftest import NOON

DATABASE = "doorstep_before_confirmations"


@pytest.fixture
def old_engine(settings: Settings, server_url: str) -> Iterator[Engine]:
    """A database of its own, whose roles the service's tests have made already."""
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    engine = create_engine(f"{server_url.rpartition('/')[0]}/{DATABASE}".replace("postgresql:", "postgresql+psycopg:"))
    yield engine
    engine.dispose()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {DATABASE}")


def upgrade(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("services.notify") / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_whoever_gave_an_address_before_is_asked_whose_it_is(old_engine: Engine) -> None:
    upgrade(old_engine, "0004")
    people = {"with": ("a@example.org", True), "without": (None, True), "left": ("b@example.org", False)}
    ids = {name: fresh() for name in people}
    add = text(
        "INSERT INTO contacts (person_id, organisation_id, role, locale, email, active)"
        " VALUES (:id, :organisation, 'resident', 'en', :email, :active)"
    )
    organisation = fresh()
    with old_engine.begin() as db:
        for name, (email, active) in people.items():
            db.execute(add, {"id": ids[name], "organisation": organisation, "email": email, "active": active})
    upgrade(old_engine, "head")
    due = text("SELECT person_id::text, address, locale, next_attempt_at <= now() FROM address_confirmations")
    with old_engine.connect() as db:
        asked = db.execute(due).all()
        assert [tuple(row) for row in asked] == [(ids["with"], "a@example.org", "en", True)]


def contact(**changes: Any) -> dict[str, Any]:
    """Return a contact who has set something, as their row says."""
    nothing = {"email": None, "email_confirmed_at": None, "preferred_locale": None, "quiet_from": None,
               "quiet_until": None, "digest_at": None, "apprise_urls": [], "sms_urls": []}  # fmt: skip
    row = {"person_id": fresh(), "organisation_id": fresh(), "role": "resident", "active": True, "version": 3}
    return {**row, **nothing, **changes}


SET = (
    contact(email="a@example.org", email_confirmed_at=NOON, preferred_locale="en"),
    contact(email="b@example.org", apprise_urls=["json://chat.example.org/a"], sms_urls=["json://sms.example.org/b"]),
    contact(quiet_from=time(22), quiet_until=time(6, 30), digest_at=time(18), timezone="Europe/Berlin", role="crew"),
)
NOT_SET = (contact(version=0), contact(active=False))


def test_how_people_wanted_to_be_told_before_is_told_once_as_a_change_would_tell_it(old_engine: Engine) -> None:
    upgrade(old_engine, "0009")
    with old_engine.begin() as db:
        db.execute(text("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY"))
        for row in (*SET, *NOT_SET):
            db.execute(insert(contacts).values(row))
        db.execute(text("ALTER TABLE contacts FORCE ROW LEVEL SECURITY"))
    upgrade(old_engine, "head")
    told = select(outbox).where(outbox.c.type == PreferencesChanged.type).order_by(outbox.c.id)
    with old_engine.begin() as db:
        at_upgrade = db.execute(told).mappings().all()
        db.execute(text("DELETE FROM outbox"))
        db.execute(text("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY"))
        for row in db.execute(select(contacts).where(contacts.c.person_id.in_([one["person_id"] for one in SET]))):
            publish_preferences(db, row._mapping)
        as_a_change = db.execute(told).mappings().all()
    assert len(at_upgrade) == len(SET)
    assert {one["subject"]: one["data"] for one in at_upgrade} == {one["subject"]: one["data"] for one in as_a_change}
    for row in at_upgrade:
        assert row["published_at"] is None
        event = Event(row["type"], "notify", row["subject"], row["occurred_at"], row["organisation_id"], row["data"])
        assert parse(event) == PreferencesChanged.from_data(row["data"])


def test_who_had_chosen_how_to_hear_of_requests_hears_of_visits_in_the_same_ways(old_engine: Engine) -> None:
    upgrade(old_engine, "0010")
    before = {kind: ["in_app"] for kind in topics.TOPICS["requests"] if kind != "appointment.reminded"}
    chosen, silent = contact(channels=before), contact(channels={"ticket.filed": ["in_app"]})
    with old_engine.begin() as db:
        db.execute(text("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY"))
        for row in (chosen, silent):
            db.execute(insert(contacts).values(row))
        db.execute(text("ALTER TABLE contacts FORCE ROW LEVEL SECURITY"))
    upgrade(old_engine, "head")
    with old_engine.begin() as db:
        db.execute(text("ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY"))
        after = {row.person_id: row.channels for row in db.execute(select(contacts.c.person_id, contacts.c.channels))}
    assert topics.chosen(after[chosen["person_id"]])["requests"] == ["in_app"]
    assert after[silent["person_id"]] == silent["channels"]
