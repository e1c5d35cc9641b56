"""An emergency climbs its ladder until somebody acknowledged it: each rung in time, each once, whoever climbs."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from services.contracts import tickets
from services.kit.testing import at, fresh
from services.notify.channels import Permanent
from services.notify.handlers import Handlers
from services.notify.ladder import Climber
from services.notify.models import alarms
from tests.notify.climbing import Ladder, Line, after, emergency_at_noon
from tests.notify.conftest import NOON, Desk


@pytest.fixture
def ladder(desk: Desk) -> Ladder:
    return emergency_at_noon(desk)


def test_each_rung_comes_in_its_time_and_once(ladder: Ladder) -> None:
    assert all(not taken for taken in ladder.sent().values()), "the inbox comes first"
    expected = {10: 0, 15: 1, 55: 1, 60: 2, 115: 2, 120: 3, 400: 3}
    for seconds, count in expected.items():
        ladder.until(after(seconds))
        assert sum(len(taken) for taken in ladder.sent().values()) == count, seconds
    assert [len(taken) for taken in ladder.sent().values()] == [1, 1, 1]
    (call,) = ladder.calls()
    assert (call.person_id, call.state, call.created_at) == (ladder.dispatcher, "open", after(240))
    assert not ladder.incidents()
    ladder.until(after(540))
    (incident,) = ladder.incidents()
    assert (incident.cause, incident.opened_at) == ("unacknowledged", after(540))
    assert ladder.alarm().ended_by == "incident"


def test_a_rung_without_an_address_costs_no_time(ladder: Ladder) -> None:
    ladder.lines["push"].known = {}
    ladder.lines["sms"].known = {}
    ladder.until(after(15))
    assert [len(taken) for taken in ladder.sent().values()] == [0, 0, 1]


def test_reading_the_notice_ends_it(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(20))
    (notice,) = ladder.desk.notices(ladder.dispatcher)
    who = ladder.signed(ladder.dispatcher, "dispatcher")
    with at(after(30)):
        assert client.post(f"/api/v1/notices/{notice.id}/read", headers=who).status_code == 200
    ladder.until(after(900))
    assert [len(taken) for taken in ladder.sent().values()] == [1, 0, 0]
    assert (ladder.alarm().ended_by, ladder.alarm().ended_at) == ("read", after(30))
    assert not ladder.calls()
    assert not ladder.incidents()


def test_one_dispatcher_who_reads_ends_it_for_the_desk(desk: Desk, client: FlaskClient) -> None:
    first, second = desk.person("dispatcher"), desk.person("dispatcher")
    line = Line("push", {first: "a", second: "b"})
    desk.channels = [line]
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, urgency="emergency"))
    both = Ladder(desk, first, "", {"push": line}, "")
    (notice,) = desk.notices(first)
    who = both.signed(first, "dispatcher")
    with at(after(5)):
        assert client.post(f"/api/v1/notices/{notice.id}/read", headers=who).status_code == 200
    both.until(after(900))
    assert not line.taken


@pytest.mark.parametrize("answer", [tickets.TicketAcknowledged, tickets.TicketClaimed, tickets.TicketAssigned])
def test_answering_for_the_ticket_ends_it_whichever_news_comes_first(
    ladder: Ladder, answer: type[tickets.TicketFact]
) -> None:
    late = ladder.desk.event(answer, urgency="emergency", ticket_id=ladder.ticket_id, at=after(40))
    ladder.until(after(20))
    ladder.desk.hears(late)
    ladder.until(after(900))
    assert [len(taken) for taken in ladder.sent().values()] == [1, 0, 0]
    assert [row.ended_by for row in ladder._all(alarms) if row.kind == "ticket.filed"] == ["answered"]


def test_an_answer_that_arrives_before_the_emergency_itself_is_not_lost(desk: Desk) -> None:
    dispatcher, ticket_id = desk.person("dispatcher"), fresh()
    line = Line("push", {dispatcher: "a"})
    desk.channels = [line]
    answered = desk.event(tickets.TicketAcknowledged, urgency="emergency", ticket_id=ticket_id, at=after(2))
    with at(after(3)):
        desk.hears(answered)
        desk.hears(desk.event(tickets.TicketFiled, urgency="emergency", ticket_id=ticket_id))
    Ladder(desk, dispatcher, "", {"push": line}, ticket_id).until(after(900))
    assert not line.taken


def test_a_ticket_in_hand_does_not_tell_the_resident(desk: Desk) -> None:
    resident, ticket_id = desk.person(), fresh()
    line = Line("push", {resident: "a"})
    desk.channels = [line]
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeclined, urgency="emergency", requester_id=resident, ticket_id=ticket_id))
        desk.hears(desk.event(tickets.TicketCompleted, urgency="emergency", ticket_id=ticket_id, at=after(9)))
    Ladder(desk, resident, "", {"push": line}, ticket_id).until(after(15))
    assert [letter.address for letter in line.taken] == ["a"]


def test_news_that_are_no_emergency_climb_nothing(desk: Desk) -> None:
    desk.person("dispatcher")
    desk.hears(desk.event(tickets.TicketFiled, urgency="urgent"))
    with desk.worker.connect() as connection:
        mine = alarms.c.organisation_id == desk.organisation_id
        assert connection.execute(select(alarms).where(mine)).all() == []


def test_a_refused_rung_hurries_to_the_next(ladder: Ladder) -> None:
    ladder.lines["push"].failures = [Permanent("no such device")]
    ladder.until(after(20))
    assert [len(taken) for taken in ladder.sent().values()] == [0, 1, 0]


def test_that_a_danger_is_gone_is_told_to_everybody_s_device_and_needs_no_answer(desk: Desk) -> None:
    resident = desk.person()
    line = Line("push", {resident: "a"})
    desk.channels = [line]
    ladder = Ladder(desk, "", "", {"push": line}, fresh())
    with at(NOON):
        desk.hears(desk.event(tickets.TicketMadeSafe, urgency="emergency", requester_id=resident))
    ladder.until(after(900))
    assert len(line.taken) == 1
    assert ladder.calls() == ladder.incidents() == []


def test_many_workers_take_each_rung_once(desk: Desk) -> None:
    people = [desk.person("dispatcher") for _ in range(30)]
    line = Line("push", dict.fromkeys(people, "a"))
    desk.channels = [line]
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, urgency="emergency"))
    climbers = [Climber(desk.worker, [line], Handlers("https://desk.example", [line])) for _ in range(4)]
    for seconds in (15, 300, 900):
        with at(after(seconds)), ThreadPoolExecutor(4) as pool:
            list(pool.map(Climber.tick, climbers))
    ladder = Ladder(desk, people[0], "", {}, "")
    assert len(desk.deliveries("push")) == len(ladder.calls()) == len(ladder.incidents()) == 30


def test_a_killed_worker_leaves_the_rung_to_the_next(ladder: Ladder) -> None:
    with at(after(15)):
        with ladder.desk.worker.connect() as killed:
            killed.execute(text("SELECT 1 FROM alarms FOR UPDATE"))
            ladder.climber().tick()
            assert not ladder.desk.deliveries("push"), "somebody holds it"
        ladder.climber().tick()
    assert len(ladder.desk.deliveries("push")) == 1
