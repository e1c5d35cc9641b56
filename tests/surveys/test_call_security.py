"""What the database itself lets through to the web role: raw statements, whatever the service's code asks for."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.exc import ProgrammingError

from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.testing import fresh
from services.surveys.models import (
    answer_items,
    answers,
    call_attempts,
    callbacks,
    draws,
    people,
    return_visits,
    sampling_rules,
)
from tests.surveys.conftest import Desk
from tests.surveys.offices import NOW, Office


@pytest.fixture
def office(client: FlaskClient, desk: Desk) -> Office:
    """Return this test's own office."""
    return Office(client, desk)


def seen(web: Engine, who: Actor | None, table: Any) -> int:
    """Return how many rows of a table the database shows somebody."""
    with transaction(web, who) as db:
        return len(db.execute(select(table)).all())


def test_the_database_shows_calls_to_the_desk_of_the_community_alone(office: Office, web: Engine) -> None:
    _, call = office.call_to_make()
    stranger = Office(office.client, office.desk)
    shown = {name: seen(web, who, callbacks) for name, who in office.people.items()}
    assert shown == {
        "resident": 1, "neighbour": 0, "crew": 0, "dispatcher": 1, "colleague": 1, "manager": 1, "elsewhere": 0,
        "admin": 0,
    }  # fmt: skip
    assert seen(web, None, callbacks) == seen(web, stranger.people["manager"], callbacks) == 0
    assert office.claim("dispatcher", call).status_code == 200


@pytest.mark.parametrize("name", ["crew", "dispatcher", "manager"])
def test_the_database_hides_a_call_from_whoever_did_the_work(office: Office, web: Engine, name: str) -> None:
    who = office.people[name]
    office.call_to_make(crew_id=who.id)
    assert seen(web, who, callbacks) == 0
    with transaction(web, who) as db:
        taken = {"state": "claimed", "claimed_by": who.id, "claimed_at": NOW, "claimed_until": NOW}
        assert db.execute(update(callbacks).values(**taken)).rowcount == 0


def test_a_visit_opens_to_staff_only_while_they_have_its_call(office: Office, web: Engine) -> None:
    _, call = office.call_to_make()
    dispatcher, colleague = office.people["dispatcher"], office.people["colleague"]
    assert seen(web, dispatcher, return_visits) == 0
    office.claim("dispatcher", call)
    assert (seen(web, dispatcher, return_visits), seen(web, colleague, return_visits)) == (1, 0)
    office.ask("dispatcher", "POST", f"/callbacks/{call}/release")
    assert seen(web, dispatcher, return_visits) == 0


def test_a_household_reaches_its_own_visits_and_nobody_else_any(office: Office, web: Engine) -> None:
    office.call_to_make()
    shown = {name: seen(web, who, return_visits) for name, who in office.people.items()}
    assert shown == {**dict.fromkeys(office.people, 0), "resident": 1}


def test_the_web_role_neither_draws_nor_rewrites_what_was_drawn_or_said(office: Office, web: Engine) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    dispatcher = office.people["dispatcher"]
    (visit,) = office.desk.visits(ticket)
    drawn = {"survey_id": visit.id, "round": "silence", "organisation_id": office.organisation_id,
             "community_id": office.community_id, "drawn_with": 1, "method": "always", "reason": "random",
             "drawn": True}  # fmt: skip
    for statement in (
        select(draws),
        insert(draws).values(**drawn),
        insert(callbacks).values(id=fresh()),
        update(callbacks).values(not_for=[]),
        update(callbacks).values(drawn_with=1),
        update(callbacks).values(community_id=fresh()),
        callbacks.delete(),
        update(call_attempts).values(outcome="answered"),
        call_attempts.delete(),
        update(answer_items).values(value=1),
        answer_items.delete(),
        update(sampling_rules).values(phone_percent=0),
        update(return_visits).values(completed_by=None),
        update(return_visits).values(late_until=NOW),
        update(people).values(badge="somebody else"),
    ):
        with pytest.raises(ProgrammingError), transaction(web, dispatcher) as db:
            db.execute(statement)


@pytest.mark.parametrize("name", ["colleague", "resident", "crew", "neighbour"])
def test_an_answer_is_written_by_the_household_or_by_whoever_has_its_call(
    office: Office, web: Engine, name: str
) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    (visit,) = office.desk.visits(ticket)
    row = {"id": fresh(), "organisation_id": office.organisation_id, "survey_id": visit.id, "solved": True,
           "answered_by": "household", "channel": "in_app"}  # fmt: skip
    statement = insert(answers).inline().values(**row)
    if name == "resident":
        with transaction(web, office.people[name]) as db:
            db.execute(statement)
        return
    with pytest.raises(ProgrammingError, match="row-level security"), transaction(web, office.people[name]) as db:
        db.execute(statement)


@pytest.mark.parametrize("table", ["draws", "call_attempts", "answer_items", "sampling_rules"])
def test_what_was_drawn_and_said_can_be_changed_by_nobody(office: Office, table: str) -> None:
    office.call_to_make()
    for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET organisation_id = NULL"):
        with pytest.raises(ProgrammingError), office.desk.engine.begin() as db:
            db.exec_driver_sql(statement)


def test_a_rule_of_drawing_is_written_by_a_manager_in_their_own_name(office: Office, web: Engine) -> None:
    manager, rule = office.people["manager"], {"phone_percent": 0, "silent_percent": 0, "silent_after_days": 5}
    key = {"organisation_id": office.organisation_id, "scope_id": office.community_id, "version": 1}
    for who, author in ((office.people["dispatcher"], office.people["dispatcher"].id), (manager, fresh())):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction(web, who) as db:
            db.execute(insert(sampling_rules).values(**key, **rule, author_id=author))
    assert seen(web, office.people["crew"], sampling_rules) == 0


def test_staff_see_names_of_staff_and_never_of_residents(office: Office, web: Engine) -> None:
    with transaction(web, office.people["dispatcher"]) as db:
        roles = set(db.execute(select(people.c.role)).scalars())
    assert roles == {"crew", "dispatcher", "manager", "admin"}
    assert seen(web, office.people["resident"], people) == 0
