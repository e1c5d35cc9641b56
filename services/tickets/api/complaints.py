"""Where complaints are heard, judged, negotiated, settled and learnt from."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import Conflict, DeskError, Forbidden, NotFound
from services.kit.http import Answer, access, expected_version, one_effect, page_link, respond, scoped, version_tag
from services.kit.identity import ROLES, Actor, current_actor
from services.tickets.acts import Phone
from services.tickets.api.answers import ticket_answer, words
from services.tickets.api.refusals import telling_both
from services.tickets.commands import complaints as verbs
from services.tickets.commands.escalation import escalate as hand_up
from services.tickets.queries.complaints import ComplaintFilter, complaint_view, earlier_of, list_complaints
from services.tickets.schemas import Reason, Ticket, phone_of
from services.tickets.schemas import complaints as schemas

complaints = Blueprint("complaints", __name__, description="Complaints and how they are settled")

FIRST_LINE = ("crew", "dispatcher", "manager")
DESK = ("dispatcher", "manager")
CASE = "/tickets/<uuid:ticket_id>/complaint"


def _take(
    verb: Callable[..., Any], db: Connection, ticket_id: uuid.UUID, phone: Phone | None, **details: Any
) -> Answer:
    actor, version = current_actor(), expected_version()
    told = {"phone": phone} if phone else {}
    # Some verbs are several steps: of one that is refused nothing is told but what was so before.
    with _telling_all(db, actor, str(ticket_id), verb.__name__, phone), db.begin_nested():
        verb(db, actor, str(ticket_id), version=version, **told, **words(details))
    view, version = complaint_view(db, actor, str(ticket_id), taken=True)
    return Answer(view, 200, version_tag(version))


@contextmanager
def _telling_all(db: Connection, actor: Actor, ticket_id: str, action: str, phone: Phone | None) -> Iterator[None]:
    """Add to a refusal within what every step's has, and `complaint` as it is now where it is theirs to read."""
    with telling_both(db, actor, ticket_id, action, phone):
        try:
            yield
        except NotFound:
            raise
        except DeskError as refusal:
            with suppress(Conflict, Forbidden):
                refusal.more["complaint"] = complaint_view(db, actor, ticket_id)[0]
            raise


@complaints.route("/tickets/<uuid:ticket_id>/escalate", methods=["POST"])
@access("crew", "dispatcher")
@complaints.arguments(schemas.Escalation)
@complaints.alt_response(200, schema=Ticket)
@one_effect
def escalate(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Hand the ticket up: management, or the manager given, is accountable from now on, and everybody is told."""
    actor, phone, version = current_actor(), phone_of(body), expected_version()
    with telling_both(db, actor, str(ticket_id), "escalate", phone):
        after = hand_up(db, actor, str(ticket_id), version=version, phone=phone, **words(body))
    return ticket_answer(actor, after)


@complaints.route("/complaints", methods=["GET"])
@access("dispatcher", "manager", "admin")
@complaints.arguments(schemas.ComplaintQuery, location="query")
@complaints.alt_response(200, schema=schemas.ListedComplaints)
def list_all(query: dict[str, Any]) -> Response:
    """List complaints with how far each has come, newest first; `new` are those that nobody identified."""
    limit, after = query.pop("limit"), query.pop("after")
    with scoped() as db:
        found, more = list_complaints(db, current_actor(), ComplaintFilter(**words(query)), limit, after)
    return respond(Answer({"items": found}, 200, page_link(more)))


@complaints.route(CASE, methods=["GET"])
@access(*ROLES)
@complaints.alt_response(200, schema=schemas.ComplaintView)
def read_case(ticket_id: uuid.UUID) -> Response:
    """Read a complaint's case and the steps open to the caller."""
    with scoped() as db:
        view, version = complaint_view(db, current_actor(), str(ticket_id))
    return respond(Answer(view, 200, version_tag(version)))


@complaints.route(f"{CASE}/earlier", methods=["GET"])
@access("crew", "dispatcher", "manager", "admin")
@complaints.alt_response(200, schema=schemas.EarlierCases)
def earlier(ticket_id: uuid.UUID) -> Response:
    """Find the earlier complaints most like this one."""
    with scoped() as db:
        return respond(Answer({"items": earlier_of(db, current_actor(), str(ticket_id))}))


@complaints.route(f"{CASE}/identify", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Identification)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def identify(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Hear the complainant out and say back what they want; it answers the request where nobody had."""
    phone = phone_of(body)
    return _take(verbs.identify, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/assess", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Judgement)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def assess(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Judge it beside the earlier cases most like it."""
    phone = phone_of(body)
    return _take(verbs.assess, db, ticket_id, phone, judged=verbs.Assessment(**body))


@complaints.route(f"{CASE}/offer", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Offer)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def offer(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Offer at least two ways to settle it."""
    phone = phone_of(body)
    return _take(verbs.offer, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/choose", methods=["POST"])
@access("resident", *FIRST_LINE)
@complaints.arguments(schemas.Choice)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def choose(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Choose an option; a manager is asked to approve it."""
    phone = phone_of(body)
    return _take(verbs.choose, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/approve", methods=["POST"])
@access("manager")
@complaints.arguments(schemas.Approval, required=False)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def approve(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Approve what was chosen."""
    return _take(verbs.approve, db, ticket_id, None, **body)


@complaints.route(f"{CASE}/refuse", methods=["POST"])
@access("manager")
@complaints.arguments(Reason)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def refuse(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Do not approve it; other options are offered."""
    return _take(verbs.refuse, db, ticket_id, None, **body)


@complaints.route(f"{CASE}/act", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Acting, required=False)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def act(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say who does what was approved, and promise by when."""
    phone = phone_of(body)
    return _take(verbs.act, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/settle", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Settlement)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def settle(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Say what was done; the ticket is completed with it."""
    phone = phone_of(body)
    return _take(verbs.settle, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/reply", methods=["POST"])
@access(*FIRST_LINE)
@complaints.arguments(schemas.Reply)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def reply(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Answer a complaint that was not justified; wording that is not fit to be sent is refused, with advice."""
    phone = phone_of(body)
    return _take(verbs.reply, db, ticket_id, phone, **body)


@complaints.route(f"{CASE}/review", methods=["POST"])
@access(*DESK)
@complaints.arguments(schemas.Review)
@complaints.alt_response(200, schema=schemas.ComplaintView)
@one_effect
def review(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Record the return visit and what was learnt; what is not solved is opened again."""
    return _take(verbs.review, db, ticket_id, None, **body)
