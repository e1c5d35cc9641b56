"""Nobody has to believe a ticket: its columns and its words are held against history, and history against itself."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Engine, text

from doorstep import verification
from doorstep.replay import Period, Replay
from services.kit import clock, testing
from services.kit.database import transaction
from services.tickets import chain
from tests.tickets.busy_desk import BURST, sweep
from tests.tickets.case_forger import verdict
from tests.tickets.case_made import export
from tests.tickets.forging import following, smuggled
from tests.tickets.test_history import entries_of

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate


SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def replayed(engine: Engine, estate: "Estate") -> tuple[list[str], Replay]:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as db:
        run = Replay(db, Period(organisation_id=estate.organisation_id), lambda done, of: None)
        return [difference for _, found in run.differing() for difference in found], run


def verified(engine: Engine, estate: "Estate") -> list[str]:
    with engine.connect() as db:
        numbers = {row.id for row in db.execute(text("SELECT id::text FROM tickets WHERE organisation_id = :id"),
                                                {"id": estate.organisation_id})}  # fmt: skip
        found = list(verification.verify(db, lambda done, of: None, verification.Words()))
    return [sentence for sentence in found if any(number in sentence for number in numbers)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"at": -3 * SECOND}, "of an earlier moment than the one before it"),
        ({"action": "promise", "data": {}}, "nothing can be computed from its history (KeyError: 'promised_at')"),
        ({"action": "override", "data": {"changes": 7}}, "nothing can be "),
        ({"action": "pause", "data": {"waiting_reason": "parts", "until": "soon"}}, "nothing can be "),
    ],
)
def test_one_forged_history_does_not_stop_the_audit(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None], change: dict[str, Any], sentence: str
) -> None:
    forged, honest = estate.file(), estate.file()
    if "at" in change:
        change = {"at": entries_of(worker_engine, forged["id"])[0]["at"] + change["at"]}
    smuggled(by_hand, following(estate, worker_engine, forged, **change))
    by_hand("UPDATE clocks SET rule = 'another' WHERE ticket_id = %(id)s AND kind = 'attend'", id=honest["id"])
    (first, second), run = replayed(worker_engine, estate)
    assert sentence in first
    assert second == "clock attend 1: rule is another, history says standard"
    assert (run.figures.tickets, run.figures.differing) == (2, 2)
    assert len(run.rebuilt(worker_engine, forged["id"])) == 1
    assert any(sentence in one for one in verified(worker_engine, estate))


def test_a_completion_dated_before_the_breach_is_an_untruth_about_history(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    with testing.at(clock.now() - timedelta(days=2)):
        ticket = estate.file(BURST)
        for verb in ("claim", "start"):
            estate.step("crew", ticket, verb)
    sweep(worker_engine)
    at = entries_of(worker_engine, ticket["id"])[-1]["at"] + SECOND
    crew = estate.people["crew"].id
    done = {"completed_at": at, "first_completed_at": at, "completed_by": crew, "completions": 1}
    smuggled(by_hand, following(estate, worker_engine, ticket, at=at), **done)
    found, _ = replayed(worker_engine, estate)
    (breach,) = [one for one in found if one.startswith("clock resolve 1: the breach at")]
    assert "was fired, and history knows nothing of it: it has the clock stopped at " in breach
    assert breach.endswith("so an entry was dated back or the firing invented")


def lived(estate: "Estate") -> dict[str, Any]:
    """A job promised, claimed, completed, taken up again, completed again, confirmed."""
    ticket = estate.file()
    estate.step("crew", ticket, "claim")
    estate.step("crew", ticket, "promise", {"promised_at": (clock.now() + HOUR).isoformat()})
    for _ in range(2):
        estate.step("crew", ticket, "start")
        until = (clock.now() + HOUR).isoformat()
        estate.step("crew", ticket, "pause", {"reason": "parts", "note": "等阀门", "until": until})
        estate.step("resident", ticket, "object", {"reason": "太久"})
        estate.step("crew", ticket, "resume")
        ticket = estate.step("crew", ticket, "complete")
        if ticket["version"] < 10:
            estate.step("resident", ticket, "reopen", {"reason": "还在漏"})
    return estate.step("resident", ticket, "confirm")


# What the web role can write, and what reports count or clocks depend on.
COLUMNS = {
    "completions": "1",
    "completed_by": "id",
    "first_completed_at": "NULL",
    "completed_at": "filed_at",
    "acknowledged_at": "filed_at",
    "promised_at": "NULL",
    "solved": "true",
    "satisfaction": "5",
    "paused_until": "filed_at",
    "owner_id": "id",
    "urgency": "'routine'",
    "need_level": "5",
    "catalogue_code": "'another'",
    "sla_class": "'internal'",
    "work_type": "'care'",
    "circumstances": "'{infant}'",
    "policy_version": "'another'",
    "calendar_version": "9",
}


def test_no_column_is_believed(estate: "Estate", web_engine: Engine, worker_engine: Engine) -> None:
    ticket = lived(estate)
    assert replayed(worker_engine, estate)[0] == []
    assert verified(worker_engine, estate) == []
    for column, value in COLUMNS.items():
        with transaction(web_engine, estate.people["crew"]) as db:
            before = db.execute(text(f"SELECT {column} FROM tickets WHERE id = :id"), {"id": ticket["id"]}).scalar_one()
            db.execute(text(f"UPDATE tickets SET {column} = {value} WHERE id = :id"), {"id": ticket["id"]})
        found, run = replayed(worker_engine, estate)
        assert [one for one in found if one.startswith(f"{column} of the ticket is ")], (column, found)
        assert any(f"{column} of the ticket is " in one for one in verified(worker_engine, estate))
        assert f"The ticket's {column} is " in verdict(export(estate, ticket).data)
        assert run.rebuilt(worker_engine, ticket["id"]), "a ticket's own columns are for a human to mend"
        with transaction(web_engine, estate.people["crew"]) as db:
            db.execute(text(f"UPDATE tickets SET {column} = :it WHERE id = :id"), {"it": before, "id": ticket["id"]})
    assert replayed(worker_engine, estate)[0] == []


@pytest.mark.parametrize("column", ["title", "description", "location"])
def test_other_words_than_were_filed_are_found(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None], column: str
) -> None:
    ticket, _ = estate.file("燃气泄漏，闻到煤气味"), estate.file()
    by_hand(f"UPDATE tickets SET {column} = '灯泡坏了' WHERE id = %(id)s", id=ticket["id"])
    sentence = "title, description or location of the ticket are not those that history sealed"
    found, run = replayed(worker_engine, estate)
    assert found == [sentence]
    assert "words of 1 requests match their seals, 0 were erased, 0 are from before" in run.figures.sentence()
    assert sentence in verified(worker_engine, estate)[0]
    assert "are not those that history sealed" in verdict(export(estate, ticket).data)
    by_hand("UPDATE tickets SET words_salt = NULL WHERE id = %(id)s", id=ticket["id"])
    assert replayed(worker_engine, estate)[0] == [sentence], "words that were erased say so"


@pytest.mark.parametrize("column", ["requester_id", "unit_id", "filed_by", "number", "channel", "filed_at"])
def test_somebody_elses_request_is_found(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None], column: str
) -> None:
    ticket = estate.file()
    value = "now()" if column == "filed_at" else "gen_random_uuid()"
    by_hand(f"UPDATE tickets SET {column} = {value} WHERE id = %(id)s", id=ticket["id"])
    assert any(one.startswith(f"{column} of the ticket is ") for one in replayed(worker_engine, estate)[0])


def test_an_old_request_without_a_seal_is_said_and_not_failed(
    estate: "Estate", worker_engine: Engine, by_hand: Callable[..., None]
) -> None:
    ticket = estate.file()
    (entry,) = entries_of(worker_engine, ticket["id"])
    for name in ("requester_id", "unit_id", "filed_by", "number", "about_ticket_id", "words_sha256"):
        del entry["data"][name]
    digest = chain.digest(chain.GENESIS, entry)
    by_hand(
        "UPDATE history SET data = %(data)s, hash = %(hash)s WHERE ticket_id = %(id)s",
        data=Jsonb(entry["data"]), hash=digest, id=ticket["id"],
    )  # fmt: skip
    by_hand("UPDATE tickets SET words_salt = NULL, history_hash = %(h)s WHERE id = %(id)s", h=digest, id=ticket["id"])
    found, run = replayed(worker_engine, estate)
    assert found == []
    assert "1 are from before words were sealed" in run.figures.sentence()
    assert verdict(export(estate, ticket).data) == ""


def test_a_reopened_job_is_whose_history_says(estate: "Estate", worker_engine: Engine) -> None:
    ticket = estate.completed()
    estate.step("resident", ticket, "reopen", {"reason": "还在漏"})
    assert entries_of(worker_engine, ticket["id"])[-1]["data"]["owner_id"] == estate.people["crew"].id
    assert replayed(worker_engine, estate)[0] == []
