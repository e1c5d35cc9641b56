"""A household's own return visits: what somebody who is signed in can still answer, without any link."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, Page, access, one_effect, page_link, respond, scoped
from services.kit.http.problems import wants
from services.surveys import commands, queries, question_sets, wording
from services.surveys.answering import Said, kind_of
from services.surveys.api.links import receipt
from services.surveys.models import State
from services.surveys.schemas import AnswerIn, AnswerOut, ReturnVisit, ReturnVisits

return_visits = Blueprint("return-visits", __name__, description="What a household was asked and can still answer")


@return_visits.route("/return-visits", methods=["GET"])
@access("resident")
@return_visits.arguments(Page, location="query")
@return_visits.alt_response(200, schema=ReturnVisits)
def list_return_visits(page: dict[str, Any]) -> Response:
    """Return what the household can still answer, newest first; past the link's time too, marked `late`."""
    with scoped() as db:
        visits, more = queries.list_open_visits(db, page["limit"], page["after"])
    language = wants()
    headers = {"Content-Language": language, "Vary": "Accept-Language", **page_link(more)}
    return respond(Answer({"items": [visit_view(visit, language) for visit in visits]}, headers=headers))


@return_visits.route("/return-visits/<uuid:survey_id>", methods=["GET"])
@access("resident")
@return_visits.alt_response(200, schema=ReturnVisit)
def read_return_visit(survey_id: UUID) -> Response:
    """Return one visit of the household's, whatever has come of it."""
    with scoped() as db:
        visit = queries.own_visit(db, str(survey_id))
    language = wants()
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return respond(Answer(visit_view(visit, language), headers=headers))


@return_visits.route("/return-visits/<uuid:survey_id>/answer", methods=["POST"])
@access("resident")
@return_visits.arguments(AnswerIn)
@return_visits.alt_response(201, schema=AnswerOut)
@one_effect
def answer_return_visit(db: Connection, body: dict[str, Any], survey_id: UUID) -> Answer:
    """Take the household's one answer, also months later."""
    visit = commands.answer_by_login(db, str(survey_id), Said(**body))
    return receipt(visit, body)


def visit_view(visit: Any, language: str) -> dict[str, Any]:
    """Return a visit as its household sees it; `questions` is empty once it can no longer be answered."""
    asked = question_sets.get(question_sets.RETURN_VISIT)
    can_answer = wording.can_answer(visit)
    return {
        "survey_id": visit.id,
        "ticket_id": visit.ticket_id,
        "ticket_number": visit.number,
        "state": visit.state,
        "late": visit.state == State.EXPIRED,
        "answer": kind_of(answered=visit.state == State.ANSWERED, proxied=visit.proxied_at is not None),
        "message": wording.message(visit, language, by_link=False),
        "completed_at": visit.completed_at,
        "invited_at": visit.invited_at,
        "expires_at": visit.expires_at,
        "answerable_until": visit.late_until,
        "ended_at": visit.ended_at,
        "question_set": asked.name,
        "question_set_version": asked.version,
        "questions": asked.asked(language) if can_answer else [],
    }
