"""A household is called: from the completion on the real broker to what everybody else hears of the call."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from services.contracts import SUBSCRIPTIONS, to_event
from services.contracts.gateway import AccountChanged
from services.contracts.surveys import SurveyAnswered, SurveyInvited, SurveyProxied
from services.kit.bus import open_publisher, open_subscription
from services.kit.events import to_message
from services.kit.settings import Settings
from services.kit.testing import fresh
from services.surveys.models import people
from tests.surveys.conftest import NOON, Desk, Ticket
from tests.surveys.offices import Office
from tests.surveys.test_service import await_fact, running


def test_an_emergency_on_the_broker_is_called_about_and_both_kinds_of_answer_arrive(
    amqp_url: str,
    service_settings: Callable[..., Settings],
    settings: Settings,
    worker: Engine,
    client: FlaskClient,
    desk: Desk,
) -> None:
    settings = service_settings("surveys", amqp_url=amqp_url)
    office = Office(client, desk)
    listening = open_subscription(settings, SUBSCRIPTIONS, "gateway")
    publisher = open_publisher(settings, SUBSCRIPTIONS)
    resident = office.people["resident"]
    account = AccountChanged(
        account_id=fresh(), revision=1, role="dispatcher", active=True, locale="en", community_ids=(), unit_ids=(),
        skills=(), badge="told by the bus",
    )  # fmt: skip
    human, proxy = (Ticket(fresh(), office.organisation_id) for _ in range(2))
    home = {"community_id": office.community_id, "unit_id": office.home, "requester_id": resident.id}
    reports = {
        human: (SurveyAnswered, {"outcome": "answered", "answer": {"solved": False, "satisfaction": 1}}),
        proxy: (SurveyProxied, {"outcome": "proxy", "spoken_by": "neighbour", "answer": {"solved": True}}),
    }
    heard = {}
    with running(settings, worker):
        known = to_event(account, organisation_id=office.organisation_id, subject=account.account_id, at=NOON)
        publisher.publish([to_message(known)])
        for ticket, (kind, body) in reports.items():
            publisher.publish([to_message(ticket.completed(urgency="emergency", **home))])
            await_fact(listening, ticket, SurveyInvited)
            (call,) = office.calls(ticket)
            assert (call.reason, float(call.drawn_with), call.state) == ("emergency", 1.0, "open")
            assert office.claim("dispatcher", call.id).status_code == 200
            assert office.report("dispatcher", call.id, **body).status_code == 201
            heard[ticket] = await_fact(listening, ticket, kind)
    listening.close()
    publisher.close()
    caller = office.people["dispatcher"].id
    answered, proxied = heard[human], heard[proxy]
    with worker.begin() as db:
        badge = db.execute(select(people.c.badge).where(people.c.id == account.account_id)).scalar_one()
    assert badge == "told by the bus"
    assert (answered.channel, answered.recorded_by, answered.solved) == ("phone", caller, False)
    assert (proxied.spoken_by, proxied.recorded_by, proxied.solved) == ("neighbour", caller, True)
    assert [event.data["ticket_id"] for event in office.desk.emitted(proxy, SurveyAnswered.type)] == [human.id]
