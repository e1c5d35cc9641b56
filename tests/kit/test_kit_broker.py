"""What RabbitMQ alone can do to us: die, close, forget a queue, refuse a declaration, run out of memory."""

import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import kit_demo
import pika
import pytest
from sqlalchemy import func, select

from doorstep.private_rabbitmq import PrivateRabbitMQ
from services.kit import outbox, process
from services.kit.bus import BusDown, Outcome, rabbitmq
from services.kit.bus.rabbitmq import RabbitPublisher, RabbitSubscription
from services.kit.events import Message


@pytest.fixture(scope="module")
def node() -> Iterator[PrivateRabbitMQ]:
    """Return a node of these tests' own, that may be killed."""
    home = Path(os.environ["DOORSTEP_TEST_HOME"]) / f"node-{uuid.uuid4().hex[:8]}"
    node = PrivateRabbitMQ(home)
    node.start()
    yield node
    node.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def key() -> str:
    """Return a routing key of this test alone."""
    return f"k{uuid.uuid4().hex[:12]}.told.v1"


def topology(key: str) -> dict[str, tuple[str, ...]]:
    return {key: (key,)}


def message(key: str, number: int = 0) -> Message:
    return Message(key, {"ce-id": f"{key}-{number}"}, b'{"n":%d}' % number)


def until_bus_down(step: Callable[[], object], seconds: float = 15) -> None:
    """Repeat `step` until it raises BusDown; the other side's end takes a moment to arrive."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            step()
        except BusDown:
            return
    pytest.fail("nobody noticed")


def receive(subscription: RabbitSubscription, count: int, seconds: float = 20) -> list:
    got: list = []
    end = time.monotonic() + seconds
    while len(got) < count:
        assert time.monotonic() < end, f"only {len(got)} of {count} came"
        got += subscription.receive(count, 0.2)
    return got


def test_confirmed_messages_survive_a_kill_of_the_broker_and_everybody_notices_it(node, key):
    publisher = RabbitPublisher(node.url, topology(key))
    subscription = RabbitSubscription(node.url, topology(key), key)
    confirmed = sum(
        outcome is Outcome.CONFIRMED
        for start in range(0, 600, 200)
        for outcome in publisher.publish([message(key, number) for number in range(start, start + 200)])
    )
    assert confirmed == 600
    in_hand = receive(subscription, 50)
    # RabbitMQ 3.10 writes a new queue's name to disk up to half a second after it confirms the queue, and a queue
    # whose node is killed in between answers nobody again. A desk that has run for a second is past that.
    subscription.idle(2)
    failures: list[BaseException] = []
    stop = threading.Event()

    def publish_on() -> None:
        try:
            while not stop.is_set():
                publisher.publish([message(key, 10_000 + number) for number in range(200)])
        except BusDown as problem:
            failures.append(problem)

    thread = threading.Thread(target=publish_on)
    thread.start()
    assert node.pid
    node.kill()  # With SIGKILL, and gone when this returns: a node still dying would pass for a live one.
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert len(failures) == 1
    until_bus_down(lambda: subscription.receive(50, 0.2))
    with pytest.raises(BusDown):
        subscription.settle(in_hand)
    with pytest.raises(BusDown):
        subscription.idle(0.1)
    with pytest.raises(BusDown):
        RabbitPublisher(node.url, topology(key))
    with pytest.raises(BusDown):
        RabbitPublisher(node.url, {})
    with pytest.raises(BusDown):
        RabbitSubscription(node.url, topology(key), key)
    subscription.close()
    publisher.close()
    stop.set()

    node.start()
    again = RabbitSubscription(node.url, topology(key), key)
    seen: set[str] = set()
    end = time.monotonic() + 30
    while len(seen) < 600 and time.monotonic() < end:
        got = again.receive(100, 0.5)
        again.settle(got)
        seen |= {one.message.headers["ce-id"] for one in got}
    assert {f"{key}-{number}" for number in range(600)} <= seen
    again.close()


def test_a_queue_taken_away_is_noticed_and_made_again(node, key):
    subscription = RabbitSubscription(node.url, topology(key), key)
    with pika.BlockingConnection(pika.URLParameters(node.url)) as connection:
        connection.channel().queue_delete(f"doorstep.{key}")
    until_bus_down(lambda: subscription.receive(10, 0.2))
    subscription.close()
    again = RabbitSubscription(node.url, topology(key), key)
    publisher = RabbitPublisher(node.url, topology(key))
    assert publisher.publish([message(key)]) == [Outcome.CONFIRMED]
    assert len(receive(again, 1)) == 1
    again.close()
    publisher.close()


def test_a_queue_declared_otherwise_is_refused_as_bus_down(node, key):
    with pika.BlockingConnection(pika.URLParameters(node.url)) as connection:
        connection.channel().queue_declare(f"doorstep.{key}", durable=True, arguments={"x-queue-type": "classic"})
    with pytest.raises(BusDown, match="PRECONDITION"):
        RabbitPublisher(node.url, topology(key))
    with pytest.raises(BusDown, match="PRECONDITION"):
        RabbitSubscription(node.url, topology(key), key)


def test_a_missing_exchange_ends_the_publisher_and_not_silently(node, key):
    publisher = RabbitPublisher(node.url, topology(key))
    with pika.BlockingConnection(pika.URLParameters(node.url)) as connection:
        connection.channel().exchange_delete(rabbitmq.EXCHANGE)
    with pytest.raises(BusDown, match="NOT_FOUND"):
        publisher.publish([message(key)])
    with pytest.raises(BusDown):
        publisher.publish([message(key)])
    publisher.close()
    assert RabbitPublisher(node.url, topology(key)).close() is None


def test_a_wrong_password_is_bus_down(node, key):
    wrong = node.url.replace("doorstep:", "doorstep:x", 1)
    with pytest.raises(BusDown):
        RabbitPublisher(wrong, {})
    with pytest.raises(BusDown):
        RabbitSubscription(wrong, topology(key), key)


def test_a_message_the_library_cannot_send_fails_the_batch_at_once(node, key):
    publisher = RabbitPublisher(node.url, topology(key))
    began = time.monotonic()
    with pytest.raises(BusDown):
        publisher.publish([message("k" * 300)])
    assert time.monotonic() - began < 5
    publisher.close()


def test_a_handler_that_takes_long_keeps_its_connection_while_it_idles(node, key, monkeypatch):
    quick = rabbitmq._parameters

    def impatient(url: str):
        parameters = quick(url)
        parameters.heartbeat = 1
        return parameters

    monkeypatch.setattr(rabbitmq, "_parameters", impatient)
    publisher = RabbitPublisher(node.url, topology(key))
    subscription = RabbitSubscription(node.url, topology(key), key)
    publisher.publish([message(key)])
    got = receive(subscription, 1)
    subscription.idle(4)
    subscription.settle(got)
    assert subscription.receive(1, 0.1) == []
    assert publisher.publish([message(key, 2)]) == [Outcome.CONFIRMED], "the publisher answers heartbeats by itself"
    subscription.close()
    publisher.close()


def test_a_handler_that_kept_the_connection_waiting_gets_its_message_again(node, key, monkeypatch):
    quick = rabbitmq._parameters

    def impatient(url: str):
        parameters = quick(url)
        parameters.heartbeat = 1
        return parameters

    monkeypatch.setattr(rabbitmq, "_parameters", impatient)
    publisher = RabbitPublisher(node.url, topology(key))
    subscription = RabbitSubscription(node.url, topology(key), key)
    publisher.publish([message(key)])
    got = receive(subscription, 1)
    threading.Event().wait(5)  # A handler busy for longer than the broker waits for a heartbeat.
    again = RabbitSubscription(node.url, topology(key), key)
    (back,) = receive(again, 1)
    assert back.attempts == 1
    until_bus_down(lambda: (subscription.settle(got), subscription.receive(1, 0.1)))
    subscription.close()
    again.settle([back])
    again.close()
    publisher.close()


def test_a_broker_that_blocks_publishers_is_bus_down_and_not_a_wait_for_ever(node, key, monkeypatch):
    quick = rabbitmq._parameters

    def impatient(url: str):
        parameters = quick(url)
        parameters.blocked_connection_timeout = 1
        return parameters

    monkeypatch.setattr(rabbitmq, "_parameters", impatient)
    publisher = RabbitPublisher(node.url, topology(key))
    # What the broker sends when its memory alarm goes off, delivered where it would arrive.
    frame = pika.frame.Method(0, pika.spec.Connection.Blocked("low on memory"))
    connection = publisher._connection
    connection.ioloop.add_callback_threadsafe(lambda: connection._process_frame(frame))
    until_bus_down(lambda: publisher.publish([message(key)]))
    publisher.close()


def test_a_broker_killed_under_a_working_relay_loses_nothing(node, key, worker):
    topology = {key: (kit_demo.LEFT,)}
    subscription = RabbitSubscription(node.url, topology, key)
    subscription.idle(2)  # The name of a new queue is on disk after that.
    subscription.close()
    count = 3000
    with worker.begin() as connection:
        outbox.emit(connection, kit_demo.outbox_table, *[kit_demo.left(str(number)) for number in range(count)])
    stop = threading.Event()

    def relay_on() -> None:
        relay = outbox.Relay("x", worker, kit_demo.outbox_table, lambda: RabbitPublisher(node.url, topology))
        process._keep_running("relay", relay.run, stop)

    def unpublished() -> int:
        waiting = kit_demo.outbox_table.c.published_at.is_(None)
        with worker.connect() as connection:
            return connection.execute(
                select(func.count()).select_from(kit_demo.outbox_table).where(waiting)
            ).scalar_one()

    thread = threading.Thread(target=relay_on)
    thread.start()
    while unpublished() > count - 400:
        pass
    node.kill()  # With SIGKILL, and gone when this returns: a node still dying would pass for a live one.
    left_over = unpublished()
    node.start()
    end = time.monotonic() + 40
    while unpublished():
        assert time.monotonic() < end
        threading.Event().wait(0.1)
    stop.set()
    thread.join()
    assert left_over > 0, "it was killed in the middle"
    subscription = RabbitSubscription(node.url, topology, key)
    seen: set[str] = set()
    while got := subscription.receive(200, 2.0):
        subscription.settle(got)
        seen |= {one.message.headers["ce-id"] for one in got}
    subscription.close()
    assert len(seen) == count
