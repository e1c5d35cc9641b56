"""A desk that has run for a while is brought up to date with its tickets, and the ledger adds up for them too."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, select, text

from doorstep import verification
from services.kit import testing
from services.tickets import chain
from services.tickets.models import calendars, clocks, communities, tickets
from services.tickets.settings import TicketsSettings
from tests.tickets.conftest import CALENDAR

FILED = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
FIRST_POLICY = "2026-11-22.1"
DATABASE = "doorstep_before_the_ledger"


@pytest.fixture
def old_engine(settings: TicketsSettings, server_url: str) -> Iterator[Engine]:
    """A database of its own, whose roles the service's tests have made already."""
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        server.execute(f"CREATE DATABASE {DATABASE} TEMPLATE template0")
    engine = create_engine(f"{server_url.rpartition('/')[0]}/{DATABASE}".replace("postgresql:", "postgresql+psycopg:"))
    yield engine
    engine.dispose()
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE {DATABASE}")


def upgrade(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(files("services.tickets") / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def insert(db: Connection, table: str, **row: Any) -> None:
    names = ", ".join(row)
    db.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row)


def entry(ticket: dict[str, Any], seq: int, previous: str, action: str, status: str, role: str) -> dict[str, Any]:
    data = {"catalogue_code": "water-leak-pipe", "need_level": 1, "urgency": "urgent", "channel": "api"}
    row = {
        "ticket_id": ticket["id"],
        "seq": seq,
        "organisation_id": ticket["organisation_id"],
        "at": FILED + timedelta(minutes=seq - 1),
        "actor_id": ticket["requester_id"],
        "actor_role": role,
        "action": action,
        "from_status": "" if seq == 1 else "filed",
        "status": status,
        "data": {**data, "policy_version": FIRST_POLICY} if seq == 1 else {},
        "previous_hash": previous,
    }
    return {**row, "hash": chain.digest(previous, row)}


def settle(db: Connection) -> dict[str, Any]:
    """Write a community and a ticket with two steps as the second migration's tables hold them."""
    ticket = {name: testing.fresh() for name in ("id", "organisation_id", "community_id", "requester_id")}
    mine = {"organisation_id": ticket["organisation_id"]}
    insert(
        db,
        "communities",
        id=ticket["community_id"],
        name="桂花苑",
        timezone="Asia/Shanghai",
        calendar=json.dumps(CALENDAR),
        **mine,
    )
    first = entry(ticket, 1, chain.GENESIS, "file", "filed", "resident")
    second = entry(ticket, 2, first["hash"], "acknowledge", "acknowledged", "dispatcher")
    insert(
        db, "tickets", **ticket, number="261102-AAAAAA", filed_by=ticket["requester_id"], channel="api", title="漏水",
        description="漏水", catalogue_code="water-leak-pipe", topic="repair", work_type="repair", need_level=1,
        standard="basic", value_tier="basic", sla_class="standard", skills=["plumbing"], urgency="urgent",
        confidence=1.0, because="[]", status="acknowledged", owner_desk="dispatch", completions=0, filed_at=FILED,
        acknowledged_at=second["at"], changed_at=second["at"], policy_version=FIRST_POLICY, version=2,
        history_hash=second["hash"],
    )  # fmt: skip
    for row in (first, second):
        insert(db, "history", **{**row, "data": json.dumps(row["data"])})
    for kind, seconds, stopped in (
        ("acknowledge", 1_800, second["at"]),
        ("attend", 7200, None),
        ("resolve", 86_400, None),
    ):
        insert(
            db, "clocks", ticket_id=ticket["id"], kind=kind, generation=1, state="met" if stopped else "running",
            started_at=FILED, target_seconds=seconds, basis="clock", warnings_at=[], stopped_at=stopped,
            due_at=FILED + timedelta(seconds=seconds), **mine,
        )  # fmt: skip
    return ticket


def test_tickets_from_before_the_ledger_are_in_it_afterwards(old_engine: Engine) -> None:
    upgrade(old_engine, "0002")
    with old_engine.begin() as db:
        ticket = settle(db)
    upgrade(old_engine, "head")
    with old_engine.connect() as db:
        place = db.execute(select(communities)).one()
        assert (place.policy_version, place.calendar_version) == (FIRST_POLICY, 1)
        calendar = db.execute(select(calendars)).one()
        assert (calendar.community_id, calendar.version, calendar.document) == (place.id, 1, CALENDAR)
        assert db.execute(select(tickets.c.calendar_version)).scalar_one() == 1
        stored = db.execute(select(clocks).order_by(clocks.c.kind)).all()
        assert [(row.kind, row.rule, row.filed_at, row.work_type) for row in stored] == [
            (kind, "standard", FILED, "repair") for kind in ("acknowledge", "attend", "resolve")
        ]
        assert {row.community_id for row in stored} == {ticket["community_id"]}
        assert list(verification.verify(db, lambda done, of: None)) == []


def test_who_was_out_of_danger_before_that_was_noted_still_is(old_engine: Engine) -> None:
    upgrade(old_engine, "0002")
    with old_engine.begin() as db:
        ticket = settle(db)
        last = db.execute(text("SELECT hash FROM history WHERE seq = 2")).scalar_one()
        for seq in (3, 4):
            row = {**entry(ticket, seq, last, "make_safe", "acknowledged", "dispatcher"), "from_status": "acknowledged"}
            last = chain.digest(last, {name: value for name, value in row.items() if name != "hash"})
            insert(db, "history", **{**row, "hash": last, "data": json.dumps(row["data"])})
        moved = {"hash": last, "at": FILED + timedelta(minutes=3)}
        db.execute(text("UPDATE tickets SET version = 4, history_hash = :hash, changed_at = :at"), moved)
    upgrade(old_engine, "head")
    with old_engine.connect() as db:
        assert db.execute(select(tickets.c.made_safe_at)).scalar_one() == FILED + timedelta(minutes=2)
        assert list(verification.verify(db, lambda done, of: None)) == []
