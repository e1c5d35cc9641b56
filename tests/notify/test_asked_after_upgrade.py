"""A desk whose people gave addresses before addresses were confirmed: each is asked once, and nobody else is."""

from collections.abc import Iterator
from importlib.resources import files

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, text

from services.kit.settings import Settings
from services.kit.testing import fresh

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
