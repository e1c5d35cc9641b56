"""An honest wait: what is told at filing and after, from what, and when it is told anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from services.contracts.waits import ToldWait
from services.kit import clock, testing
from services.tickets import waiting
from services.tickets.commands.waits import forget_prepared
from services.tickets.models import outbox, wait_curves, wait_estimates
from services.tickets.waits.curves import LEAST

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

# A Wednesday noon in Shanghai, so that whatever is filed around it is of the same hours.
NOON = datetime(2026, 11, 18, 4, 0, tzinfo=UTC)
LEAK = "厨房水龙头滴水"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _nobody_else_waits(worker_engine: Engine) -> Iterator[None]:
    """Let no earlier test's curves be in the way."""
    with worker_engine.begin() as db:
        db.execute(delete(wait_curves))
    forget_prepared()
    yield
    forget_prepared()


def worked(estate: "Estate", filed_at: datetime, attended: float, resolved: float | None = None, **body: Any) -> Any:
    """File a request, attend it and perhaps resolve it so many minutes later."""
    with testing.at(filed_at):
        ticket = estate.file(LEAK, **body)
    with testing.at(filed_at + timedelta(minutes=attended)):
        estate.step("crew", ticket, "claim")
        ticket = estate.step("crew", ticket, "start")
    if resolved is not None:
        with testing.at(filed_at + timedelta(minutes=resolved)):
            ticket = estate.step("crew", ticket, "complete")
    return ticket


def learnt(estate: "Estate", engine: Engine, count: int = LEAST, at: datetime = NOON) -> None:
    """Give the desk a history of requests attended after 10, 20 … minutes and resolved 100 minutes later."""
    for number in range(count):
        worked(estate, NOON - timedelta(days=2), 10 * (number + 1), 10 * (number + 11))
    with testing.at(at):
        waiting.learn(engine)
    forget_prepared()


def told_anew(engine: Engine, at: datetime) -> None:
    with testing.at(at):
        waiting.tell_anew(engine, lambda: None)


def waits(estate: "Estate", ticket: dict[str, Any], name: str = "resident") -> dict[str, Any]:
    """Return the estimates that stand for a ticket, by measure."""
    answer = estate.get(name, f"/tickets/{ticket['id']}")
    assert answer.status_code == 200
    return {one["measure"]: one for one in answer.json["waits"]}


def every(estate: "Estate", ticket: dict[str, Any], measure: str = "attend") -> list[dict[str, Any]]:
    answer = estate.get("resident", f"/tickets/{ticket['id']}/waits")
    assert answer.status_code == 200
    return [one for one in answer.json["items"] if one["measure"] == measure]


def after(one: dict[str, Any], filed_at: datetime = NOON) -> tuple[timedelta, timedelta]:
    """Return a window as times from filing."""
    low, high = (datetime.fromisoformat(one[name]) - filed_at for name in ("low_at", "high_at"))
    return low, high


def events(engine: Engine, ticket: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    with engine.connect() as db:
        wanted = select(outbox.c.data).where(outbox.c.subject == ticket["id"], outbox.c.type == kind)
        return list(db.execute(wanted.order_by(outbox.c.occurred_at)).scalars())


def filed(estate: "Estate", at: datetime = NOON, words: str = LEAK, name: str = "resident") -> dict[str, Any]:
    with testing.at(at):
        return estate.file(words, name)


def test_a_new_desk_says_that_there_is_too_little(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate)
    for one in ticket["waits"]:
        assert (one["because"], one["basis"], one["low_at"], one["high_at"], one["n"]) == ("too_few", *[None] * 3, 0)
    assert list(waits(estate, ticket).values()) == ticket["waits"]
    assert events(worker_engine, ticket, "ticket.filed.v1")[0]["waits"] == []
    learnt(estate, worker_engine, LEAST - 1)
    again = filed(estate, NOON + HOUR)["waits"]
    assert [(one["because"], one["n"]) for one in again] == [("too_few", LEAST - 1)] * 2
    assert f"{LEAST - 1} like this were attended; from {LEAST} on" in again[0]["sentence"]["en"]


def test_whoever_files_hears_how_long_it_takes(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine)
    ticket = filed(estate, NOON + HOUR)
    found = {one["measure"]: one for one in ticket["waits"]}
    assert waits(estate, ticket) == found
    # The second and the nineteenth of twenty: 20 and 190 minutes, in round numbers from without.
    low, high = after(found["attend"], NOON + HOUR)
    assert (low, high) == (timedelta(minutes=15), timedelta(minutes=190))
    assert found["attend"]["sentence"]["en"] == (
        "8 in 10 like this were attended within 15 min – 3 h 10 min of filing"
        " (n = 20, same item, this community, same hours)."
    )
    told = events(worker_engine, ticket, "ticket.filed.v1")[0]
    attend = ToldWait.read(told["waits"][0])
    assert (attend.measure, attend.percent, attend.n, attend.basis) == ("attend", 80, LEAST, "item_community_hours")
    assert attend.until_at.isoformat() == found["attend"]["high_at"]
    assert found["attend"]["known_at"] == NOON.isoformat()


def test_the_circle_is_wider_where_the_closest_has_too_few(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine)
    night = filed(estate, NOON + timedelta(hours=12))
    assert night["waits"][0]["basis"] == "item_community"
    other = filed(estate, NOON + HOUR, "马桶堵了")
    assert (other["work_type"], other["waits"][0]["basis"]) == ("repair", "work_community")
    emergency = filed(estate, NOON + HOUR, "水管爆了，水漫到客厅")
    assert [one["because"] for one in emergency["waits"]] == ["too_few"] * 2


def test_an_estimate_knows_nothing_that_came_later(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine)
    assert [one["because"] for one in filed(estate, NOON - HOUR)["waits"]] == ["too_few"] * 2
    with worker_engine.begin() as db, pytest.raises(DBAPIError, match="of_the_past"):
        db.execute(
            text(
                "INSERT INTO wait_estimates SELECT ticket_id, measure, 7, organisation_id, community_id, "
                " catalogue_code, given_at, given_at + interval '1 minute', waited_seconds, basis, because, n,"
                " censored, probability, exact, low_at, high_at, moved, told FROM wait_estimates LIMIT 1"
            )
        )


def test_what_was_told_is_never_changed(estate: "Estate", worker_engine: Engine, web_engine: Engine) -> None:
    filed(estate)
    for statement in (update(wait_estimates).values(n=1), delete(wait_estimates)):
        for engine in (worker_engine, web_engine):
            with engine.begin() as db, pytest.raises(DBAPIError, match="append-only|permission denied"):
                db.execute(statement)


def test_open_and_withdrawn_requests_count_for_as_long_as_they_waited(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine)
    for _ in range(3):
        filed(estate, NOON - timedelta(days=2))
    gone = filed(estate, NOON - timedelta(days=2))
    with testing.at(NOON - timedelta(days=2) + timedelta(minutes=15)):
        estate.step("resident", gone, "cancel")
    with testing.at(NOON):
        waiting.learn(worker_engine)
        forget_prepared()
    attend = filed(estate, NOON + HOUR)["waits"][0]
    # Three of them wait longer than any: nobody knows when nine in ten are attended.
    assert (attend["because"], attend["n"]) == ("too_few", LEAST)
    for number in range(20):
        worked(estate, NOON - timedelta(days=2), 60 * (number + 1))
    with testing.at(NOON):
        waiting.learn(worker_engine)
        forget_prepared()
    attend = filed(estate, NOON + HOUR)["waits"][0]
    assert (attend["n"], attend["censored"]) == (2 * LEAST, 4)


def test_a_job_opened_again_was_not_resolved(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine)
    again = worked(estate, NOON - timedelta(days=2), 5, 6)
    with testing.at(NOON - timedelta(days=1)):
        estate.step("resident", again, "reopen", {"reason": "还在滴"})
    with testing.at(NOON):
        waiting.learn(worker_engine)
        forget_prepared()
    resolve = filed(estate, NOON + HOUR)["waits"][1]
    assert (resolve["n"], resolve["censored"]) == (LEAST, 1)


def test_a_window_that_moves_is_told_with_what_it_was(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine, 60)
    ticket = filed(estate, NOON + HOUR)
    first = ticket["waits"][0]
    # Attended were the sixty after 10, 20 … 600 minutes, nine in ten by 550. Of those left after five hours it is 580,
    # which is hardly another time.
    for minutes in (59, 300, 390):
        told_anew(worker_engine, NOON + HOUR + timedelta(minutes=minutes))
        assert every(estate, ticket) == [first]
    # It waits longer than nearly all: that is told, and nothing made up.
    told_anew(worker_engine, NOON + HOUR + timedelta(minutes=580))
    first, last = every(estate, ticket)
    assert (last["moved"], last["because"], last["n"], last["high_at"]) == ("lost", "beyond", 58, None)
    moved = [one for one in events(worker_engine, ticket, "wait.moved.v1") if one["measure"] == "attend"]
    assert [(one["moved"], one["until_at"], one["was_until_at"]) for one in moved] == [("lost", None, first["high_at"])]


def test_a_correction_moves_the_window(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine, 2 * LEAST)
    for number in range(LEAST):
        with testing.at(NOON - timedelta(days=3)):
            slow = estate.file("马桶堵了")
        with testing.at(NOON - timedelta(days=3) + timedelta(minutes=30 * (number + 20))):
            estate.step("crew", slow, "claim")
            estate.step("crew", slow, "start")
    with testing.at(NOON):
        waiting.learn(worker_engine)
        forget_prepared()
    ticket = filed(estate, NOON + HOUR)
    with testing.at(NOON + HOUR + timedelta(minutes=10)):
        corrected = {"reason": "看过照片", "catalogue_code": slow["catalogue_code"]}
        estate.step("dispatcher", ticket, "override", corrected, If_Match="*")
    told_anew(worker_engine, NOON + HOUR + timedelta(minutes=30))
    assert len(every(estate, ticket)) == 1  # Not so soon after the first.
    told_anew(worker_engine, NOON + 2 * HOUR + timedelta(minutes=1))
    given = every(estate, ticket)
    assert [one["moved"] for one in given] == [None, "later"]
    assert given[1]["high_at"] > given[0]["high_at"]
    told_anew(worker_engine, NOON + 2 * HOUR + timedelta(minutes=2))
    assert every(estate, ticket) == given


def test_whoever_was_there_is_waited_for_no_more(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine, 2 * LEAST)
    ticket = worked(estate, NOON + HOUR, 5, 400)
    told_anew(worker_engine, NOON + timedelta(days=3))
    assert len(every(estate, ticket)) == len(every(estate, ticket, "resolve")) == 1
    ends = estate.get("resident", f"/tickets/{ticket['id']}/waits").json["ended_at"]
    assert (ends["attend"], ends["resolve"]) == (
        (NOON + HOUR + timedelta(minutes=5)).isoformat(),
        (NOON + HOUR + timedelta(minutes=400)).isoformat(),
    )


def test_two_workers_give_an_estimate_once(estate: "Estate", worker_engine: Engine) -> None:
    learnt(estate, worker_engine, 2 * LEAST)
    ticket = filed(estate, NOON + HOUR)
    with testing.at(NOON + 9 * HOUR):
        with worker_engine.connect() as db:
            curves = waiting._curves(db, estate.organisation_id)
            (one,) = [row for row in waiting._open(db, estate.organisation_id) if row["id"] == ticket["id"]]
            last = waiting._last(db, estate.organisation_id)[ticket["id"], "attend"]
        found = waiting.anew(one, "attend", last, *curves["attend"], clock.now())
        assert found is not None
        given = []
        for _ in range(2):
            with worker_engine.begin() as db:
                given.append(waiting.give_anew(db, one, found, clock.now()))
    assert given == [True, False]
    assert len(events(worker_engine, ticket, "wait.moved.v1")) == 1


def test_nobody_is_called_because_the_desk_has_learnt(estate: "Estate", worker_engine: Engine) -> None:
    ticket = filed(estate)
    learnt(estate, worker_engine, 2 * LEAST)
    told_anew(worker_engine, NOON + timedelta(minutes=5))
    assert [one["moved"] for one in every(estate, ticket)] == [None, "found"]
    assert events(worker_engine, ticket, "wait.moved.v1") == []


def test_strangers_hear_nothing(estate: "Estate") -> None:
    ticket = filed(estate)
    assert estate.get("neighbour", f"/tickets/{ticket['id']}/waits").status_code == 404
