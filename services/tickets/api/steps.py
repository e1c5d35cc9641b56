"""The verbs of the lifecycle: one POST each, answered with the ticket as it is afterwards."""

import uuid
from typing import Any

from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import IF_MATCH, Answer, access, expected_version, one_effect
from services.kit.identity import current_actor
from services.tickets import commands, schemas
from services.tickets.api.answers import ticket_answer, words
from services.tickets.api.refusals import telling_both

steps = Blueprint("steps", __name__, description="What is done about a ticket")

DESK = ("dispatcher", "manager")


def _take(verb: Any, db: Connection, ticket_id: uuid.UUID, *, edit: bool = False, **details: Any) -> Answer:
    actor, phone = current_actor(), schemas.phone_of(details)
    told = {"phone": phone} if phone else {}
    version = expected_version(required=edit)
    with telling_both(db, actor, str(ticket_id), verb.__name__, phone):
        after = verb(db, actor, str(ticket_id), version=version, **told, **details)
    return ticket_answer(actor, after)


@steps.route("/tickets/<uuid:ticket_id>/acknowledge", methods=["POST"])
@access(*DESK)
@steps.arguments(schemas.Nothing(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def acknowledge(db: Connection, _body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Answer the request as a human at the desk."""
    return _take(commands.acknowledge, db, ticket_id)


@steps.route("/tickets/<uuid:ticket_id>/claim", methods=["POST"])
@access("crew", "manager")
@steps.arguments(schemas.Done(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def claim(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Take the job, or as a manager what was handed up. One claim wins; the others are told who did (409)."""
    return _take(commands.claim, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/release", methods=["POST"])
@access("crew", *DESK)
@steps.arguments(schemas.Release)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def release(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Put the job back into the pool, with the reason."""
    return _take(commands.release, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/assign", methods=["POST"])
@access("crew", *DESK)
@steps.arguments(schemas.Assignment)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def assign(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Give the job to a crew member; its owner hands over the same way."""
    return _take(commands.assign, db, ticket_id, **words(body))


@steps.route("/tickets/<uuid:ticket_id>/depart", methods=["POST"])
@access("crew")
@steps.arguments(schemas.Done(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def depart(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Set out."""
    return _take(commands.depart, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/arrive", methods=["POST"])
@access("crew")
@steps.arguments(schemas.Done(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def arrive(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Be on site."""
    return _take(commands.arrive, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/start", methods=["POST"])
@access("crew")
@steps.arguments(schemas.Done(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def start(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Begin the work."""
    return _take(commands.start, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/pause", methods=["POST"])
@access("crew")
@steps.arguments(schemas.Pause)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def pause(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Wait for something until a moment, with a reason and a note the resident reads and may object to."""
    return _take(commands.pause, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/resume", methods=["POST"])
@access("crew", *DESK)
@steps.arguments(schemas.Done(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def resume(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Go on with the work."""
    return _take(commands.resume, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/object", methods=["POST"])
@access("resident")
@steps.arguments(schemas.Reason)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def object_to(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Object to the waiting: once a pause, with a reason that everybody on the ticket reads."""
    return _take(commands.object_to, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/urge", methods=["POST"])
@access("resident")
@steps.arguments(schemas.Nothing(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def urge(db: Connection, _body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Ask to hurry: counted, at most once an hour, and whoever is accountable is told."""
    return _take(commands.urge, db, ticket_id)


@steps.route("/tickets/<uuid:ticket_id>/disallow", methods=["POST"])
@access(*DESK)
@steps.arguments(schemas.Disallowance)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def disallow(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Take a pause back, open or over, with a reason everybody reads: the clocks ran all the while."""
    return _take(commands.disallow, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/make-safe", methods=["POST"])
@access("crew", *DESK)
@steps.arguments(schemas.Note, required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def make_safe(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say that nobody is in danger any more; the repair may still be to come."""
    return _take(commands.make_safe, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/complete", methods=["POST"])
@access("crew")
@steps.arguments(schemas.Note, required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def complete(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say the work is done; the return visit falls due."""
    return _take(commands.complete, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/confirm", methods=["POST"])
@access("resident")
@steps.arguments(schemas.Nothing(), required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def confirm(db: Connection, _body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say that it is solved."""
    return _take(commands.confirm, db, ticket_id)


@steps.route("/tickets/<uuid:ticket_id>/call-back", methods=["POST"])
@access(*DESK)
@steps.arguments(schemas.CallBack)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def call_back(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Record a call about the completed job; only one that reached somebody counts."""
    return _take(commands.call_back, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/reopen", methods=["POST"])
@access("resident", *DESK)
@steps.arguments(schemas.Reason)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def reopen(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say that it is not solved after all; history stays as it is."""
    cause = "resident" if current_actor().role == "resident" else "staff"
    return _take(commands.reopen, db, ticket_id, cause=cause, **body)


@steps.route("/tickets/<uuid:ticket_id>/cancel", methods=["POST"])
@access("resident", *DESK)
@steps.arguments(schemas.MaybeReason, required=False)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def cancel(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Withdraw the request."""
    return _take(commands.cancel, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/decline", methods=["POST"])
@access(*DESK)
@steps.arguments(schemas.Reason)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def decline(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Turn the request down, with a reason the resident reads."""
    return _take(commands.decline, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/promise", methods=["POST"])
@access("crew", *DESK)
@steps.arguments(schemas.Promise)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def promise(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Tell the resident when."""
    return _take(commands.promise, db, ticket_id, **body)


@steps.route("/tickets/<uuid:ticket_id>/override", methods=["POST"])
@access(*DESK)
@steps.doc(parameters=[IF_MATCH])
@steps.arguments(schemas.Override)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def override(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Correct item, need level or urgency, with a reason; an edit, so it needs If-Match."""
    return _take(commands.override, db, ticket_id, edit=True, **body)


@steps.route("/tickets/<uuid:ticket_id>/reevaluate", methods=["POST"])
@access("manager")
@steps.doc(parameters=[IF_MATCH])
@steps.arguments(schemas.Reason)
@steps.alt_response(200, schema=schemas.Ticket)
@one_effect
def reevaluate(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Move an open ticket to the policy and calendar now in force, with a reason; it needs If-Match."""
    return _take(commands.reevaluate, db, ticket_id, edit=True, **body)
