"""The service as a whole: its schema, its routes, and one completion's way over the real broker."""

import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import jsonschema
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine

from services.contracts import SUBSCRIPTIONS, Fact, parse
from services.contracts.surveys import SurveyAnswered, SurveyInvited
from services.kit import migrate
from services.kit.bus import Subscription, open_publisher, open_subscription
from services.kit.database import make_engine
from services.kit.events import from_message, to_message
from services.kit.http.access import declared
from services.kit.outbox import Waker
from services.kit.settings import Settings
from services.surveys import models
from services.surveys import worker as worker_process
from services.surveys.settings import SurveySettings
from tests.surveys.conftest import AT_ONCE, Desk, Ticket


def test_the_migrations_build_what_the_models_say(server_url: str, settings: Settings) -> None:
    url = migrate.owner_url(server_url, "surveys").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, models.metadata) == []
    engine.dispose()


def test_every_tenant_table_is_under_row_level_security(worker: Engine) -> None:
    with worker.begin() as db:
        rows = db.exec_driver_sql(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relrowsecurity AND relforcerowsecurity"
        ).scalars()
        assert set(rows) == {
            "return_visits",
            "ticket_turns",
            "answers",
            "answer_items",
            "answer_views",
            "sampling_rules",
            "draws",
            "exports",
            "callbacks",
            "call_attempts",
            "people",
            "ticket_steps",
            "clock_outcomes",
            "campaigns",
            "campaign_households",
            "campaign_answers",
            "campaign_answer_items",
            "campaign_estimates",
            "erasure_passes",
            "idempotency_keys",
        }


def test_every_route_declares_who_may_call_it(client: FlaskClient) -> None:
    views = client.application.view_functions
    assert {name: declared(view) for name, view in views.items() if declared(view) is None} == {}


def test_answers_are_as_the_document_says(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    document = client.get("/openapi.json").json
    schemas = document["components"]["schemas"]
    token = desk.invited(ticket)
    page = client.get(f"/api/v1/surveys/{token}")
    receipt = client.post(f"/api/v1/surveys/{token}", json={"solved": True})
    for name, answer in (("SurveyOut", page), ("AnswerOut", receipt)):
        jsonschema.validate(answer.json, {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
    operations = document["paths"]["/api/v1/surveys/{token}"]
    assert set(operations["post"]["responses"]) == {"201", "default"}
    assert operations["get"]["security"] == operations["post"]["security"] == []


@pytest.fixture(params=["rabbitmq", "postgres"])
def over_the_bus(
    request: pytest.FixtureRequest, service_settings: Callable[..., Settings], settings: Settings
) -> Settings:
    """Return the service's settings on each transport."""
    if request.param == "rabbitmq":
        return service_settings("surveys", amqp_url=request.getfixturevalue("amqp_url"))
    return service_settings("surveys", bus_database_url=request.getfixturevalue("bus_database_url"))


@contextmanager
def running(settings: Settings, engine: Engine) -> Any:
    """Run the worker's loops in this process."""
    stop = threading.Event()
    waker = Waker(make_engine(settings.worker_database_url, pool_size=1))
    loops = worker_process.loops(SurveySettings(settings, AT_ONCE), engine, waker)
    threads = [threading.Thread(target=loop, args=(stop,), name=name) for name, loop in loops.items()]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        waker.close()
        for thread in threads:
            thread.join(20)
        assert not any(thread.is_alive() for thread in threads)


def await_fact(subscription: Subscription, ticket: Ticket, kind: type[Fact]) -> Any:
    """Return the first fact of a kind about a ticket that arrives within 20 s, acknowledging all on the way."""
    for _ in range(40):
        deliveries = subscription.receive(50, 0.5)
        events = [from_message(delivery.message) for delivery in deliveries]
        subscription.settle(deliveries)
        for event in events:
            if event.type != kind.type or event.organisation_id != ticket.organisation_id:
                continue
            fact: Any = parse(event)
            if fact.ticket_id == ticket.id:
                return fact
    raise AssertionError(f"no {kind.__name__} arrived")


def test_a_completion_on_the_bus_becomes_an_invitation_and_an_answer(
    over_the_bus: Settings, worker: Engine, client: FlaskClient, ticket: Ticket
) -> None:
    listening = open_subscription(over_the_bus, SUBSCRIPTIONS, "gateway")
    publisher = open_publisher(over_the_bus, SUBSCRIPTIONS)
    completed = to_message(ticket.completed())
    with running(over_the_bus, worker):
        publisher.publish([completed, completed])
        invited = await_fact(listening, ticket, SurveyInvited)
        receipt = client.post(f"/api/v1/surveys/{invited.link_token}", json={"solved": False, "satisfaction": 2})
        answered = await_fact(listening, ticket, SurveyAnswered)
    listening.close()
    publisher.close()
    assert receipt.status_code == 201
    assert (answered.survey_id, answered.solved, answered.satisfaction) == (invited.survey_id, False, 2)
