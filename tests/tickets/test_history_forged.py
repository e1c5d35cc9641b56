"""Whoever has the web role's password can neither date an entry back nor begin or break a history."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import Engine

from services.kit import clock, migrate, testing
from tests.tickets.forging import following, written
from tests.tickets.test_history import entries_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

REFUSED = psycopg.errors.InsufficientPrivilege


@pytest.fixture
def write_as_web(estate: "Estate", server_url: str) -> Callable[[dict[str, Any]], None]:
    """Return a function that writes an entry as the web role for a crew where no clock is moved, and undoes it."""

    def write(entry: dict[str, Any]) -> None:
        who = estate.people["crew"]
        with psycopg.connect(migrate.owner_url(server_url, "tickets")) as db:
            db.execute("ALTER TABLE history ENABLE TRIGGER history_is_of_now")
            db.execute("SET LOCAL ROLE doorstep_tickets")
            for name, value in {"organisation": who.organisation_id, "role": "crew", "person": who.id}.items():
                db.execute("SELECT set_config(%s, %s, true)", (f"doorstep.{name}", value))
            written(db, entry)
            db.rollback()

    return write


SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
FORGERIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "before the filing": lambda last: {"at": last["at"] - 3 * SECOND},
    "an hour ago": lambda last: {"at": clock.now() - HOUR},
    "to come": lambda last: {"at": clock.now() + HOUR},
    "past a gap": lambda last: {"seq": last["seq"] + 2},
    "before the first": lambda last: {"seq": 0},
    "off the chain": lambda last: {"previous_hash": "0" * 64},
    "from another status": lambda last: {"from_status": "in_progress"},
    "filed again": lambda last: {"action": "file"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_entry_that_does_not_follow_is_refused(
    estate: "Estate", worker_engine: Engine, write_as_web: Callable[[dict[str, Any]], None], forgery: str
) -> None:
    ticket = estate.file()
    last = entries_of(worker_engine, ticket["id"])[-1]
    with pytest.raises(REFUSED, match="of the history"):
        write_as_web(following(estate, worker_engine, ticket, **FORGERIES[forgery](last)))


def test_an_entry_that_follows_is_taken(
    estate: "Estate", worker_engine: Engine, write_as_web: Callable[[dict[str, Any]], None]
) -> None:
    write_as_web(following(estate, worker_engine, estate.file()))


@pytest.mark.parametrize("change", [{"action": "claim"}, {"from_status": "filed"}, {"previous_hash": "f" * 64}])
def test_a_history_begins_with_a_filing(
    estate: "Estate", worker_engine: Engine, write_as_web: Callable[[dict[str, Any]], None], change: dict[str, str]
) -> None:
    entry = entries_of(worker_engine, estate.file()["id"])[0] | {"ticket_id": testing.fresh()} | change
    with pytest.raises(REFUSED, match="begins no history"):
        write_as_web(entry)


def test_an_entry_of_another_organisation_does_not_follow(
    estate: "Estate",
    new_estate: Callable[[], "Estate"],
    worker_engine: Engine,
    write_as_web: Callable[[dict[str, Any]], None],
) -> None:
    theirs = new_estate().file()
    with pytest.raises(REFUSED):
        write_as_web(following(estate, worker_engine, theirs))
