"""Told in time is measured: by when, through what, late or in time, and nobody's words in the figures."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from services.contracts import tickets
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.testing import at, bearer, fresh
from services.notify.audience import RULES
from services.notify.channels import Permanent, Temporary
from services.notify.deliver import Deliverer
from services.notify.models import tellings
from services.notify.promptness import terms
from tests.notify.conftest import NOON, Desk, Postbox


def manager_of(desk: Desk, **changes: Any) -> Actor:
    return Actor(fresh(), desk.organisation_id, changes.pop("role", "manager"), **changes)


def telling(desk: Desk, kind: str = "ticket.departed") -> Any:
    mine = (tellings.c.organisation_id == desk.organisation_id) & (tellings.c.kind == kind)
    with desk.worker.connect() as connection:
        return connection.execute(select(tellings).where(mine)).one()


def deliver(desk: Desk, postbox: Postbox) -> None:
    deliverer = Deliverer(desk.worker, postbox)
    while deliverer.step():
        pass


def told(client: FlaskClient, who: Actor, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/reports/told{query}", headers=bearer(who))
    assert answer.status_code == 200, answer.json
    items: list[dict[str, Any]] = answer.json["items"]
    return items


@pytest.mark.parametrize(
    ("urgency", "level", "seconds"),
    [("emergency", 1, 60), ("emergency", None, 60), ("urgent", 2, 300), ("urgent", 5, 600), ("routine", 1, 4500),
     ("routine", 4, 5400), ("of a later version", 1, 4500)],
)  # fmt: skip
def test_the_target_follows_urgency_and_need_level(urgency: str, level: int | None, seconds: int) -> None:
    assert terms().target(urgency, level) == timedelta(seconds=seconds)


def test_every_kind_that_must_be_acknowledged_is_one_somebody_hears_of() -> None:
    known = {(rule.kind, rule.audience) for rule in RULES}
    assert {(kind, who) for kind, audiences in terms().acknowledged.items() for who in audiences} <= known


def test_a_channel_that_takes_it_in_time_counts_and_late_counts_as_late(
    desk: Desk, postbox: Postbox, client: FlaskClient
) -> None:
    resident = desk.person(email="resident@example.org")
    with at(NOON + timedelta(seconds=1)):
        desk.hears(
            desk.event(tickets.TicketDeparted, requester_id=resident, urgency="urgent", need_level=1),
            desk.event(tickets.TicketArrived, requester_id=resident, urgency="urgent", need_level=1),
        )
    postbox.failures = [Temporary("421 later")]
    with at(NOON + timedelta(seconds=20)):
        deliver(desk, postbox)
    with at(NOON + timedelta(minutes=9)):
        deliver(desk, postbox)
    (row,) = told(client, manager_of(desk))
    assert (row["group"], row["n"], row["in_time"], row["late"], row["waiting"]) == ("urgent", 2, 1, 1, 0)
    assert row["in_time_share"] == 0.5
    assert row["seconds"] == {"p50": 20.0, "p90": 540.0, "p99": 540.0}
    assert telling(desk).accepted_by == "email"


def test_the_inbox_alone_counts_only_where_there_is_nothing_else(desk: Desk) -> None:
    alone, with_mail = desk.person(), desk.person(email="resident@example.org")
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=alone))
        desk.hears(desk.event(tickets.TicketArrived, requester_id=with_mail))
    assert (telling(desk).accepted_by, telling(desk).accepted_at) == ("in_app", NOON)
    assert telling(desk, "ticket.arrived").accepted_at is None


def test_reading_it_in_the_app_is_being_told(desk: Desk, client: FlaskClient) -> None:
    resident = desk.person(email="resident@example.org")
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    (notice,) = desk.notices(resident)
    who = Actor(resident, desk.organisation_id, "resident")
    client.post(f"/api/v1/notices/{notice.id}/read", headers=bearer(who))
    (row,) = told(client, manager_of(desk))
    assert (row["n"], row["read"], row["waiting"]) == (1, 1, 0)
    assert telling(desk).read_at is not None


def test_what_nobody_took_is_undelivered_and_what_has_no_end_yet_is_waiting(
    desk: Desk, postbox: Postbox, client: FlaskClient
) -> None:
    resident = desk.person(email="resident@example.org")
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    postbox.failures = [Permanent("550 no such mailbox")]
    deliver(desk, postbox)
    with at(NOON):
        desk.hears(desk.event(tickets.TicketArrived, requester_id=resident))
    rows = {row["group"]: row for row in told(client, manager_of(desk), "?group_by=kind")}
    assert (rows["ticket.departed"]["undelivered"], rows["ticket.departed"]["seconds"]["p50"]) == (1, None)
    assert (rows["ticket.arrived"]["waiting"], rows["ticket.arrived"]["overdue"]) == (1, 1)
    for row in rows.values():
        assert row["n"] == row["in_time"] + row["late"] + row["waiting"] + row["undelivered"]


def test_an_empty_report_is_empty_and_not_zero(desk: Desk, client: FlaskClient) -> None:
    assert told(client, manager_of(desk)) == []


def test_the_target_waits_for_the_end_of_quiet_hours(desk: Desk) -> None:

    resident = desk.person(
        email="resident@example.org", quiet_from=time(22), quiet_until=time(7), timezone="Europe/Berlin"
    )
    night = datetime(2026, 10, 24, 21, 0, tzinfo=UTC)
    with at(night):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident, at=night))
    row = telling(desk)
    assert row.counts_from == datetime(2026, 10, 25, 6, 0, tzinfo=UTC), "the clock went back in that night"
    assert row.target_at - row.counts_from == terms().target("routine", 1)


def test_a_manager_sees_their_communities_and_nobody_elses(desk: Desk, client: FlaskClient) -> None:
    resident = desk.person()
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    here = manager_of(desk, community_ids=(desk.community_id,))
    assert [row["n"] for row in told(client, here, "?group_by=community")] == [1]
    assert told(client, here, f"?community_id={fresh()}") == []
    assert told(client, manager_of(desk, community_ids=(fresh(),))) == []
    assert told(client, Actor(fresh(), fresh(), "manager")) == []
    for role in ("resident", "crew", "dispatcher"):
        answer = client.get("/api/v1/reports/told", headers=bearer(manager_of(desk, role=role)))
        assert answer.status_code == 403


@pytest.mark.parametrize("query", ["?group_by=person", "?by=kind", "?from=yesterday", "?community_id=x", "?limit=3"])
def test_a_bad_question_is_named(client: FlaskClient, desk: Desk, query: str) -> None:
    answer = client.get(f"/api/v1/reports/told{query}", headers=bearer(manager_of(desk)))
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_the_database_shows_a_telling_to_its_reader_and_to_managers_there(desk: Desk) -> None:
    resident = desk.person()
    desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    sees = {
        "the reader": Actor(resident, desk.organisation_id, "resident"),
        "a manager": manager_of(desk),
    }
    for who in sees.values():
        with transaction(desk.web, who) as connection:
            assert len(connection.execute(text("SELECT * FROM tellings")).all()) == 1
    for who in (manager_of(desk, role="dispatcher"), Actor(resident, fresh(), "manager")):
        with transaction(desk.web, who) as connection:
            assert connection.execute(text("SELECT * FROM tellings")).all() == []
    with pytest.raises(Exception, match="row-level security"), transaction(desk.web, manager_of(desk)) as connection:
        connection.execute(text("UPDATE tellings SET read_at = now()"))


def test_the_log_says_through_what_and_when_one_was_told(desk: Desk, postbox: Postbox, client: FlaskClient) -> None:
    resident = desk.person(email="resident@example.org")
    with at(NOON):
        desk.hears(desk.event(tickets.TicketDeparted, requester_id=resident))
    with at(NOON + timedelta(seconds=30)):
        deliver(desk, postbox)
    who = Actor(resident, desk.organisation_id, "resident")
    (item,) = client.get("/api/v1/notices", headers=bearer(who)).json["items"]
    assert [(way["channel"], way["state"]) for way in item["told"]] == [("in_app", "sent"), ("email", "sent")]
    assert item["told"][1]["at"] == "2026-03-04T04:00:30+00:00"
    assert item["target_at"]
    assert "resident@example.org" not in str(item)
