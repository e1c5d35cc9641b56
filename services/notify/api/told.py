"""Calls for the desk to make to people an emergency did not reach, and incidents."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, access, one_effect, scoped
from services.kit.identity import current_actor
from services.notify.api.pages import page, position, view
from services.notify.commands import incidents, phone_tasks
from services.notify.queries import work
from services.notify.schemas.tellings import (
    IncidentPage,
    IncidentsQuery,
    IncidentView,
    Outcome,
    PhoneTaskPage,
    PhoneTasksQuery,
    PhoneTaskView,
    Remark,
)

told = Blueprint("told", __name__, description="Phone tasks and incidents")

DESK = ("dispatcher", "manager", "admin")
ANSWERABLE = ("manager", "admin")


@told.route("/phone-tasks", methods=["GET"])
@access(*DESK)
@told.arguments(PhoneTasksQuery, location="query")
@told.alt_response(200, schema=PhoneTaskPage)
def list_phone_tasks(query: dict[str, Any]) -> Response:
    """List the calls to make to people an emergency's messages did not reach, the oldest first."""
    limit = query["limit"]
    with scoped() as db:
        found = work.list_phone_tasks(
            db,
            state=query["state"],
            ticket_id=_text(query["ticket_id"]),
            after=position(query["after"]),
            limit=limit + 1,
        )
    return page(found, limit, PhoneTaskView)


@told.route("/phone-tasks/<uuid:task_id>/claim", methods=["POST"])
@access(*DESK)
@told.alt_response(200, schema=PhoneTaskView)
@one_effect
def claim_phone_task(db: Connection, task_id: uuid.UUID) -> Answer:
    """Take a call, so that nobody else makes it too."""
    return Answer(view(phone_tasks.claim_phone_task(db, current_actor(), str(task_id)), PhoneTaskView))


@told.route("/phone-tasks/<uuid:task_id>/release", methods=["POST"])
@access(*DESK)
@told.alt_response(200, schema=PhoneTaskView)
@one_effect
def release_phone_task(db: Connection, task_id: uuid.UUID) -> Answer:
    """Give a call back."""
    return Answer(view(phone_tasks.release_phone_task(db, current_actor(), str(task_id)), PhoneTaskView))


@told.route("/phone-tasks/<uuid:task_id>/outcome", methods=["POST"])
@access(*DESK)
@told.arguments(Outcome)
@told.alt_response(200, schema=PhoneTaskView)
@one_effect
def settle_phone_task(db: Connection, body: dict[str, Any], task_id: uuid.UUID) -> Answer:
    """Record how a call went; `reached` acknowledges the emergency."""
    row = phone_tasks.settle_phone_task(db, current_actor(), str(task_id), body["outcome"])
    return Answer(view(row, PhoneTaskView))


@told.route("/incidents", methods=["GET"])
@access(*ANSWERABLE)
@told.arguments(IncidentsQuery, location="query")
@told.alt_response(200, schema=IncidentPage)
def list_incidents(query: dict[str, Any]) -> Response:
    """List the emergencies that reached nobody, the newest first."""
    limit = query["limit"]
    with scoped() as db:
        found = work.list_incidents(
            db,
            is_open=query["open"],
            ticket_id=_text(query["ticket_id"]),
            after=position(query["after"]),
            limit=limit + 1,
        )
    return page(found, limit, IncidentView)


@told.route("/incidents/<uuid:incident_id>/close", methods=["POST"])
@access(*ANSWERABLE)
@told.arguments(Remark)
@told.alt_response(200, schema=IncidentView)
@one_effect
def close_incident(db: Connection, body: dict[str, Any], incident_id: uuid.UUID) -> Answer:
    """Close an incident with what was done."""
    return Answer(view(incidents.close_incident(db, current_actor(), str(incident_id), body["remark"]), IncidentView))


def _text(given: uuid.UUID | None) -> str | None:
    return None if given is None else str(given)
