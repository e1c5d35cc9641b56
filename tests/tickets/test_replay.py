"""The ledger replays: what is stored follows from history, and whoever changes a row by hand is found."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, text

from doorstep.cli import main
from doorstep.rebuild import write_anew
from doorstep.replay import Figures, Period, Replay
from doorstep.told import locked
from doorstep.verification import verify
from services.kit import clock, testing
from services.tickets import books
from services.tickets.models import tickets
from services.tickets.settings import TicketsSettings
from tests.tickets.busy_desk import BURST, busy, sweep

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


def replayed(engine: Engine, estate: "Estate", **period: Any) -> tuple[list[str], Figures]:
    """Return the differences of an organisation, without the names of the tickets, and the figures."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
        run = Replay(db, Period(organisation_id=estate.organisation_id, **period), lambda done, of: None)
        return [difference for _, found in run.differing() for difference in found], run.figures


def test_what_a_busy_desk_stored_follows_from_history(estate: "Estate", worker_engine: Engine) -> None:
    busy(estate, worker_engine)
    found, figures = replayed(worker_engine, estate)
    assert found == []
    assert (figures.tickets, figures.differing) == (7, 0)
    assert figures.clocks >= 21
    assert figures.firings >= 21
    with worker_engine.connect() as db:
        assert list(verify(db, lambda done, of: None)) == []


def test_a_period_is_half_open_and_one_organisations(
    estate: "Estate", new_estate: Callable[[], "Estate"], worker_engine: Engine
) -> None:
    filed_at = clock.now() - timedelta(days=3)
    with testing.at(filed_at):
        estate.file()
        new_estate().file()
    day = timedelta(days=1)
    assert replayed(worker_engine, estate, since=filed_at, until=filed_at + day)[1].tickets == 1
    assert replayed(worker_engine, estate, since=filed_at - day, until=filed_at)[1].tickets == 0


CHANGES = {
    "state": "'met'",
    "started_at": "started_at - interval '1 s'",
    "target_seconds": "target_seconds + 1",
    "basis": "'working'",
    "rule": "'another'",
    "warnings_at": "'{}'",
    "due_at": "due_at + interval '1 h'",
    "stopped_at": "now()",
    "paused_at": "now()",
    "paused_until": "now()",
    "breached_at": "NULL",
    "unknown": "'a reason'",
    "contract_seconds": "1",
    "pause_seconds": "1",
    "filed_at": "filed_at + interval '1 day'",
    "community_id": "organisation_id",
    "need_level": "5",
    "work_type": "'care'",
    "policy_version": "'another'",
    "crew_id": "organisation_id",
    "next_fire_at": "now()",
    "next_level": "2",
}


@pytest.mark.parametrize("column", CHANGES)
def test_a_clock_changed_by_hand_is_found_and_nothing_else(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None], column: str
) -> None:
    with testing.at(clock.now() - timedelta(days=2)):
        ticket, _ = estate.file(BURST), estate.file(BURST)
    sweep(worker_engine)
    by_hand(
        f"UPDATE clocks SET {column} = {CHANGES[column]} WHERE ticket_id = %(id)s AND kind = 'attend'",
        id=ticket["id"],
    )
    found, figures = replayed(worker_engine, estate)
    assert len(found) == 1
    assert found[0].startswith("clock attend 1: ")
    assert ("the next level" if column.startswith("next") else column) in found[0]
    assert (figures.tickets, figures.differing, figures.differences) == (2, 1, 1)


FIRINGS = {
    "UPDATE firings SET true_at = true_at + interval '1 s' WHERE {}": "history knows nothing of it",
    "UPDATE firings SET level = 7 WHERE {}": "warning 7 at",
    "UPDATE firings SET fired_at = true_at - interval '1 s' WHERE {}": "was fired before its moment",
    "DELETE FROM firings WHERE {}": "history says",
}


@pytest.mark.parametrize("statement", FIRINGS)
def test_a_firing_changed_by_hand_is_found(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None], statement: str
) -> None:
    with testing.at(clock.now() - timedelta(days=2)):
        ticket = estate.file(BURST)
    sweep(worker_engine)
    by_hand(statement.format("ticket_id = %(id)s AND kind = 'attend' AND level = 1"), id=ticket["id"])
    found, _ = replayed(worker_engine, estate)
    assert any(FIRINGS[statement] in difference for difference in found), found
    assert all(difference.startswith("clock attend 1") for difference in found), found


def test_a_level_that_no_timer_fired_while_later_ones_were_is_found(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    with testing.at(clock.now() - timedelta(days=2)):
        ticket = estate.file(BURST)
    sweep(worker_engine)
    of_ticket = "ticket_id = %(id)s AND kind = 'attend'"
    by_hand(f"DELETE FROM firings WHERE {of_ticket} AND level = 0", id=ticket["id"])
    by_hand(
        "UPDATE clocks SET state = 'running', breached_at = NULL, next_level = 0, next_fire_at = due_at"
        f" WHERE {of_ticket}",
        id=ticket["id"],
    )
    (found,), _ = replayed(worker_engine, estate)
    assert found.startswith("clock attend 1: the breach at")
    assert found.endswith("was never fired, and later ones were")


def test_a_clock_too_few_and_one_too_many_are_found(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    ticket = estate.file()
    by_hand("UPDATE clocks SET generation = 9 WHERE ticket_id = %(id)s AND kind = 'attend'", id=ticket["id"])
    found, _ = replayed(worker_engine, estate)
    assert found == ["clock attend 1 is missing", "clock attend 9 is stored, and history knows no such clock"]


def test_a_history_that_was_changed_proves_nothing_and_is_said_so(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    ticket = estate.file()
    by_hand("UPDATE history SET at = at - interval '1 day' WHERE ticket_id = %(id)s", id=ticket["id"])
    assert replayed(worker_engine, estate)[0] == ["the chain of its history breaks at entry 1"]


def invoke(settings: TicketsSettings, estate: "Estate", *arguments: str) -> Result:
    env = {"TICKETS_WORKER_DATABASE_URL": settings.kit.worker_database_url}
    return CliRunner().invoke(main, ["sla", "replay", "--organisation", estate.organisation_id, *arguments], env=env)


def test_the_command_says_what_differs_and_rebuilding_writes_it_anew(
    estate: "Estate", worker_engine: Engine, settings: TicketsSettings, by_hand: Callable[..., None]
) -> None:
    busy(estate, worker_engine)
    ended = invoke(settings, estate, "--from", "2020-01-01", "--to", "2100-01-01")
    assert ended.exit_code == 0, ended.output
    assert "7 tickets, " in ended.stdout
    assert "everything stored follows from history" in ended.stdout
    with worker_engine.connect() as db:
        before = db.execute(text("SELECT * FROM clocks ORDER BY ticket_id, kind, generation")).all()
    ours = {"organisation": estate.organisation_id}
    by_hand("UPDATE clocks SET contract_seconds = NULL, rule = '' WHERE organisation_id = %(organisation)s", **ours)
    by_hand("DELETE FROM clocks WHERE organisation_id = %(organisation)s AND kind = 'attend'", **ours)
    by_hand(
        "UPDATE clocks SET generation = generation + 9 WHERE organisation_id = %(organisation)s AND kind = 'claim'",
        **ours,
    )
    assert invoke(settings, estate).exit_code == 1
    rebuilt = invoke(settings, estate, "--rebuild")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert "clock resolve 1: rule is , history says standard – written anew" in rebuilt.stdout
    with worker_engine.connect() as db:
        assert db.execute(text("SELECT * FROM clocks ORDER BY ticket_id, kind, generation")).all() == before


def test_what_cannot_be_written_right_is_left_and_said(
    estate: "Estate", worker_engine: Engine, settings: TicketsSettings, by_hand: Callable[..., None]
) -> None:
    broken, invented = estate.file(), estate.file()
    by_hand("UPDATE history SET action = 'claim' WHERE ticket_id = %(id)s", id=broken["id"])
    by_hand(
        "INSERT INTO firings (ticket_id, kind, generation, level, organisation_id, true_at)"
        " SELECT id, 'resolve', 1, 0, organisation_id, now() FROM tickets WHERE id = %(id)s",
        id=invented["id"],
    )
    ended = invoke(settings, estate, "--rebuild")
    assert ended.exit_code == 1
    assert "the chain of its history breaks at entry 1 – left" in ended.stdout
    assert "was fired, and history knows nothing of it – left" in ended.stdout


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-01T08:00"])
def test_a_period_that_could_mean_anything_is_refused(moment: str) -> None:
    ended = CliRunner().invoke(main, ["sla", "replay", "--from", moment])
    assert ended.exit_code == 2
    assert moment in ended.stderr


def test_a_rebuild_that_dies_leaves_the_clocks_as_they_were(
    estate: "Estate", worker_engine: Engine, settings: TicketsSettings, by_hand: Callable[..., None]
) -> None:
    """A ticket's clocks are all written or none; and until then no step and no timer comes between."""
    ticket = estate.file()
    by_hand("UPDATE clocks SET rule = 'another' WHERE ticket_id = %(id)s", id=ticket["id"])
    before, _ = replayed(worker_engine, estate)
    with worker_engine.connect() as dying:
        write_anew(dying, locked(dying, ticket["id"]))
        with worker_engine.connect() as db:
            waiting = select(tickets.c.id).where(tickets.c.id == ticket["id"]).with_for_update(skip_locked=True)
            assert db.execute(waiting).all() == []
            pid = dying.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
            db.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        dying.invalidate()
    assert len(before) >= 3
    assert replayed(worker_engine, estate)[0] == before
    assert invoke(settings, estate, "--rebuild").exit_code == 0
    assert replayed(worker_engine, estate)[0] == []


def test_a_calendar_that_is_gone_is_said_and_not_guessed(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    estate.file()
    by_hand("DELETE FROM calendars WHERE community_id = %(id)s", id=estate.community_id)
    books.calendar_of.cache_clear()  # As in a process that starts now.
    assert replayed(worker_engine, estate)[0] == [f"there is no calendar 1 of community {estate.community_id}"]
