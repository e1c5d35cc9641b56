"""The live stream: everybody hears what concerns them, nobody else's, and nothing twice or not at all."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update

from gateway import feed, models, sweeping
from gateway.api import stream as api
from gateway.feed import Announcer
from gateway.handlers import handling
from services import contracts
from services.contracts import surveys as survey_facts
from services.contracts import tickets as ticket_facts
from services.kit import clock, identity, inbox
from services.kit.database import transaction
from services.kit.events import Event
from services.kit.identity import Actor
from services.kit.testing import actor, bearer, fresh, keys

ORGANISATION = fresh()
COMMUNITY, OTHER_COMMUNITY = fresh(), fresh()
HOME, OTHER_HOME = fresh(), fresh()
RESIDENT = actor("resident", organisation_id=ORGANISATION, community_ids=(COMMUNITY,), unit_ids=(HOME,))


def event(kind: type = ticket_facts.TicketClaimed, organisation: str = ORGANISATION, **changes: Any) -> Event:
    """Return an event about a ticket of the resident's home."""
    values: dict[str, Any] = {
        "ticket_id": fresh(),
        "number": "T-1",
        "version": 2,
        "community_id": COMMUNITY,
        "unit_id": HOME,
        "requester_id": RESIDENT.id,
        "status": "claimed",
        "owner_id": fresh(),
        "owner_desk": None,
        "catalogue_code": "repair.leak",
        "work_type": "repair",
        "need_level": 1,
        "urgency": "urgent",
        "actor_id": fresh(),
        "actor_role": "crew",
    }
    if issubclass(kind, survey_facts.SurveyFact):
        values = {key: values[key] for key in ("ticket_id", "number", "community_id", "unit_id", "requester_id")}
        values |= {"survey_id": fresh(), "completion": 1}
    fact = kind(**(values | changes))
    return contracts.to_event(fact, organisation_id=organisation, subject=fact.ticket_id, at=clock.now())


@pytest.fixture
def happen(worker: Engine) -> Iterator[Callable[..., list[int]]]:
    """Return a function that takes events in as the worker does, announced after the commit; it returns their ids."""
    announcer, stop = Announcer(worker), threading.Event()
    thread = threading.Thread(target=announcer.run, args=(stop,))
    thread.start()
    handle = handling(announcer.written)

    def take_in(*events: Event) -> list[int]:
        with worker.begin() as db:
            handle(db, events)
        with worker.connect() as db:
            newest = select(models.stream_events.c.id).order_by(models.stream_events.c.id.desc()).limit(len(events))
            return sorted(db.execute(newest).scalars())

    yield take_in
    stop.set()
    thread.join()


class Listening:
    """An open stream of a person, read piece by piece."""

    def __init__(self, client: FlaskClient, who: Actor, query: str = "", last: object = None) -> None:
        headers = bearer(who) | ({} if last is None else {"Last-Event-ID": str(last)})
        self.response = client.get(f"/api/v1/stream{query}", headers=headers)
        assert self.response.status_code == 200, self.response.text
        assert self.response.mimetype == "text/event-stream"
        self._pieces = iter(self.response.response)
        assert next(self._pieces).startswith(b"retry:")

    def next(self) -> dict[str, Any]:
        for piece in self._pieces:
            lines = dict(line.split(": ", 1) for line in piece.decode().strip().split("\n") if line[0] != ":")
            if lines.get("event") == "resync":
                return {"type": "resync"}
            if "data" in lines:
                return {"id": int(lines["id"]), **json.loads(lines["data"])}
        return {}

    def __enter__(self) -> "Listening":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.response.close()


def test_a_resident_hears_of_their_own_household_as_it_happens(client: FlaskClient, happen: Callable) -> None:
    with Listening(client, RESIDENT) as stream:
        wanted = event(unit_id=None)
        neighbour = event(unit_id=OTHER_HOME, requester_id=fresh())
        (_, _, household) = happen(neighbour, wanted, event(requester_id=fresh()))
        first, second = stream.next(), stream.next()
    assert first["subject"] == wanted.subject
    assert first["type"] == "ticket.claimed.v1"
    assert second["id"] == household


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (ticket_facts.TicketCommented, {"visible": False}),
        (ticket_facts.TicketOverridden, {}),
        (ticket_facts.TicketReevaluated, {}),
        (ticket_facts.TicketUnclaimed, {"to": "manager"}),
        (ticket_facts.SlaBreached, {"clock": "attend"}),
        (ticket_facts.TicketFiled, {"work_type": "internal"}),
    ],
)
def test_a_resident_hears_nothing_of_the_desks_own(
    client: FlaskClient, happen: Callable, kind: type, changes: dict
) -> None:
    with Listening(client, RESIDENT) as stream:
        (_, shown) = happen(event(kind, **changes), event())
        assert stream.next()["id"] == shown


@pytest.mark.parametrize(
    ("role", "communities", "heard"),
    [
        ("crew", (COMMUNITY,), ["here"]),
        ("crew", (), []),
        ("dispatcher", (OTHER_COMMUNITY,), ["there"]),
        ("manager", (), ["here", "there"]),
        ("manager", (COMMUNITY,), ["here"]),
        ("admin", (), ["here", "there"]),
    ],
)
def test_staff_hear_of_their_communities(
    client: FlaskClient, web: Engine, happen: Callable, role: str, communities: tuple[str, ...], heard: list[str]
) -> None:
    who = actor(role, organisation_id=ORGANISATION, community_ids=communities)
    here, there = event(), event(ticket_facts.SlaWarned, community_id=OTHER_COMMUNITY, clock="attend")
    names = {here.subject: "here", there.subject: "there"}
    with Listening(client, who) as stream:
        ids = happen(here, there)
        assert [names[stream.next()["subject"]] for _ in heard] == heard
    with transaction(web, who) as db:
        rows = db.execute(select(models.stream_events).where(models.stream_events.c.id >= ids[0])).mappings().all()
    assert [names[row["subject"]] for row in rows] == heard, "the database's policy says the same"


def test_another_organisation_hears_nothing(client: FlaskClient, web: Engine, happen: Callable) -> None:
    stranger = actor("admin")
    with Listening(client, stranger) as stream:
        own = event(organisation=stranger.organisation_id)
        happen(event(), own)
        assert stream.next()["subject"] == own.subject
    with transaction(web, stranger) as db:
        assert len(db.execute(select(models.stream_events.c.id)).all()) == 1


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


def test_only_the_types_asked_for(client: FlaskClient, happen: Callable) -> None:
    with Listening(client, RESIDENT, "?types=ticket.completed.v1,ticket.started.v1") as stream:
        (_, wanted) = happen(event(), event(ticket_facts.TicketCompleted))
        assert stream.next()["id"] == wanted


def test_the_stream_carries_ids_and_no_secrets(client: FlaskClient, happen: Callable) -> None:
    with Listening(client, RESIDENT) as stream:
        happen(
            event(survey_facts.SurveyInvited, link_token="one-time-secret", expires_at=clock.now()),
            event(survey_facts.SurveyAnswered, solved=False, satisfaction=1, has_comment=True),
        )
        invited, answered = stream.next(), stream.next()
    assert "one-time-secret" not in str(invited)
    assert {"solved", "satisfaction", "has_comment"}.isdisjoint(answered["data"])
    assert set(invited["data"]) == {"ticket_id", "survey_id", "number", "community_id", "unit_id"}


def test_a_crew_does_not_hear_which_households_are_called(client: FlaskClient, happen: Callable) -> None:
    crew = actor("crew", organisation_id=ORGANISATION, community_ids=(COMMUNITY,))
    desk = actor("dispatcher", organisation_id=ORGANISATION, community_ids=(COMMUNITY,))
    said = {"solved": False, "satisfaction": None, "has_comment": False, "spoken_by": "neighbour"}
    with Listening(client, crew) as to_crew, Listening(client, desk) as to_desk:
        proxied, after = happen(event(survey_facts.SurveyProxied, recorded_by=fresh(), **said), event())
        assert to_crew.next()["id"] == after
        assert [to_desk.next()["id"] for _ in range(2)] == [proxied, after]


def test_a_quiet_stream_shows_that_it_lives_and_ends_with_the_token(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "HEARTBEAT_SECONDS", 0.05)
    issued = clock.now() - identity.ACCESS_LIFETIME + timedelta(seconds=1.5)
    token = identity.mint(RESIDENT, keys()[0], at=issued)
    with client.get("/api/v1/stream", headers={"Authorization": f"Bearer {token}"}) as response:
        pieces = list(response.response)
    assert b": still here\n\n" in pieces


def test_an_event_taken_in_twice_is_streamed_once(worker: Engine, web: Engine) -> None:
    once, handle = event(), handling(lambda: None)
    for _ in range(2):
        with worker.begin() as db:
            inbox.handle_once(db, models.inbox, [once], handle)
    with transaction(web, RESIDENT) as db:
        rows = db.execute(select(models.stream_events).filter_by(subject=once.subject)).all()
    assert len(rows) == 1


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


@pytest.mark.parametrize(
    ("query", "headers", "field"),
    [
        ("?types=", {}, "types"),
        ("?types=a;b", {}, "types"),
        ("?other=1", {}, "other"),
        ("", {"Last-Event-ID": "x"}, "Last-Event-ID"),
        ("", {"Last-Event-ID": "-1"}, "Last-Event-ID"),
        ("", {"Last-Event-ID": "9" * 30}, "Last-Event-ID"),
    ],
)
def test_bad_input_is_named(client: FlaskClient, query: str, headers: dict, field: str) -> None:
    answer = client.get(f"/api/v1/stream{query}", headers={**bearer(RESIDENT), **headers})
    assert answer.status_code == 422
    assert field in {error["field"].removeprefix("headers.") for error in answer.get_json()["errors"]}


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
