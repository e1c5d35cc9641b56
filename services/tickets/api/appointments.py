"""When somebody comes: proposed by one side, agreed to by the other, or called off."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, access, expected_version, one_effect, respond, scoped
from services.kit.identity import ROLES, current_actor
from services.tickets import schemas
from services.tickets.api.answers import ticket_answer
from services.tickets.api.refusals import telling_both
from services.tickets.commands import appointments as commands
from services.tickets.queries.appointments import all_appointments_of
from services.tickets.schemas.appointments import Agreement, Answering, Appointments, NewWindow

appointments = Blueprint("appointments", __name__, description="When somebody comes")

EITHER_SIDE = access("resident", "crew", "dispatcher", "manager")


def _take(verb: Any, db: Connection, ticket_id: uuid.UUID, details: dict[str, Any]) -> Answer:
    actor, phone, version = current_actor(), schemas.phone_of(details), expected_version()
    with telling_both(db, actor, str(ticket_id), verb.__name__, phone):
        after = verb(db, actor, str(ticket_id), version=version, phone=phone, **details)
    return ticket_answer(actor, after)


@appointments.route("/tickets/<uuid:ticket_id>/propose", methods=["POST"])
@EITHER_SIDE
@appointments.arguments(NewWindow)
@appointments.alt_response(200, schema=schemas.Ticket)
@one_effect
def propose(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Propose a window in which somebody comes. What was agreed stands until the other side agrees to this."""
    return _take(commands.propose, db, ticket_id, body)


@appointments.route("/tickets/<uuid:ticket_id>/agree", methods=["POST"])
@EITHER_SIDE
@appointments.arguments(Agreement, required=False)
@appointments.alt_response(200, schema=schemas.Ticket)
@one_effect
def agree(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Agree to what the other side proposed; staff may record what the household agreed to by word of mouth."""
    return _take(commands.agree, db, ticket_id, body)


@appointments.route("/tickets/<uuid:ticket_id>/call-off", methods=["POST"])
@EITHER_SIDE
@appointments.arguments(Answering, required=False)
@appointments.alt_response(200, schema=schemas.Ticket)
@one_effect
def call_off(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Take the window off the table that is proposed, else the one that was agreed."""
    return _take(commands.call_off, db, ticket_id, body)


@appointments.route("/tickets/<uuid:ticket_id>/appointments", methods=["GET"])
@access(*ROLES)
@appointments.alt_response(200, schema=Appointments)
def all_appointments(ticket_id: uuid.UUID) -> Response:
    """Read every window that was named for a ticket, and what became of it."""
    with scoped() as db:
        return respond(Answer({"items": all_appointments_of(db, str(ticket_id))}))
