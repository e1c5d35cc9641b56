"""Who may open a survey: whoever holds the link we sent, and nobody else."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.exc import ProgrammingError

from services.kit.database import transaction
from services.kit.errors import NotFound
from services.kit.identity import Actor, system_actor
from services.kit.testing import actor, bearer, fresh
from services.surveys.links import Link, Links
from services.surveys.models import answers, return_visits, ticket_turns
from tests.surveys.conftest import Desk, Ticket


def test_a_link_opens_what_it_was_signed_for(links: Links) -> None:
    link = Link(fresh(), fresh())
    assert links.read(links.sign(link)) == link
    assert links.sign(link) != links.sign(link)


def test_another_installation_s_link_opens_nothing(links: Links) -> None:
    with pytest.raises(NotFound):
        links.read(Links("another secret").sign(Link(fresh(), fresh())))


@pytest.mark.parametrize(
    "garbled", ["x", "....", "%00", "%FF%FE", "漏水", "a" * 4000, "../../etc/passwd", "null", "%ED%A0%80", "e30.e30"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_garbled_link_is_not_found(client: FlaskClient, garbled: str, method: str) -> None:
    answer = client.open(
        f"/api/v1/surveys/{garbled}", method=method, json={"solved": True} if method == "POST" else None
    )
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("place", [0, 5, -1])
def test_a_link_changed_in_one_character_is_not_found(
    client: FlaskClient, desk: Desk, ticket: Ticket, place: int
) -> None:
    token = list(desk.invited(ticket))
    token[place] = "A" if token[place] != "A" else "B"
    forged = "".join(token)
    assert client.get(f"/api/v1/surveys/{forged}").status_code == 404
    assert client.post(f"/api/v1/surveys/{forged}", json={"solved": False}).status_code == 404
    assert desk.answers(ticket) == []


def test_a_well_signed_link_that_was_never_sent_is_not_found(
    client: FlaskClient, desk: Desk, ticket: Ticket, links: Links
) -> None:
    desk.hear(ticket.completed())
    (visit,) = desk.visits(ticket)
    before = links.sign(Link(visit.id, ticket.organisation_id))
    assert client.get(f"/api/v1/surveys/{before}").status_code == 404
    desk.invite()
    for organisation in (ticket.organisation_id, fresh()):
        other = links.sign(Link(visit.id, organisation))
        assert client.get(f"/api/v1/surveys/{other}").status_code == 404
        assert client.post(f"/api/v1/surveys/{other}", json={"solved": True}).status_code == 404
    assert desk.answers(ticket) == []


def test_a_link_answers_its_own_survey_and_no_other(client: FlaskClient, desk: Desk) -> None:
    mine, other = Ticket(fresh(), fresh()), Ticket(fresh(), fresh())
    token, _ = desk.invited(mine), desk.invited(other)
    assert client.post(f"/api/v1/surveys/{token}", json={"solved": True}).status_code == 201
    assert desk.visits(mine)[0].state == "answered"
    assert desk.visits(other)[0].state == "invited"
    assert desk.answers(other) == []


def test_a_login_is_neither_needed_nor_of_use(client: FlaskClient, desk: Desk, ticket: Ticket) -> None:
    token = desk.invited(ticket)
    manager = bearer(actor("manager", organisation_id=ticket.organisation_id))
    assert client.get("/api/v1/surveys/anything", headers=manager).status_code == 404
    assert client.get(f"/api/v1/surveys/{token}").status_code == 200
    assert client.get(f"/api/v1/surveys/{token}", headers={"Authorization": "Bearer nonsense"}).status_code == 200


def seen(web: Engine, who: Actor | None) -> list[str]:
    """Return the ids of the visits the database shows."""
    with transaction(web, who) as db:
        return list(db.execute(select(return_visits.c.id)).scalars())


def test_the_database_shows_a_link_its_own_visit_only(desk: Desk, web: Engine) -> None:
    organisation = fresh()
    mine, neighbour, stranger = Ticket(fresh(), organisation), Ticket(fresh(), organisation), Ticket(fresh(), fresh())
    for each in (mine, neighbour, stranger):
        desk.invited(each)
    (visit,) = desk.visits(mine)
    assert seen(web, Actor(visit.id, organisation, "system")) == [visit.id]
    assert seen(web, Actor(visit.id, stranger.organisation_id, "system")) == []
    assert seen(web, system_actor(organisation)) == []
    assert seen(web, None) == []


def test_the_web_role_can_neither_invent_nor_rewrite(desk: Desk, ticket: Ticket, web: Engine) -> None:
    desk.invited(ticket)
    (visit,) = desk.visits(ticket)
    scope = Actor(visit.id, ticket.organisation_id, "system")
    elsewhere = {"id": fresh(), "organisation_id": fresh(), "survey_id": visit.id, "answered_by": "household"}
    for statement in (
        update(return_visits).values(token_sha256="mine"),
        insert(return_visits).values(id=fresh()),
        return_visits.delete(),
        select(ticket_turns),
        select(answers),
        update(answers).values(solved=True),
        answers.delete(),
        insert(answers).inline().values(**elsewhere, solved=True),
    ):
        with pytest.raises(ProgrammingError), transaction(web, scope) as db:
            db.execute(statement)


def test_an_answer_can_be_changed_by_nobody(desk: Desk, worker: Engine) -> None:
    for statement in ("UPDATE answers SET solved = true", "DELETE FROM answers", "TRUNCATE answers"):
        with pytest.raises(ProgrammingError), worker.begin() as db:
            db.execute(text(statement))
