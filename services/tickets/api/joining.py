"""Requests with one cause: joined to the one that leads, and parted from it again."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, access, expected_version, one_effect, respond, scoped
from services.kit.identity import ROLES, current_actor
from services.tickets import commands, schemas
from services.tickets.api.answers import ticket_answer, words
from services.tickets.api.refusals import telling_both
from services.tickets.queries.similar import joined_reports
from services.tickets.schemas.joining import JoinedReports, Joining

joining = Blueprint("joining", __name__, description="Several reports of one cause")


@joining.route("/tickets/<uuid:ticket_id>/join", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@joining.arguments(Joining)
@joining.alt_response(200, schema=schemas.Ticket)
@one_effect
def join(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Join a request to another with the same cause: it moves with that, and is answered and asked about by itself."""
    actor, phone, version = current_actor(), schemas.phone_of(body), expected_version()
    with telling_both(db, actor, str(ticket_id), "join", phone):
        after = commands.join(db, actor, str(ticket_id), **words(body), version=version, phone=phone)
    return ticket_answer(actor, after)


@joining.route("/tickets/<uuid:ticket_id>/part", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@joining.arguments(schemas.MaybeReason, required=False)
@joining.alt_response(200, schema=schemas.Ticket)
@one_effect
def part(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Let a request stand by itself again; open, it goes back to the pool."""
    actor = current_actor()
    return ticket_answer(actor, commands.part(db, actor, str(ticket_id), **body, version=expected_version()))


@joining.route("/tickets/<uuid:ticket_id>/joined", methods=["GET"])
@access(*ROLES)
@joining.alt_response(200, schema=JoinedReports)
def joined(ticket_id: uuid.UUID) -> Response:
    """Read what a request moves with, and what moves with it."""
    with scoped() as db:
        return respond(Answer(joined_reports(db, current_actor(), str(ticket_id))))
