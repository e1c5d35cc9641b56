"""What both transports of the bus promise; every test runs on RabbitMQ and on PostgreSQL."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pika
import psycopg
import pytest

from services.kit.bus import BusDown, Outcome, open_subscription
from services.kit.events import Message


def message(key: str, number: int = 0) -> Message:
    return Message(key, {"ce-id": f"{key}-{number}", "ce-type": key}, f'{{"n":{number}}}'.encode())


def receive(subscription, count: int, seconds: float = 10.0) -> list:
    """Receive until `count` deliveries are in hand, or fail."""
    got: list = []
    end = time.monotonic() + seconds
    while len(got) < count:
        assert time.monotonic() < end, f"only {len(got)} of {count} came"
        got += subscription.receive(count - len(got), 0.2)
    return got


def test_messages_arrive_confirmed_whole_and_in_order(bus):
    publisher, subscription = bus.publisher(), bus.subscription()
    sent = [message(bus.key, number) for number in range(450)]
    assert publisher.publish(sent) == [Outcome.CONFIRMED] * 450
    for start in range(0, 450, 150):
        got = receive(subscription, 150)
        assert [delivery.message for delivery in got] == sent[start : start + 150]
        assert {delivery.attempts for delivery in got} == {0}
        subscription.settle(got)
    assert subscription.receive(10, 0.1) == []
    publisher.close()
    subscription.close()


def test_a_publisher_says_which_of_a_batch_nobody_is_bound_for(bus):
    publisher = bus.publisher()
    other = message("nobody.listens.v1")
    outcomes = publisher.publish([message(bus.key, 1), other, message(bus.key, 2)])
    assert outcomes == [Outcome.CONFIRMED, Outcome.UNROUTABLE, Outcome.CONFIRMED]
    assert publisher.publish([other]) == [Outcome.UNROUTABLE]
    assert publisher.publish([]) == []
    publisher.close()


def test_what_was_published_before_the_consumer_first_came_is_kept(bus):
    publisher = bus.publisher()
    publisher.publish([message(bus.key)])
    publisher.close()
    subscription = bus.subscription()
    assert len(receive(subscription, 1)) == 1
    subscription.close()


def test_every_service_gets_its_own_copy(bus):
    topology = {bus.queue: (bus.key,), f"{bus.queue}-b": (bus.key,)}
    publisher = bus.publisher(topology)
    publisher.publish([message(bus.key)])
    for queue in topology:
        subscription = open_subscription(bus.settings, topology, queue)
        subscription.settle(receive(subscription, 1))
        subscription.close()
    publisher.close()
    if bus.settings.amqp_url:
        delete_queue(bus.settings.amqp_url, f"doorstep.{bus.queue}-b")


def delete_queue(url: str, queue: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        connection.channel().queue_delete(queue)


def test_a_closed_subscription_gives_back_what_it_did_not_settle(bus):
    publisher = bus.publisher()
    publisher.publish([message(bus.key, number) for number in range(5)])
    first = bus.subscription()
    got = receive(first, 5)
    first.settle(got[:2])
    first.close()
    second = bus.subscription()
    again = receive(second, 3)
    assert [delivery.message for delivery in again] == [delivery.message for delivery in got[2:]]
    assert {delivery.attempts for delivery in again} == {1}
    second.settle(again)
    second.close()
    publisher.close()


CONSUMER = """
import sys, time
from services.kit.bus import open_subscription
from services.kit import testing
from pathlib import Path
url, key = sys.argv[1:]
rabbit = url.startswith("amqp")
settings = testing.settings("x", web_url="", worker_url="", home=Path("."),
                            **({"amqp_url": url} if rabbit else {"bus_database_url": url}))
subscription = open_subscription(settings, {f"kit-{key}": (key,)}, f"kit-{key}")
while not subscription.receive(1, 1.0):
    pass
print("taken", flush=True)
time.sleep(60)
"""


def test_a_consumer_killed_before_it_settled_gives_the_message_back_and_the_delivery_is_counted(bus):
    publisher = bus.publisher()
    publisher.publish([message(bus.key)])
    publisher.close()
    for _ in range(2):
        url = bus.settings.amqp_url or bus.settings.bus_database_url
        process = subprocess.Popen([sys.executable, "-c", CONSUMER, url, bus.key], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"taken\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
    subscription = bus.subscription()
    (again,) = receive(subscription, 1)
    assert again.attempts == 2
    subscription.settle([again])
    subscription.close()


def test_several_consumers_share_a_queue_and_nothing_is_handed_out_twice(bus):
    publisher = bus.publisher()
    lock, seen, done = threading.Lock(), [], threading.Event()

    def consume() -> None:
        subscription = bus.subscription()
        while not done.is_set():
            got = subscription.receive(20, 0.1)
            subscription.settle(got)
            with lock:
                seen.extend(delivery.message.headers["ce-id"] for delivery in got)
                if len(seen) >= 600:
                    done.set()
        subscription.close()

    threads = [threading.Thread(target=consume) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(0, 600, 100):
        publisher.publish([message(bus.key, number) for number in range(start, start + 100)])
    assert done.wait(20)
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 600
    publisher.close()


def test_a_message_in_hand_stays_ours_while_we_wait(bus):
    publisher = bus.publisher()
    publisher.publish([message(bus.key)])
    first, second = bus.subscription(), bus.subscription()
    got = receive(first, 1) if bus.settings.bus_database_url and not bus.settings.amqp_url else None
    if got is None:  # RabbitMQ deals out in turn: whoever was asked first holds it.
        got = first.receive(1, 1.0) or second.receive(1, 1.0)
    first.idle(0.3)
    assert second.receive(1, 0.2) == []
    first.close()
    second.close()
    publisher.close()


def test_a_settled_empty_hand_is_nothing(bus):
    subscription = bus.subscription()
    subscription.settle([])
    subscription.close()
    subscription.close()


def test_a_transport_that_is_not_there_is_bus_down(bus):
    for place in ("127.0.0.1:9", "no-such-host.invalid:5672"):
        if bus.settings.amqp_url:
            gone = replace(bus, settings=replace(bus.settings, amqp_url=f"amqp://a:b@{place}/x"))
        else:
            gone = replace(bus, settings=replace(bus.settings, bus_database_url=f"postgresql://a:b@{place}/x"))
        with pytest.raises(BusDown):
            gone.publisher()
        with pytest.raises(BusDown):
            gone.publisher({})
        with pytest.raises(BusDown):
            gone.subscription()


def test_a_closed_publisher_is_bus_down_at_once(bus):
    publisher = bus.publisher()
    publisher.close()
    began = time.monotonic()
    with pytest.raises(BusDown):
        publisher.publish([message(bus.key)])
    publisher.close()
    assert time.monotonic() - began < 2


def test_a_large_batch_goes_through(bus, capsys):
    publisher, subscription = bus.publisher(), bus.subscription()
    body = b'{"words":"' + b"x" * 1000 + b'"}'
    batch = [Message(bus.key, {"ce-id": str(number)}, body) for number in range(200)]
    began = time.perf_counter()
    for _ in range(15):
        assert set(publisher.publish(batch)) == {Outcome.CONFIRMED}
    published = time.perf_counter() - began
    began = time.perf_counter()
    count = 0
    while count < 3000:
        got = subscription.receive(50, 1.0)
        subscription.settle(got)
        count += len(got)
    consumed = time.perf_counter() - began
    with capsys.disabled():
        transport = "rabbitmq" if bus.settings.amqp_url else "postgres"
        print(f"\n[bus {transport}] {3000 / published:,.0f}/s published, {3000 / consumed:,.0f}/s consumed")
    publisher.close()
    subscription.close()


# What RabbitMQ can do to us has a test file of its own.
@pytest.mark.parametrize("bus", ["postgres"], indirect=True)
def test_a_session_ended_by_the_server_is_bus_down(bus, server_url):
    publisher, subscription = bus.publisher(), bus.subscription()
    publisher.publish([message(bus.key)])
    got = receive(subscription, 1)
    with psycopg.connect(server_url, autocommit=True) as server:
        for session in (publisher, subscription):
            server.execute("SELECT pg_terminate_backend(%s)", (session._connection.info.backend_pid,))
    with pytest.raises(BusDown):
        publisher.publish([message(bus.key)])
    with pytest.raises(BusDown):
        subscription.idle(0.1)
    with pytest.raises(BusDown):
        subscription.receive(1, 0.1)
    with pytest.raises(BusDown):
        subscription.settle(got)
    publisher.close()
    subscription.close()
    again = bus.subscription()
    assert [one.attempts for one in receive(again, 1)] == [1]
    again.close()
