"""What the inbox does when a handler fails, a message is none, a consumer dies, or the database is away."""

import os
import subprocess
import sys
import threading
from dataclasses import replace

import kit_demo
import pytest
from kit_demo import inbox_table, left, words_heard
from kit_listening import Hand, consumer, dead, delivery, handle, states
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import DBAPIError

from services.kit import inbox
from services.kit.bus import BusDown, Delivery
from services.kit.database import is_away, make_engine
from services.kit.events import Message, from_message, to_message
from services.kit.inbox import Consumer
from services.kit.inbox.consumer import MAX_ATTEMPTS, SUSPECT_DELIVERIES


def make_due(engine: Engine) -> None:
    with engine.begin() as connection:
        waiting = inbox_table.c.state == "retry"
        connection.execute(update(inbox_table).where(waiting).values(next_attempt_at=func.now()))


def test_one_bad_event_in_a_batch_spoils_only_itself(worker):
    consumer(worker).process([delivery(left(words)) for words in ("a", "not yet", "b", "never", "c")])
    assert sorted(words_heard(worker)) == ["a", "b", "c"]
    assert states(worker) == [("dead", 1), ("done", 0), ("done", 0), ("done", 0), ("retry", 1)]


def test_a_temporary_error_is_tried_again_with_a_growing_delay_and_then_given_up(worker):
    one = consumer(worker)
    one.process([delivery(left("not yet"))])
    delays = []
    for _ in range(MAX_ATTEMPTS - 1):
        assert one.retry_due() == 0, "not before its time"
        with worker.connect() as connection:
            wait = connection.execute(select(inbox_table.c.next_attempt_at - func.now())).scalar_one()
        delays.append(wait.total_seconds())
        make_due(worker)
        assert one.retry_due() == 1
    assert delays == sorted(delays)
    assert 0.5 < delays[0] < 1.3
    assert delays[-1] > 40
    (letter,) = dead(worker)
    assert letter["attempts"] == MAX_ATTEMPTS
    assert letter["reason"].startswith("ValueError: come")


def test_a_retry_that_succeeds_is_done_and_keeps_no_message(worker):
    consumer(worker).process([delivery(left("not yet"))])
    make_due(worker)
    seen = []
    consumer(worker, lambda _connection, events: seen.extend(events)).retry_due()
    assert [event.data["words"] for event in seen] == ["not yet"]
    with worker.connect() as connection:
        row = connection.execute(select(inbox_table)).one()
    assert (row.state, row.body, row.headers) == ("done", None, None)


def test_a_permanent_error_is_dead_at_once_with_its_reason(worker):
    consumer(worker).process([delivery(left("never"))])
    (letter,) = dead(worker)
    assert letter["reason"] == "PermanentError: not in this life"
    assert letter["type"] == kit_demo.LEFT


def test_dead_letters_can_be_shown_replayed_and_discarded(worker):
    event = left("never")
    consumer(worker).process([delivery(event), delivery(left("never"))])
    with worker.begin() as connection:
        whole = inbox.dead_letter(connection, inbox_table, event.id)
        assert whole is not None
        assert from_message(Message(whole["type"], whole["headers"], whole["body"])) == event
        assert inbox.replay(connection, inbox_table, event.id)
        assert not inbox.replay(connection, inbox_table, event.id)
        other = next(row["event_id"] for row in inbox.dead_letters(connection, inbox_table))
        assert inbox.discard(connection, inbox_table, other)
        assert inbox.dead_letter(connection, inbox_table, other) is None
    seen = []
    consumer(worker, lambda _connection, events: seen.extend(events)).retry_due()
    assert seen == [event]
    assert dead(worker) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: replace(m, body=b"{"),
        lambda m: replace(m, body=b"[1]"),
        lambda m: replace(m, body=b""),
        lambda m: replace(m, body=b"\xff\xfe"),
        lambda m: replace(m, body=b"[" * 100_000),
        lambda m: replace(m, headers={}),
        lambda m: replace(m, headers={"x\x00y": "\ud800 \x00"}, key="a\x00b"),
        lambda m: replace(m, headers={**m.headers, "ce-id": "1"}),
        lambda m: replace(m, headers={**m.headers, "ce-time": "yesterday"}),
        lambda m: replace(m, headers={**m.headers, "ce-time": "2026-01-01T00:00:00"}),
        lambda m: replace(m, headers={**m.headers, "ce-organisation": "x"}),
        lambda m: replace(m, headers={**m.headers, "ce-specversion": "9"}),
        lambda m: replace(m, content_type="text/plain"),
    ],
)
def test_a_message_that_is_no_event_is_buried_once_and_its_neighbours_live(worker, spoil):
    bad = Delivery(spoil(to_message(left())), 0, 0)
    one = consumer(worker)
    for _ in range(2):
        one.process([bad, delivery(left("good"))])
    assert words_heard(worker) == ["good", "good"]
    (letter,) = dead(worker)
    with worker.begin() as connection:
        assert inbox.replay(connection, inbox_table, letter["event_id"])
    one.retry_due()
    assert len(dead(worker)) == 1, "replayed it is as malformed as before"


def test_an_attribute_that_no_database_could_keep_is_buried(worker):
    message = to_message(left())
    bad = replace(message, headers={**message.headers, "ce-subject": "a\x00b"})
    consumer(worker).process([Delivery(bad, 0, 0), delivery(left("good"))])
    assert len(dead(worker)) == 1
    assert words_heard(worker) == ["good"]


def test_a_message_often_delivered_and_never_settled_is_tried_alone(worker):
    suspects = [left("innocent"), left("also innocent")]
    one = consumer(worker)
    one.process([delivery(event, SUSPECT_DELIVERIES) for event in suspects])
    assert states(worker) == [("retry", 0), ("retry", 0)]
    one.retry_due()
    assert states(worker) == [("done", 1), ("done", 1)]
    one.process([delivery(suspects[0], 12)])
    assert states(worker) == [("done", 1), ("done", 1)]


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
import kit_listening as t
from services.kit.database import make_engine
t.consumer(make_engine(sys.argv[1])).retry_due()
"""


def test_an_event_that_kills_its_consumer_runs_out_of_tries_and_its_neighbour_lives(worker, demo_settings):
    neighbour = left("neighbour")
    consumer(worker).process([delivery(left("die"), 10), delivery(neighbour, 10)])
    command = [sys.executable, "-W", "ignore", "-c", KILLED, demo_settings.worker_database_url]
    deaths = 0
    for _ in range(3):
        make_due(worker)
        deaths += subprocess.run([*command, os.path.dirname(__file__)], check=False).returncode == 9
    assert deaths == 3
    assert ("retry", 3) in states(worker)
    with worker.begin() as connection:
        dying = inbox_table.c.attempts == 3
        connection.execute(update(inbox_table).where(dying).values(attempts=MAX_ATTEMPTS))
    make_due(worker)
    consumer(worker).retry_due()
    assert [letter["attempts"] for letter in dead(worker)] == [MAX_ATTEMPTS]
    assert words_heard(worker) == ["neighbour"]


def test_a_statement_that_is_too_slow_is_the_events_failure_and_not_an_absent_database(worker):
    consumer(worker).process([delivery(left("too slow")), delivery(left("quick"))])
    assert words_heard(worker) == ["quick"]
    assert states(worker) == [("done", 0), ("retry", 1)]


def test_an_absent_database_is_told_from_a_failing_statement(worker):
    nowhere = make_engine("postgresql://a:b@127.0.0.1:9/x")
    with pytest.raises(DBAPIError) as away:
        nowhere.connect()
    assert is_away(away.value)
    with pytest.raises(DBAPIError) as wrong, worker.connect() as connection:
        connection.execute(text("SELECT 1 / 0"))
    assert not is_away(wrong.value)
    with worker.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with worker.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(DBAPIError) as killed:
            connection.execute(text("SELECT 1"))
    assert is_away(killed.value)
    assert not is_away(ValueError())


def test_while_the_database_is_away_messages_are_kept_in_hand(worker, demo_settings):
    stop = threading.Event()
    hand = Hand([delivery(left("patient"))], stop)
    nowhere = make_engine("postgresql://a:b@127.0.0.1:9/x")
    with pytest.raises(BusDown):
        consumer(nowhere).run(hand, stop)
    assert hand.settled == []
    assert hand.closed

    class Mended(Consumer):
        """A consumer whose database comes back at the second pause."""

        def process(self, batch):
            self._engine = worker if hand.idled else nowhere
            super().process(batch)

    hand = Hand([delivery(left("patient"))], stop)
    Mended(kit_demo.SERVICE, nowhere, inbox_table, handle).run(hand, stop)
    assert len(hand.settled) == 1
    assert hand.idled >= 0.2
    assert words_heard(worker) == ["patient"]
