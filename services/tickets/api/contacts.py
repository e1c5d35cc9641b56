"""The number to call about a report."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, access, one_effect, respond, scoped
from services.kit.identity import current_actor
from services.tickets import queries
from services.tickets.commands import contacts as commands
from services.tickets.queries.contacts import phone_of
from services.tickets.schemas import contacts as shapes

contacts = Blueprint("contacts", __name__, description="Whom to call about a report")


@contacts.route("/tickets/<uuid:ticket_id>/contact", methods=["GET"])
@access("resident", "crew", "dispatcher", "manager")
@contacts.alt_response(200, schema=shapes.Contact)
def read_contact(ticket_id: uuid.UUID) -> Response:
    """Read the number to call: for whoever reported it, the desk, and the job's crew; looks of staff are noted."""
    with scoped() as db:
        ticket = queries.ticket_row(db, str(ticket_id))
        phone = phone_of(db, str(ticket_id))
        commands.note_looks(db, current_actor(), [ticket] if phone else [])
    return respond(Answer({"phone": phone}))


@contacts.route("/tickets/<uuid:ticket_id>/contact", methods=["PUT"])
@access("resident", "dispatcher", "manager")
@contacts.arguments(shapes.ContactIn)
@contacts.alt_response(200, schema=shapes.Contact)
@one_effect
def change_contact(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Leave a number for this report, another one, or none. It goes a month after the report ended."""
    commands.change_number(db, str(ticket_id), body["phone"])
    return Answer({"phone": phone_of(db, str(ticket_id))})
