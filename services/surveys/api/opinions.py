"""A campaign behind a household's link. The signed token is the permission: there is no login here."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit import clock
from services.kit.http import Answer, one_effect, public, respond, scoped
from services.kit.http.problems import wants
from services.surveys import campaigns, question_sets
from services.surveys.api.campaigns import receipt
from services.surveys.api.links import by_link
from services.surveys.links import Link
from services.surveys.models.campaigns import CLOSED, OPEN
from services.surveys.schemas import campaigns as shapes

opinions = Blueprint("opinions", __name__, description="An opinion survey behind a household's link")


@opinions.route("/opinions/<token>", methods=["GET"])
@public
@by_link
@opinions.alt_response(200, schema=shapes.OpinionOut)
def read_opinion(link: Link, token: str) -> Response:
    """Return the questions, or since when they are answered or over. Looking answers nothing."""
    with scoped() as db:
        home = campaigns.home_behind(db, link.survey_id, token)
        campaign = campaigns.campaign_of(db, home.campaign_id)
    language = wants()
    running = campaign.state == OPEN and campaign.closes_at > clock.now()
    state = "answered" if home.answered_at else OPEN if running else CLOSED
    payload = {
        "campaign_id": campaign.id,
        "household_id": home.id,
        "name": campaign.name,
        "state": state,
        "language": language,
        "closes_at": campaign.closes_at,
        "answered_at": home.answered_at,
        "questions": question_sets.get(campaign.question_set).asked(language) if state == OPEN else [],
    }
    return respond(Answer(payload, headers={"Content-Language": language, "Vary": "Accept-Language"}))


@opinions.route("/opinions/<token>", methods=["POST"])
@public
@by_link
@opinions.arguments(shapes.OpinionIn)
@opinions.alt_response(201, schema=shapes.OpinionReceipt)
@one_effect
def answer_opinion(db: Connection, body: dict[str, Any], link: Link, token: str) -> Answer:
    """Take the household's one answer."""
    return receipt(campaigns.answer_by_link(db, link.survey_id, token, body["answers"]))
