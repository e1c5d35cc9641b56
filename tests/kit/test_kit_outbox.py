"""The outbox and its relay: what was committed with an event reaches the bus, in order, once it can."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import kit_demo
import pytest
from kit_demo import LEFT, left, outbox_table
from sqlalchemy import Engine, func, insert, select, text, update

from services.kit import outbox
from services.kit.bus import BusDown, Outcome
from services.kit.events import Message
from services.kit.outbox import Relay, Waker
from tests.waiting import until


class Remembering:
    """A publisher that remembers what it was given and answers as it was told to."""

    def __init__(self, outcome: Outcome = Outcome.CONFIRMED) -> None:
        self.outcome = outcome
        self.sent: list[Message] = []
        self.closed = False

    def publish(self, messages):
        self.sent += messages
        return [self.outcome] * len(messages)

    def close(self) -> None:
        self.closed = True


def relay(engine: Engine, publisher: object) -> Relay:
    return Relay(kit_demo.SERVICE, engine, outbox_table, lambda: publisher)  # type: ignore[arg-type,return-value]


def emit(engine: Engine, *events) -> None:
    with engine.begin() as connection:
        outbox.emit(connection, outbox_table, *events)


def step(engine: Engine, publisher) -> int:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return relay(engine, publisher).step(connection, publisher)


def unpublished(engine: Engine) -> int:
    with engine.connect() as connection:
        query = select(func.count()).select_from(outbox_table).where(outbox_table.c.published_at.is_(None))
        return connection.execute(query).scalar_one()


@contextmanager
def running(*relays: Relay) -> Iterator[None]:
    stop = threading.Event()
    threads = [threading.Thread(target=one.run, args=(stop,)) for one in relays]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_the_web_role_may_write_events_but_not_read_them(web):
    emit(web, left("one"))
    emit(web, left("two"), left("three"))
    with web.begin() as connection:
        connection.execute(insert(outbox_table).values([outbox.row_of(left("four")), outbox.row_of(left("five"))]))
    with web.connect() as connection, pytest.raises(Exception, match="permission denied"):
        connection.execute(select(outbox_table)).all()


def test_events_leave_in_the_order_they_were_written_and_only_once(worker):
    emit(worker, *[left(str(number)) for number in range(450)])
    publisher = Remembering()
    assert [step(worker, publisher) for _ in range(4)] == [200, 200, 50, 0]
    assert [message.body for message in publisher.sent] == [b'{"words": "%d"}' % number for number in range(450)]


def test_a_transaction_that_commits_late_is_not_skipped(worker):
    publisher = Remembering()
    with worker.connect() as slow:
        outbox.emit(slow, outbox_table, left("late"))  # It has the lower number, and commits after the other.
        emit(worker, left("early"))
        assert step(worker, publisher) == 1
        slow.commit()
    assert step(worker, publisher) == 1
    assert [message.body for message in publisher.sent] == [b'{"words": "early"}', b'{"words": "late"}']


def test_an_event_nobody_is_bound_for_is_parked_and_delivered_once_somebody_is(worker, bus):
    emit(worker, left("early bird"))
    lonely = bus.publisher({})
    assert step(worker, lonely) == 1
    assert step(worker, lonely) == 0, "parked, it waits a minute"
    assert unpublished(worker) == 1
    lonely.close()
    publisher = bus.publisher({bus.queue: (LEFT,)})
    with worker.begin() as connection:
        connection.execute(update(outbox_table).values(parked_at=func.now() - text("interval '2 minutes'")))
    assert step(worker, publisher) == 1
    assert unpublished(worker) == 0
    publisher.close()


def test_what_the_bus_refuses_stays_and_is_no_cause_to_hurry(worker):
    emit(worker, *[left() for _ in range(200)])
    publisher = Remembering(Outcome.REFUSED)
    assert step(worker, publisher) == 0
    assert unpublished(worker) == 200
    with running(relay(worker, publisher)):
        threading.Event().wait(0.5)
    assert len(publisher.sent) <= 600


def test_a_rolled_back_transaction_tells_nobody(worker):
    with worker.connect() as connection:
        outbox.emit(connection, outbox_table, left())
        connection.rollback()
    assert step(worker, Remembering()) == 0


def test_two_relays_never_work_at_once_and_the_second_takes_over(worker, demo_settings):
    first, second = Remembering(), Remembering()
    stop = threading.Event()
    holder = threading.Thread(target=relay(worker, first).run, args=(stop,))
    holder.start()
    emit(worker, left("one"))
    until(lambda: len(first.sent) == 1)
    with running(relay(worker, second)):
        emit(worker, left("two"))
        until(lambda: len(first.sent) == 2)
        assert second.sent == []
        stop.set()
        holder.join()
        emit(worker, left("three"))
        until(lambda: len(second.sent) == 1)
    assert len(first.sent) == 2
    assert first.closed


def test_a_relay_whose_bus_is_down_lets_go_of_its_lock(worker):
    def down():
        raise BusDown("nobody there")

    with pytest.raises(BusDown):
        Relay(kit_demo.SERVICE, worker, outbox_table, down).run(threading.Event())
    with worker.connect() as connection:
        # Asked for by its own key: other locks of this database are nobody's business here.
        free = connection.execute(text("SELECT pg_try_advisory_xact_lock(hashtext('doorstep.relay'))"))
        assert free.scalar_one()


def test_a_relay_woken_after_the_commit_answers_in_milliseconds(worker, web, capsys):
    publisher = Remembering()
    waker = Waker(web)
    delays = []
    with running(relay(worker, publisher)):
        emit(worker, left("warm"))
        waker.wake()
        until(lambda: len(publisher.sent) == 1)
        for number in range(40):
            emit(web, left(str(number)))
            began = time.perf_counter()
            waker.wake()
            while len(publisher.sent) < number + 2:
                assert time.perf_counter() - began < 5
                threading.Event().wait(0.0005)
            delays.append(time.perf_counter() - began)
    waker.close()
    delays.sort()
    with capsys.disabled():
        print(f"\n[relay] woken in {delays[20] * 1000:.1f} ms at the median, {delays[-1] * 1000:.1f} ms at most")
    assert delays[20] < 1.0, "the slow poll of two seconds is only the safety net"


def test_a_lost_wake_up_loses_nothing(worker):
    publisher = Remembering()
    with running(relay(worker, publisher)):
        emit(worker, left("unannounced"))
        until(lambda: len(publisher.sent) == 1)


def test_the_waker_survives_a_lost_connection(worker, web, owner):
    publisher = Remembering()
    waker = Waker(web)
    with running(relay(worker, publisher)):
        emit(worker, left("one"))
        waker.wake()
        until(lambda: len(publisher.sent) == 1)
        with owner.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    f" WHERE usename = 'doorstep_{kit_demo.SERVICE}' AND datname = current_database()"
                )
            )
        emit(worker, left("two"))
        waker.wake()
        until(lambda: len(publisher.sent) == 2)
    waker.close()


def test_only_what_was_published_long_ago_is_swept(worker):
    emit(worker, left("kept"), left("old"))
    with worker.begin() as connection:
        old = outbox_table.c.data["words"].as_string() == "old"
        connection.execute(update(outbox_table).where(old).values(published_at=func.now() - text("interval '8 days'")))
        assert outbox.sweep(connection, outbox_table) == 1
    assert unpublished(worker) == 1


def test_the_relay_through_the_bus_in_figures(worker, bus, capsys):
    publisher = bus.publisher({bus.queue: (LEFT,)})
    emit(worker, *[left("x" * 300) for _ in range(3000)])
    began = time.perf_counter()
    while step(worker, publisher):
        pass
    seconds = time.perf_counter() - began
    publisher.close()
    assert unpublished(worker) == 0
    with capsys.disabled():
        transport = "rabbitmq" if bus.settings.amqp_url else "postgres"
        print(f"\n[relay over {transport}] {3000 / seconds:,.0f} events/s")
