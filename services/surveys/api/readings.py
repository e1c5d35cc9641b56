"""What households said in words, for the staff of their community; every reading is on record."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.errors import invalid_field
from services.kit.http import Answer, access, page_link, respond, scoped
from services.kit.identity import current_actor
from services.surveys.api.reporting import reading
from services.surveys.models.readings import READERS
from services.surveys.queries import readings as queries
from services.surveys.schemas.readings import AllWordsSaid, ReadingQuery, Readings, ReadingsQuery

readings = Blueprint("readings", __name__, description="What households said, read by staff on record")


@readings.route("/return-visits/answers", methods=["GET"])
@access(*READERS)
@readings.arguments(ReadingQuery, location="query")
@readings.alt_response(200, schema=AllWordsSaid)
def read_answers(query: dict[str, Any]) -> Response:
    """Read what households answered, comments included, the newest first; every answer shown is put on record."""
    if (query["ticket_id"] is None) == (query["purpose"] is None):
        raise invalid_field(
            "purpose",
            "Say why you read: give either ticket_id or purpose.",
            "请说明查阅原因：填写 ticket_id 或 purpose 之一。",
        )
    actor = current_actor()
    ticket_id, community_id = (str(query[name]) if query[name] else None for name in ("ticket_id", "community_id"))
    with reading() as db:
        visits, more = queries.answered_visits(db, ticket_id, community_id, query["limit"], query["after"])
        queries.put_on_record(db, actor, actor.role, visits, query["purpose"] or "ticket")
        items = queries.said_about(db, visits)
    return respond(Answer({"items": items}, headers=page_link(more)))


@readings.route("/return-visits/answers/views", methods=["GET"])
@access("manager")
@readings.arguments(ReadingsQuery, location="query")
@readings.alt_response(200, schema=Readings)
def list_readings(query: dict[str, Any]) -> Response:
    """List who read what households said and why, and who took out a report as a table, the latest first."""
    of: dict[str, Any] = {name: str(query[name]) for name in ("ticket_id", "viewer_id") if query[name]}
    # Whose home a visit was about is shown to readers alone.
    if query["unit_id"]:
        with reading() as db:
            of["survey_ids"] = queries.visits_of_home(db, str(query["unit_id"]))
    with scoped() as db:
        items, more = queries.list_readings(db, query["limit"], query["after"], **of)
    with reading() as db:
        homes = queries.homes_of(db, [one["survey_id"] for one in items if one["survey_id"]])
    items = [{**one, "unit_id": homes.get(one["survey_id"])} for one in items]
    return respond(Answer({"items": items}, headers=page_link(more)))
