"""A human of the household, a proxy and nobody are three different things, in rows, in events and outside."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from services.contracts.surveys import SurveyAnswered, SurveyExpired, SurveyProxied
from services.kit.database import transaction
from services.kit.identity import Actor
from services.kit.testing import fresh
from services.surveys import models
from services.surveys.answering import Channel, HumanAnswer, NoAnswer, ProxyAnswer, Said, kind_of
from tests.surveys.conftest import Desk, Ticket
from tests.surveys.offices import Office

SAID = {"solved": False, "satisfaction": 2, "comment": "还在漏"}
TALLY = {"human": SurveyAnswered, "proxy": SurveyProxied, "missing": SurveyExpired}


@pytest.fixture
def office(client: FlaskClient, desk: Desk) -> Office:
    """Return this test's own office."""
    return Office(client, desk)


def items(office: Office, ticket: Ticket) -> dict[str, int]:
    with office.desk.engine.begin() as db:
        mine = models.answer_items.c.organisation_id == office.organisation_id
        rows = db.execute(select(models.answer_items).where(mine)).all()
    assert {(row.question_set, row.question_set_version) for row in rows} <= {("return_visit", 1)}
    return {row.item: row.value for row in rows}


def kinds(office: Office, ticket: Ticket) -> dict[str, int]:
    return {kind: len(office.desk.emitted(ticket, fact.type)) for kind, fact in TALLY.items()}


def shown(office: Office, ticket: Ticket) -> str:
    (visit,) = office.desk.visits(ticket)
    answer = office.ask("resident", "GET", f"/return-visits/{visit.id}")
    return str(answer.json["answer"])


def test_what_a_household_says_on_the_telephone_is_its_own_answer_recorded_by_staff(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    reply = office.report("dispatcher", call, outcome="answered", answer=SAID)
    assert (reply.status_code, reply.json["ended_because"]) == (201, "answered")
    (answer,) = office.desk.answers(ticket)
    caller = office.people["dispatcher"].id
    assert (answer.answered_by, answer.channel, answer.recorded_by) == ("household", "phone", caller)
    assert (answer.spoken_by, answer.comment, answer.late) == (None, "还在漏", False)
    assert (answer.question_set, answer.question_set_version) == ("return_visit", 1)
    assert items(office, ticket) == {"solved": 0, "satisfaction": 2}
    (event,) = office.desk.emitted(ticket, SurveyAnswered.type)
    assert (event.data["channel"], event.data["recorded_by"], event.data["solved"]) == ("phone", caller, False)
    assert "还在漏" not in str(event.data)
    assert kinds(office, ticket) == {"human": 1, "proxy": 0, "missing": 0}
    assert shown(office, ticket) == "human"


def test_what_somebody_says_in_a_household_s_place_is_never_its_answer(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    reply = office.report("dispatcher", call, outcome="proxy", spoken_by="neighbour", answer=SAID)
    assert (reply.status_code, reply.json["ended_because"]) == (201, "proxy")
    (answer,) = office.desk.answers(ticket)
    assert (answer.answered_by, answer.spoken_by, answer.channel) == ("proxy", "neighbour", "phone")
    assert kinds(office, ticket) == {"human": 0, "proxy": 1, "missing": 0}
    (visit,) = office.desk.visits(ticket)
    assert (visit.state, visit.ended_at) == ("invited", None)
    assert shown(office, ticket) == "proxy"
    (event,) = office.desk.emitted(ticket, SurveyProxied.type)
    assert (event.data["spoken_by"], event.data["recorded_by"]) == ("neighbour", office.people["dispatcher"].id)


def test_a_household_still_answers_for_itself_after_somebody_spoke_for_it(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    office.report("dispatcher", call, outcome="proxy", spoken_by="relative", answer=SAID)
    (visit,) = office.desk.visits(ticket)
    own = office.ask("resident", "POST", f"/return-visits/{visit.id}/answer", {"solved": True, "satisfaction": 5})
    assert own.status_code == 201
    said = {answer.answered_by: (answer.solved, answer.satisfaction) for answer in office.desk.answers(ticket)}
    assert said == {"household": (True, 5), "proxy": (False, 2)}
    assert kinds(office, ticket) == {"human": 1, "proxy": 1, "missing": 0}
    assert shown(office, ticket) == "human"


def test_nobody_is_no_row(office: Office) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    office.report("dispatcher", call, outcome="refused")
    office.desk.let_time_run_out(ticket)
    office.desk.expire()
    assert (office.desk.answers(ticket), items(office, ticket)) == ([], {})
    assert kinds(office, ticket) == {"human": 0, "proxy": 0, "missing": 1}
    assert shown(office, ticket) == "missing"
    assert "solved" not in office.desk.emitted(ticket, SurveyExpired.type)[0].data


def test_the_types_refuse_what_they_cannot_be() -> None:
    said = Said(solved=True)
    with pytest.raises(ValueError, match="telephone"):
        HumanAnswer(said, Channel.PHONE)
    with pytest.raises(ValueError, match="telephone"):
        HumanAnswer(said, Channel.IN_APP, recorded_by=fresh())
    with pytest.raises(ValueError, match="proxy"):
        ProxyAnswer(said, "the crew", recorded_by=fresh())
    assert not hasattr(NoAnswer(), "said")
    cases = {(True, True): "human", (True, False): "human", (False, True): "proxy", (False, False): "missing"}
    for (answered, proxied), kind in cases.items():
        assert kind_of(answered=answered, proxied=proxied) == kind


@pytest.mark.parametrize(
    "how",
    [
        {"answered_by": "proxy", "channel": "phone", "recorded_by": fresh()},
        {"answered_by": "proxy", "channel": "link", "spoken_by": "relative"},
        {"answered_by": "household", "channel": "phone"},
        {"answered_by": "household", "channel": "link", "recorded_by": fresh()},
        {"answered_by": "household", "channel": "in_app", "spoken_by": "relative"},
        {"answered_by": "timer", "channel": "link"},
        {"answered_by": "household", "channel": "crew"},
    ],
)
def test_the_database_refuses_an_answer_that_is_neither(office: Office, web: Engine, how: dict[str, Any]) -> None:
    ticket, _ = office.call_to_make()
    (visit,) = office.desk.visits(ticket)
    row = {"id": fresh(), "organisation_id": office.organisation_id, "survey_id": visit.id, "solved": True, **how}
    link = Actor(visit.id, office.organisation_id, "system")
    with pytest.raises(IntegrityError), transaction(web, link) as db:
        db.execute(insert(models.answers).inline().values(**row))


def test_the_database_keeps_one_answer_of_each_kind(office: Office, web: Engine) -> None:
    ticket, call = office.call_to_make()
    office.claim("dispatcher", call)
    office.report("dispatcher", call, outcome="answered", answer=SAID)
    (visit,) = office.desk.visits(ticket)
    row = {"id": fresh(), "organisation_id": office.organisation_id, "survey_id": visit.id, "solved": True}
    with pytest.raises(IntegrityError), transaction(web, Actor(visit.id, office.organisation_id, "system")) as db:
        db.execute(insert(models.answers).inline().values(**row, answered_by="household", channel="link"))
