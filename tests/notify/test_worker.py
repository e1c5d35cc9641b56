"""The worker on a real broker: what was published becomes notices, once, whatever is killed on the way."""

import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from services.contracts import SUBSCRIPTIONS, tickets
from services.kit.bus import open_publisher
from services.kit.events import Event, Message, to_message
from services.kit.settings import Settings
from services.kit.testing import free_port, fresh
from services.kit.worker import sweep
from services.notify import models, worker
from services.notify.models import inbox
from services.notify.settings import NotifySettings
from tests.notify.conftest import NOON, Desk
from tests.waiting import until


@pytest.fixture(params=["rabbitmq", "postgres"])
def on_bus(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Return the settings with either transport of the bus."""
    if request.param == "rabbitmq":
        return replace(settings, amqp_url=request.getfixturevalue("amqp_url"))
    return replace(settings, bus_database_url=request.getfixturevalue("bus_database_url"))


def publish(settings: Settings, *messages: Message) -> None:
    publisher = open_publisher(settings, SUBSCRIPTIONS)
    publisher.publish(messages)
    publisher.close()


@contextmanager
def consuming(settings: Settings, desk: Desk) -> Iterator[None]:
    """Run the consumer's loop in a thread, as the worker does."""
    stop = threading.Event()
    own = NotifySettings(settings, None, frozenset())
    thread = threading.Thread(target=worker.consuming(own, desk.worker, []), args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def filed(desk: Desk, count: int) -> list[Event]:
    resident = desk.person()
    return [desk.event(tickets.TicketFiled, requester_id=resident) for _ in range(count)]


def test_what_is_published_becomes_notices_once(on_bus: Settings, desk: Desk) -> None:
    events = filed(desk, 120)
    with consuming(on_bus, desk):
        publish(on_bus, *map(to_message, events))
        publish(on_bus, *map(to_message, events[:40]))
        last = desk.event(tickets.TicketFiled, requester_id=fresh())
        publish(on_bus, to_message(last))
        until(lambda: len(desk.notices()) == 121)
    assert {notice.event_id for notice in desk.notices()} == {event.id for event in [*events, last]}


def test_a_bad_message_spoils_only_itself(on_bus: Settings, desk: Desk) -> None:
    events = filed(desk, 10)
    broken = to_message(Event("ticket.filed.v1", "tickets", fresh(), NOON, desk.organisation_id, data={}))
    with consuming(on_bus, desk):
        publish(on_bus, *map(to_message, events[:5]), broken, *map(to_message, events[5:]))
        until(lambda: len(desk.notices()) == 10)

        def set_aside() -> bool:
            with desk.worker.connect() as connection:
                dead = select(func.count()).where(inbox.c.event_id == broken.headers["ce-id"], inbox.c.state == "dead")
                return connection.execute(dead).scalar_one() == 1

        until(set_aside)


def test_a_killed_worker_loses_and_doubles_nothing(settings: Settings, desk: Desk, amqp_url: str) -> None:
    """kill -9 in the middle of the stream; the next process carries on."""
    on_rabbit = replace(settings, amqp_url=amqp_url)
    events = filed(desk, 400)
    publish(on_rabbit, *map(to_message, events))
    first = start(settings, amqp_url)
    until(lambda: len(desk.notices()) > 0)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = start(settings, amqp_url)
    try:
        until(lambda: len(desk.notices()) == 400)
    finally:
        second.terminate()
        assert second.wait(20) == 0
    assert {notice.event_id for notice in desk.notices()} == {event.id for event in events}


def test_the_web_process_answers_and_ends_when_asked(settings: Settings, amqp_url: str) -> None:
    port = free_port()
    web = start(settings, amqp_url, "web", NOTIFY_PORT=str(port))

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False

    try:
        until(ready)
    finally:
        web.terminate()
        assert web.wait(20) == 0


def start(settings: Settings, amqp_url: str, process: str = "worker", **changes: str) -> subprocess.Popen[bytes]:
    key = Path(settings.home) / "notify-verify.pem"
    key.write_text(settings.verify_key)
    environment = {
        **os.environ,
        "NOTIFY_DATABASE_URL": settings.database_url,
        "NOTIFY_WORKER_DATABASE_URL": settings.worker_database_url,
        "AMQP_URL": amqp_url,
        "DOORSTEP_SECRET": settings.secret,
        "DOORSTEP_VERIFY_KEY_FILE": str(key),
        "DOORSTEP_HOME": str(settings.home),
        **changes,
    }
    command = [sys.executable, "-m", "services.notify", process]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def test_a_process_by_another_name_is_refused() -> None:
    asked = subprocess.run([sys.executable, "-m", "services.notify", "dance"], capture_output=True, text=True)
    assert asked.returncode == 1
    assert "web|worker" in asked.stderr


def test_the_sweep_forgets_only_what_is_past_its_time(desk: Desk) -> None:
    events = filed(desk, 2)
    desk.hears(*events)
    with desk.worker.begin() as connection:
        connection.execute(update(inbox).where(inbox.c.event_id == events[0].id).values(received_at=NOON))
    sweep(desk.worker, models.metadata)
    with desk.worker.connect() as connection:
        ours = select(inbox.c.event_id).where(inbox.c.event_id.in_([event.id for event in events]))
        assert connection.execute(ours).scalars().all() == [events[1].id]
    assert len(desk.notices()) == 2, "notices stay"
