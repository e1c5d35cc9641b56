"""A pause that ends while somebody resumes it: two transactions at once, one step, and the same verdict either way."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, Engine

from services.kit import clock, testing
from services.kit.database import transaction
from services.kit.errors import Conflict
from services.kit.identity import system_actor
from services.tickets import commands
from tests.tickets.walking import waiting

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

BURST = "水管爆了，水漫到客厅"  # An emergency: done within eight hours, ten with two hours of waiting.
ROUNDS = 12
Step = Callable[[Connection], Any]


@pytest.fixture
def overdue_pause(estate: "Estate") -> Callable[[], dict[str, Any]]:
    """Return a function that files a job whose pause of two hours ran out an hour ago, unnoticed."""

    def paused() -> dict[str, Any]:
        with testing.at(clock.now() - timedelta(hours=3)):
            ticket = estate.file(BURST)
            for verb, body in (("claim", None), ("start", None), ("pause", waiting("parts", hours=2))):
                ticket = estate.step("crew", ticket, verb, body)
        return ticket

    return paused


def verdict(estate: "Estate", ticket: dict[str, Any]) -> tuple[str, list[str], float, float]:
    """Complete the job, and return the verdict on its resolve clock."""
    done = estate.step("crew", ticket, "complete")
    items = estate.get("manager", f"/tickets/{done['id']}/clocks").json["items"]
    found = next(item for item in items if item["clock"] == "resolve")
    actions = [entry["action"] for entry in estate.get("manager", f"/tickets/{done['id']}/history").json["items"]]
    return found["state"], actions, round(found["pause_seconds"]), found["target_seconds"]


def in_turn(first: tuple[Engine, Any, Step], second: tuple[Engine, Any, Step]) -> tuple[Any, Any]:
    """Let the second transaction begin while the first holds the ticket; return what each of them came to."""
    holding, waiting_too = threading.Event(), threading.Event()

    def lead() -> Any:
        engine, actor, step = first
        with transaction(engine, actor) as db:
            done = step(db)
            holding.set()
            assert waiting_too.wait(5)
            return done

    def follow() -> Any:
        engine, actor, step = second
        assert holding.wait(5)
        with transaction(engine, actor) as db:
            waiting_too.set()
            try:
                return step(db)
            except Conflict as refusal:
                return refusal

    with ThreadPoolExecutor(2) as pool:
        leading, following = pool.submit(lead), pool.submit(follow)
        return leading.result(20), following.result(20)


def test_whoever_comes_first_the_other_changes_nothing_and_the_verdict_is_the_same(
    estate: "Estate", web_engine: Engine, worker_engine: Engine, overdue_pause: Callable[[], dict[str, Any]]
) -> None:
    crew, system = estate.people["crew"], system_actor(estate.organisation_id)
    found = []
    for expiry_first in (True, False):
        ticket = overdue_pause()
        expiring = (worker_engine, system, lambda db, key=ticket["id"]: commands.expire_pause(db, system, key))
        resuming = (web_engine, crew, lambda db, key=ticket["id"]: commands.resume(db, crew, key))
        if expiry_first:
            expired, resumed = in_turn(expiring, resuming)
            assert expired is not None
            assert isinstance(resumed, Conflict)
        else:
            resumed, expired = in_turn(resuming, expiring)
            assert resumed["status"] == "in_progress"
            assert expired is None
        found.append(verdict(estate, ticket))
    assert found[0] == found[1]
    state, actions, pause_seconds, _ = found[0]
    assert (state, pause_seconds, actions.count("resume")) == ("met", 7200, 1)


def test_at_the_same_moment_one_of_them_ends_the_pause(
    estate: "Estate", web_engine: Engine, worker_engine: Engine, overdue_pause: Callable[[], dict[str, Any]]
) -> None:
    crew, system = estate.people["crew"], system_actor(estate.organisation_id)
    found = set()
    for _ in range(ROUNDS):
        ticket = overdue_pause()
        together = threading.Barrier(2)

        def resume(key: str = ticket["id"], together: threading.Barrier = together) -> bool:
            with transaction(web_engine, crew) as db:
                together.wait(5)
                try:
                    return commands.resume(db, crew, key) is not None
                except Conflict:
                    return False

        def expire(key: str = ticket["id"], together: threading.Barrier = together) -> bool:
            with transaction(worker_engine, system) as db:
                together.wait(5)
                return commands.expire_pause(db, system, key) is not None

        with ThreadPoolExecutor(2) as pool:
            ended = [one.result(20) for one in [pool.submit(resume), pool.submit(expire)]]
        assert sorted(ended) == [False, True]
        state, actions, pause_seconds, target = verdict(estate, ticket)
        found.add((state, tuple(actions), pause_seconds, target))
    assert len(found) == 1
