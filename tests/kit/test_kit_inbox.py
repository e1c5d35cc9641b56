"""The inbox: one effect per event, retries that grow, and a place for what can never be handled."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from kit_demo import inbox_table, left, outbox_table, words_heard
from kit_listening import Hand, consumer, delivery, handle, states
from sqlalchemy import func, select, update

from services.kit import inbox, outbox
from services.kit.database import make_engine
from services.kit.events import to_message


def test_an_event_delivered_twice_has_one_effect(worker):
    once = left("once")
    consumer(worker).process([delivery(once), delivery(once)])
    consumer(worker).process([delivery(once, attempts=1)])
    assert words_heard(worker) == ["once"]
    assert states(worker) == [("done", 0)]


def test_events_out_of_order_are_each_handled(worker):
    first, second = left("first"), left("second")
    consumer(worker).process([delivery(second)])
    consumer(worker).process([delivery(first), delivery(second)])
    assert sorted(words_heard(worker)) == ["first", "second"]


def test_an_event_waiting_for_its_retry_is_not_handled_by_its_duplicate(worker):
    event = left("not yet")
    consumer(worker).process([delivery(event)])
    consumer(worker, lambda *_: pytest.fail("handled twice")).process([delivery(event, 1)])
    assert states(worker) == [("retry", 1)]


def test_a_stop_in_the_middle_settles_nothing_that_was_not_handled():
    stop = threading.Event()
    hand = Hand([delivery(left())], stop)
    hand.idle = lambda seconds: stop.set()  # type: ignore[method-assign]
    consumer(make_engine("postgresql://a:b@127.0.0.1:9/x")).run(hand, stop)
    assert hand.settled == []
    assert hand.closed


def test_each_event_of_a_batch_carries_on_its_own_trace_and_correlation(worker):
    traces = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    given = [left(str(n), correlation_id=f"request-{n}", traceparent=traces[n]) for n in (0, 1)]

    def answer(connection, events) -> None:
        for event in events:
            assert structlog.contextvars.get_contextvars()["correlation_id"] == event.correlation_id
            outbox.emit(connection, outbox_table, left(f"answer {event.data['words']}"))

    consumer(worker, answer).process([delivery(event) for event in given])
    with worker.connect() as connection:
        rows = connection.execute(select(outbox_table).order_by(outbox_table.c.id)).all()
    assert [row.correlation_id for row in rows] == ["request-0", "request-1"]
    assert [row.traceparent[3:35] for row in rows] == [trace[3:35] for trace in traces]
    assert structlog.contextvars.get_contextvars().get("correlation_id") not in ("request-0", "request-1")


def test_handle_once_says_which_events_were_new(worker):
    event = left()
    with worker.begin() as connection:
        assert inbox.handle_once(connection, inbox_table, [event], handle) == [event]
        assert inbox.handle_once(connection, inbox_table, [event], handle) == []


def test_only_what_was_settled_long_ago_is_swept(worker):
    consumer(worker).process([delivery(left(words)) for words in ("a", "never", "not yet")])
    with worker.begin() as connection:
        connection.execute(update(inbox_table).values(received_at=func.now() - timedelta(days=15)))
        assert inbox.sweep(connection, inbox_table) == 1
    assert states(worker) == [("dead", 1), ("retry", 1)]


def test_events_go_through_the_bus_into_rows_and_stay_one_effect(worker, bus, capsys):
    publisher = bus.publisher()
    count = 2000
    events = [left(f"{number}") for number in range(count)]
    for start in range(0, count, 200):
        publisher.publish([replace(to_message(event), key=bus.key) for event in events[start : start + 200]])
    publisher.publish([replace(to_message(event), key=bus.key) for event in events[:100]])
    stop = threading.Event()
    began = time.perf_counter()
    thread = threading.Thread(target=consumer(worker).run, args=(bus.subscription(), stop))
    thread.start()
    while len(words_heard(worker)) < count:
        assert time.perf_counter() - began < 60
        threading.Event().wait(0.02)
    seconds = time.perf_counter() - began
    stop.set()
    thread.join()
    publisher.close()
    assert len(words_heard(worker)) == count
    with capsys.disabled():
        transport = "rabbitmq" if bus.settings.amqp_url else "postgres"
        print(f"\n[inbox over {transport}] {count / seconds:,.0f} events/s into rows")
