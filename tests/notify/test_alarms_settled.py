"""What the desk settles of an emergency: calls taken and told, incidents opened once and closed."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from services.contracts import tickets
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.testing import at, bearer, fresh
from services.notify.channels import Permanent
from services.notify.deliver import Deliverer
from tests.notify.climbing import Ladder, after, emergency_at_noon
from tests.notify.conftest import Desk, Postbox


@pytest.fixture
def ladder(desk: Desk) -> Ladder:
    return emergency_at_noon(desk)


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
