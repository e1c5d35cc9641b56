"""The live stream: everybody hears what concerns them, nobody else's, and nothing twice or not at all."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from gateway import models
from gateway.handlers import handling
from services.contracts import surveys as survey_facts
from services.contracts import tickets as ticket_facts
from services.kit import clock, inbox
from services.kit.database import transaction
from services.kit.testing import actor, bearer, fresh
from tests.gateway.streaming import (
    COMMUNITY,
    ORGANISATION,
    OTHER_COMMUNITY,
    OTHER_HOME,
    RESIDENT,
    Listening,
    event,
)


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


def test_an_event_taken_in_twice_is_streamed_once(worker: Engine, web: Engine) -> None:
    once, handle = event(), handling(lambda: None)
    for _ in range(2):
        with worker.begin() as db:
            inbox.handle_once(db, models.inbox, [once], handle)
    with transaction(web, RESIDENT) as db:
        rows = db.execute(select(models.stream_events).filter_by(subject=once.subject)).all()
    assert len(rows) == 1


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
