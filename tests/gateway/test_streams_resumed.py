"""A stream that broke, fell silent or was one too many: nothing is missed unsaid, and nothing stays open."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from gateway import feed, models, sweeping
from gateway.api import stream as api
from services.kit import clock, identity
from services.kit.testing import actor, fresh, keys
from tests.gateway.streaming import ORGANISATION, RESIDENT, Listening, event


def test_what_was_missed_is_sent_again_from_the_last_event_on(client: FlaskClient, happen: Callable) -> None:
    with Listening(client, RESIDENT) as stream:
        (first,) = happen(event())
        assert stream.next()["id"] == first
    missed = happen(event(), event(requester_id=fresh(), unit_id=fresh()), event())
    with Listening(client, RESIDENT, last=first) as stream:
        assert [stream.next()["id"], stream.next()["id"]] == [missed[0], missed[2]]
        (live,) = happen(event())
        assert stream.next()["id"] == live


def test_a_client_away_for_too_long_is_told_to_reload(
    client: FlaskClient, happen: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MOST_MISSED", 2)
    first = happen(event(), event(), event(), event())[0]
    with Listening(client, RESIDENT, last=first) as stream:
        assert stream.next() == {"type": "resync"}
        (live,) = happen(event())
        assert stream.next()["id"] == live


def test_a_client_asking_for_what_was_swept_is_told_to_reload(
    client: FlaskClient, worker: Engine, happen: Callable
) -> None:
    first = happen(event(), event(), event())[0]
    with worker.begin() as db:
        old = clock.now() - timedelta(days=2)
        events = models.stream_events
        db.execute(update(events).where(events.c.id <= first + 1).values(stored_at=old))
    sweeping.sweep(worker)
    with Listening(client, RESIDENT, last=first - 1) as stream:
        assert stream.next() == {"type": "resync"}


def test_a_quiet_stream_shows_that_it_lives_and_ends_with_the_token(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "HEARTBEAT_SECONDS", 0.05)
    issued = clock.now() - identity.ACCESS_LIFETIME + timedelta(seconds=1.5)
    token = identity.mint(RESIDENT, keys()[0], at=issued)
    with client.get("/api/v1/stream", headers={"Authorization": f"Bearer {token}"}) as response:
        pieces = list(response.response)
    assert b": still here\n\n" in pieces


def test_a_slow_reader_is_cut_off_and_comes_back(
    client: FlaskClient, happen: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_WAITING", 2)
    subscriber = feed.Subscriber(RESIDENT)
    row = {
        "id": 1,
        "organisation_id": ORGANISATION,
        "requester_id": RESIDENT.id,
        "unit_id": None,
        "visible_to_resident": True,
    }
    for _ in range(3):
        subscriber.offer(row)
    with pytest.raises(feed.StreamEnded):
        list(subscriber.events(0))


def test_of_too_many_streams_of_one_person_the_oldest_ends(
    client: FlaskClient, app: Any, happen: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MOST_STREAMS", 2)
    with (
        Listening(client, RESIDENT) as oldest,
        Listening(client, actor("resident")),
        Listening(client, RESIDENT) as older,
        Listening(client, RESIDENT) as newest,
    ):
        assert oldest.next() == {}
        wanted = event()
        happen(wanted)
        assert older.next()["subject"] == newest.next()["subject"] == wanted.subject
    assert app.extensions["gateway"].feed._subscribers == {}


def test_subscriptions_end_with_their_streams(client: FlaskClient, app: Any) -> None:
    with Listening(client, RESIDENT):
        assert len(app.extensions["gateway"].feed._subscribers) == 1
    assert app.extensions["gateway"].feed._subscribers == {}
