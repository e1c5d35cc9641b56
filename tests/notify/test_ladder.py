"""An emergency climbs its ladder until somebody acknowledged it: each rung in time, each once, whoever climbs."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from services.contracts import tickets
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.testing import at, bearer, fresh
from services.notify.channels import Outgoing, Permanent
from services.notify.deliver import Deliverer
from services.notify.handlers import Handlers
from services.notify.ladder import Climber
from services.notify.models import alarms, incidents, phone_tasks
from tests.notify.conftest import NOON, Desk, Postbox


class Line(Postbox):
    """A channel to every person who has an address of its name."""

    def __init__(self, name: str, addresses: dict[str, str]) -> None:
        super().__init__()
        self.name = name
        self.known = addresses

    def addresses(self, contact: Any) -> dict[str, str]:
        found = self.known.get(contact.person_id)
        return {"one": found} if found else {}


@dataclass
class Ladder:
    """A dispatcher with every kind of address, a manager, and an emergency that came in at noon."""

    desk: Desk
    dispatcher: str
    manager: str
    lines: dict[str, Line]
    ticket_id: str
    now: datetime = NOON

    def climber(self) -> Climber:
        channels = list(self.lines.values())
        return Climber(self.desk.worker, channels, Handlers("https://desk.example", channels))

    def until(self, moment: datetime) -> None:
        """Let the worker climb and deliver in steps of five seconds."""
        while self.now <= moment:
            with at(self.now):
                self.climber().tick()
                for line in self.lines.values():
                    while Deliverer(self.desk.worker, line).step():
                        pass
            self.now += timedelta(seconds=5)

    def sent(self) -> dict[str, list[Outgoing]]:
        return {name: line.taken for name, line in self.lines.items()}

    def calls(self) -> list[Any]:
        return self._all(phone_tasks)

    def incidents(self) -> list[Any]:
        return self._all(incidents)

    def alarm(self) -> Any:
        return self._all(alarms)[0]

    def _all(self, table: Any) -> list[Any]:
        mine = select(table).where(table.c.organisation_id == self.desk.organisation_id)
        with self.desk.worker.connect() as connection:
            return list(connection.execute(mine).all())

    def signed(self, person: str, role: str) -> dict[str, str]:
        return bearer(Actor(person, self.desk.organisation_id, role, (self.desk.community_id,)))


def after(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture
def ladder(desk: Desk) -> Ladder:
    dispatcher, manager = desk.person("dispatcher"), desk.person("manager")
    lines = {name: Line(name, {dispatcher: f"{name}-address"}) for name in ("push", "sms", "email")}
    desk.channels = list(lines.values())
    ticket_id = fresh()
    with at(NOON):
        desk.hears(desk.event(tickets.TicketFiled, urgency="emergency", ticket_id=ticket_id))
    return Ladder(desk, dispatcher, manager, lines, ticket_id)


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


def test_what_no_channel_took_is_undelivered_and_managers_hear_of_it_once(ladder: Ladder, client: FlaskClient) -> None:
    for line in ladder.lines.values():
        line.failures = [Permanent("550 refused")] * 5
    ladder.until(after(900))
    (incident,) = ladder.incidents()
    assert incident.cause == "undelivered"
    told = [notice for notice in ladder.desk.notices(ladder.manager) if notice.kind == "notice.undelivered"]
    assert len(told) == 1
    assert told[0].urgent
    items = client.get("/api/v1/incidents?open=true", headers=ladder.signed(ladder.manager, "manager")).json["items"]
    for ticket_id, there in ((ladder.ticket_id, items), (fresh(), [])):
        of_it = client.get(f"/api/v1/incidents?ticket_id={ticket_id}", headers=ladder.signed(ladder.manager, "manager"))
        assert of_it.json["items"] == there
    assert [(item["cause"], item["kind"]) for item in items] == [("undelivered", "ticket.filed")]


def test_an_emergency_without_a_ladder_that_nobody_took_is_an_incident_too(desk: Desk, postbox: Postbox) -> None:
    resident = desk.person(email="resident@example.org")
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident, urgency="emergency"))
    postbox.failures = [Permanent("550 no such mailbox")]
    Deliverer(desk.worker, postbox).step()
    assert [row.cause for row in Ladder(desk, resident, "", {}, "").incidents()] == ["undelivered"]


def test_of_one_person_and_ticket_one_incident_is_open_at_a_time(ladder: Ladder, client: FlaskClient) -> None:
    for line in ladder.lines.values():
        line.known = {}
    another = {"urgency": "emergency", "ticket_id": ladder.ticket_id}
    ladder.until(after(600))
    (incident,) = ladder.incidents()
    with at(ladder.now):
        again = [ladder.desk.event(kind, **another) for kind in (tickets.TicketReleased, tickets.TicketFiled)]
        ladder.desk.hears(*again)
    ladder.until(after(1300))
    assert [row.id for row in ladder.incidents()] == [incident.id]
    (told,) = [notice for notice in ladder.desk.notices(ladder.manager) if notice.kind == "notice.undelivered"]
    assert "收件人还未登记可用的紧急联系方式" in told.body
    path = f"/api/v1/incidents/{incident.id}/close"
    closed = client.post(path, json={"remark": "已当面告知"}, headers=ladder.signed(ladder.manager, "manager"))
    assert closed.status_code == 200
    with at(ladder.now):
        ladder.desk.hears(ladder.desk.event(tickets.TicketReleased, **another))
    ladder.until(after(2000))
    assert len(ladder.incidents()) == 2


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


def test_a_call_is_claimed_by_one_and_its_outcome_acknowledges(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(240))
    one, other = fresh(), fresh()
    (task,) = client.get("/api/v1/phone-tasks", headers=ladder.signed(one, "dispatcher")).json["items"]
    for ticket_id, there in ((ladder.ticket_id, [task]), (fresh(), [])):
        of_it = client.get(f"/api/v1/phone-tasks?ticket_id={ticket_id}", headers=ladder.signed(one, "dispatcher"))
        assert of_it.json["items"] == there
    assert (task["person_id"], task["state"], task["audience"]) == (ladder.dispatcher, "open", "dispatcher")
    path = f"/api/v1/phone-tasks/{task['id']}"
    assert client.post(f"{path}/claim", headers=ladder.signed(one, "dispatcher")).status_code == 200
    refused = client.post(f"{path}/claim", headers=ladder.signed(other, "dispatcher"))
    assert (refused.status_code, refused.json["claimed_by"]) == (409, one)
    outcome = {"outcome": "reached"}
    assert client.post(f"{path}/outcome", json=outcome, headers=ladder.signed(other, "manager")).status_code == 409
    done = client.post(f"{path}/outcome", json=outcome, headers=ladder.signed(one, "dispatcher"))
    assert (done.status_code, done.json["state"]) == (200, "done")
    ladder.until(after(900))
    assert ladder.alarm().ended_by == "reached"
    assert not ladder.incidents()


def test_a_call_that_reached_nobody_comes_back_and_ends_after_three(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(240))
    who = ladder.signed(fresh(), "dispatcher")
    (call,) = ladder.calls()
    for attempt, state in enumerate(("open", "open", "done"), 1):
        assert client.post(f"/api/v1/phone-tasks/{call.id}/claim", headers=who).status_code == 200
        told = client.post(f"/api/v1/phone-tasks/{call.id}/outcome", json={"outcome": "not_reached"}, headers=who)
        assert (told.json["attempts"], told.json["state"]) == (attempt, state)
    released = client.post(f"/api/v1/phone-tasks/{call.id}/release", headers=who)
    assert released.status_code == 409


def test_of_many_who_claim_a_call_one_wins(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(240))
    (call,) = ladder.calls()
    people = [ladder.signed(fresh(), "dispatcher") for _ in range(6)]
    app = client.application

    def claim(headers: dict[str, str]) -> int:
        return app.test_client().post(f"/api/v1/phone-tasks/{call.id}/claim", headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(claim, people)) == [200] + [409] * 5


def test_calls_and_incidents_are_their_communitys_and_their_roles(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(540))
    organisation = ladder.desk.organisation_id
    for path, roles in (("phone-tasks", ("resident", "crew")), ("incidents", ("resident", "crew", "dispatcher"))):
        for role in roles:
            answer = client.get(f"/api/v1/{path}", headers=ladder.signed(fresh(), role))
            assert answer.status_code == 403
        for stranger in (Actor(fresh(), organisation, "manager", (fresh(),)), Actor(fresh(), fresh(), "manager")):
            assert client.get(f"/api/v1/{path}", headers=bearer(stranger)).json["items"] == []
            with transaction(ladder.desk.web, stranger) as connection:
                assert connection.execute(text(f"SELECT * FROM {path.replace('-', '_')}")).all() == []
    for table in ("alarms", "ticket_answers"):
        with pytest.raises(Exception, match="permission denied"), transaction(ladder.desk.web) as connection:
            connection.execute(text(f"SELECT * FROM {table}"))


def test_an_incident_is_closed_once_with_what_was_done(ladder: Ladder, client: FlaskClient) -> None:
    ladder.until(after(540))
    (incident,) = ladder.incidents()
    path, who = f"/api/v1/incidents/{incident.id}/close", ladder.signed(ladder.manager, "manager")
    assert client.post(path, json={"remark": ""}, headers=who).status_code == 422
    closed = client.post(path, json={"remark": "Went there"}, headers=who)
    assert (closed.status_code, closed.json["remark"]) == (200, "Went there")
    assert client.post(path, json={"remark": "Again"}, headers=who).status_code == 409
    assert client.get("/api/v1/incidents?open=true", headers=who).json["items"] == []
