"""The survey behind a link. The signed token is the permission: there is no login here."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, current_app, g
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, one_effect, public, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import system_actor
from services.surveys import commands, queries, question_sets, wording
from services.surveys.answering import Said, kind_of
from services.surveys.links import Link, Links
from services.surveys.models import State
from services.surveys.schemas import AnswerIn, AnswerOut, SurveyOut

LINKS = "survey_links"

links = Blueprint("surveys", __name__, description="Return visits: what a household is asked after a completion")


def by_link(view: Callable[..., Any]) -> Callable[..., Any]:
    """Verify the link's signature before anything else is read, and narrow the database to its one survey."""

    @functools.wraps(view)
    def run(*args: Any, token: str, **kwargs: Any) -> Any:
        known: Links = current_app.extensions[LINKS]
        link = known.read(token)
        g.actor = replace(system_actor(link.organisation_id), id=link.survey_id, locale="en")
        return view(*args, link=link, token=token, **kwargs)

    return run


@links.route("/surveys/<token>", methods=["GET"])
@public
@by_link
@links.alt_response(200, schema=SurveyOut)
def read_survey(link: Link, token: str) -> Response:
    """Return the survey's questions and state."""
    with scoped() as db:
        visit = queries.visit_behind(db, link.survey_id, token)
    language = wants()
    asked = question_sets.get(question_sets.RETURN_VISIT)
    payload = {
        "survey_id": visit.id,
        "ticket_number": visit.number,
        "state": visit.state,
        "answer": kind_of(answered=visit.state == State.ANSWERED, proxied=visit.proxied_at is not None),
        "language": language,
        "message": wording.message(visit, language),
        "completed_at": visit.completed_at,
        "expires_at": visit.expires_at,
        "ended_at": visit.ended_at,
        "question_set": asked.name,
        "question_set_version": asked.version,
        "questions": asked.asked(language) if visit.state == State.INVITED else [],
    }
    return respond(Answer(payload, headers={"Content-Language": language, "Vary": "Accept-Language"}))


@links.route("/surveys/<token>", methods=["POST"])
@public
@by_link
@links.arguments(AnswerIn)
@links.alt_response(201, schema=AnswerOut)
@one_effect
def answer_survey(db: Connection, body: dict[str, Any], link: Link, token: str) -> Answer:
    """Take the household's one answer."""
    visit = commands.answer_by_link(db, link.survey_id, token, Said(**body))
    return receipt(visit, body)


def receipt(visit: Any, body: dict[str, Any]) -> Answer:
    """Return what whoever answered is told."""
    language = wants()
    late = visit.ended_at >= visit.expires_at
    payload = {
        "survey_id": visit.id,
        "ticket_number": visit.number,
        "state": visit.state,
        "message": wording.thanks(Said(**body), language, late=late),
        "answered_at": visit.ended_at,
        "solved": body["solved"],
        "satisfaction": body["satisfaction"],
    }
    return Answer(payload, 201, {"Content-Language": language})
