"""Of one emergency nobody is rung twice at a time: a call that waits to be made tells the newest of it."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import inspect

from services.contracts import tickets
from services.contracts.fact import Fact
from services.kit.testing import at, fresh
from services.notify.ladder import Climber
from services.notify.models import alarms
from tests.notify.climbing import Ladder, after, emergency_at_noon
from tests.notify.conftest import Desk


@pytest.fixture
def ladder(desk: Desk) -> Ladder:
    return emergency_at_noon(desk)


def hears(ladder: Ladder, seconds: int, kind: type[Fact], ticket_id: str = "", **changes: Any) -> None:
    """Let something more happen to the emergency, which nobody has taken in hand."""
    moment = after(seconds)
    about = {"ticket_id": ticket_id or ladder.ticket_id, "urgency": "emergency", "owner_id": None, **changes}
    ladder.until(moment)
    with at(moment):
        ladder.desk.hears(ladder.desk.event(kind, at=moment, **about))


def calls(ladder: Ladder, *states: str) -> Sequence[Any]:
    """Return the dispatcher's calls in these states, the oldest first."""
    theirs = [call for call in ladder.calls() if call.person_id == ladder.dispatcher and call.state in states]
    return sorted(theirs, key=lambda call: call.id)


def takes(ladder: Ladder, client: FlaskClient, seconds: int) -> tuple[str, dict[str, str]]:
    """Let a colleague take the one call that waits; returns its id and whose it is."""
    ladder.until(after(seconds))
    colleague = ladder.signed(fresh(), "dispatcher")
    [call] = calls(ladder, "open")
    with at(after(seconds)):
        assert client.post(f"/api/v1/phone-tasks/{call.id}/claim", headers=colleague).status_code == 200
    return call.id, colleague


def settles(ladder: Ladder, client: FlaskClient, seconds: int, taken: tuple[str, dict[str, str]], outcome: str) -> None:
    """Let whoever took a call say what came of it."""
    ladder.until(after(seconds))
    call_id, colleague = taken
    with at(after(seconds)):
        told = client.post(f"/api/v1/phone-tasks/{call_id}/outcome", json={"outcome": outcome}, headers=colleague)
    assert told.status_code == 200, told.json


def test_an_emergency_nobody_answers_is_one_call_a_person_however_often_it_is_told(ladder: Ladder) -> None:
    hears(ladder, 120, tickets.TicketUnclaimed, to="dispatcher")
    hears(ladder, 300, tickets.TicketUnclaimed, to="manager")
    hears(ladder, 600, tickets.SlaBreached, clock="acknowledge", due_at=after(600))
    ladder.until(after(1500))
    climbed = [row for row in ladder._all(alarms) if row.step >= 4]
    assert len(climbed) == 5, "each has come to the telephone"
    assert sorted(call.person_id for call in ladder.calls()) == sorted([ladder.dispatcher, ladder.manager])
    [call] = calls(ladder, "open")
    assert (call.kind, call.created_at) == ("sla.breached", after(240))
    [notice] = [one for one in ladder.desk.notices(ladder.dispatcher) if one.kind == "sla.breached"]
    assert (call.title, call.notice_id) == (notice.title, notice.id)


def test_whoever_was_reached_has_heard_of_all_of_it(ladder: Ladder, client: FlaskClient) -> None:
    hears(ladder, 120, tickets.TicketUnclaimed, to="dispatcher")
    settles(ladder, client, 420, takes(ladder, client, 420), "reached")
    ladder.until(after(1500))
    assert {(row.kind, row.ended_by, row.ended_at) for row in ladder._all(alarms)} == {
        ("ticket.filed", "reached", after(420)),
        ("ticket.unclaimed", "reached", after(420)),
    }
    assert not ladder.incidents()
    # What happens after the call is told anew.
    hears(ladder, 1600, tickets.SlaBreached, clock="acknowledge", due_at=after(1600))
    ladder.until(after(1900))
    assert len(calls(ladder, "open")) == 1
    assert len(calls(ladder, "done")) == 1


def test_what_is_new_does_not_wait_for_the_next_try_of_what_was_not_heard(ladder: Ladder, client: FlaskClient) -> None:
    settles(ladder, client, 310, takes(ladder, client, 300), "not_reached")
    [tried] = calls(ladder, "open")
    assert (tried.attempts, tried.call_from > after(320)) == (1, True)
    hears(ladder, 320, tickets.TicketUnclaimed, to="dispatcher")
    ladder.until(after(700))
    [call] = calls(ladder, "open")
    assert (call.id, call.kind, call.attempts) == (tried.id, "ticket.unclaimed", 0)
    assert after(320) < call.call_from < tried.call_from


def test_a_call_that_is_being_made_is_not_doubled_and_keeps_its_words(ladder: Ladder, client: FlaskClient) -> None:
    hears(ladder, 120, tickets.TicketUnclaimed, to="dispatcher")
    takes(ladder, client, 250)
    ladder.until(after(500))
    [call] = [one for one in ladder.calls() if one.person_id == ladder.dispatcher]
    assert (call.state, call.kind) == ("claimed", "ticket.filed")


def test_what_happens_between_taking_a_call_and_its_outcome_is_told_anew(ladder: Ladder, client: FlaskClient) -> None:
    taken = takes(ladder, client, 250)
    hears(ladder, 300, tickets.SlaBreached, clock="acknowledge", due_at=after(300))
    settles(ladder, client, 420, taken, "reached")
    ladder.until(after(540))
    theirs = [row for row in ladder._all(alarms) if row.person_id == ladder.dispatcher]
    assert {(row.kind, row.ended_by) for row in theirs} == {("ticket.filed", "reached"), ("sla.breached", None)}
    assert [call.kind for call in calls(ladder, "open")] == ["sla.breached"]


def test_what_happens_while_a_call_is_made_is_not_left_to_it(ladder: Ladder, client: FlaskClient) -> None:
    takes(ladder, client, 250)
    hears(ladder, 300, tickets.SlaBreached, clock="acknowledge", due_at=after(300))
    hears(ladder, 310, tickets.TicketUnclaimed, to="dispatcher")
    ladder.until(after(560))
    assert [call.kind for call in calls(ladder, "claimed")] == ["ticket.filed"]
    assert [call.kind for call in calls(ladder, "open")] == ["ticket.unclaimed"]


def test_the_calls_to_a_person_about_a_ticket_are_found_by_an_index(desk: Desk) -> None:
    found = inspect(desk.worker).get_indexes("phone_tasks")
    assert ["person_id", "ticket_id"] in [index["column_names"] for index in found]


def test_another_ticket_is_another_call(ladder: Ladder) -> None:
    hears(ladder, 10, tickets.TicketFiled, ticket_id=fresh())
    ladder.until(after(400))
    assert len(calls(ladder, "open")) == 2


def test_many_workers_at_once_ask_for_one_call(ladder: Ladder) -> None:
    hears(ladder, 0, tickets.TicketReleased)
    hears(ladder, 0, tickets.TicketReopened)
    climbers: list[Climber] = [ladder.climber() for _ in range(3)]
    for seconds in (15, 60, 120, 240):
        with at(after(seconds)), ThreadPoolExecutor(3) as pool:
            list(pool.map(Climber.tick, climbers))
    assert len([row for row in ladder._all(alarms) if row.person_id == ladder.dispatcher and row.step == 4]) == 3
    assert len(calls(ladder, "open")) == 1
