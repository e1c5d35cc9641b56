"""Filing tickets, and reading them."""

import uuid
from dataclasses import replace
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import invalid_field
from services.kit.http import Answer, access, one_effect, page_link, respond, scoped, version_tag
from services.kit.http.problems import wants
from services.kit.identity import ROLES, Actor, current_actor
from services.tickets import commands, queries, schemas
from services.tickets.api.answers import ticket_answer, words
from services.tickets.api.refusals import telling_both
from services.tickets.commands.contacts import leave_number

tickets = Blueprint("tickets", __name__, description="Requests and what became of them")
EVERYBODY = access(*ROLES)


@tickets.route("/tickets", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@tickets.arguments(schemas.NewTicket())
@tickets.alt_response(201, schema=schemas.TicketWithWaits)
@one_effect
def file_ticket(db: Connection, body: dict[str, Any]) -> Answer:
    """File a request. Triage finds the catalogue item, need level and urgency, and says because of which words."""
    actor = replace(current_actor(), locale=wants())  # The reasons are written in the language of this request.
    given = words(body)
    to, phone = given.pop("join"), given.pop("phone")
    filing = commands.Filing(**given, joins=commands.urgency_of_lead(db, to) if to else None)
    filed = commands.file_ticket(db, actor, filing, queries.corrections_of(db, actor.organisation_id))
    waits = [queries.wait_view(row, filed["filed_at"]) for row in filed["waits"]]
    if phone is not None:
        leave_number(db, filed, phone)
    if to is not None:
        filed = commands.join_filed(db, actor, filed, to)
    answer = ticket_answer(actor, filed, 201)
    headers = {**answer.headers, "Location": f"/api/v1/tickets/{filed['id']}"}
    return Answer({**answer.payload, "waits": waits}, 201, headers)


@tickets.route("/tickets", methods=["GET"])
@EVERYBODY
@tickets.arguments(schemas.TicketQuery, location="query")
@tickets.alt_response(200, schema=schemas.Tickets)
def list_tickets(query: dict[str, Any]) -> Response:
    """List the tickets the caller may see, newest first."""
    actor = current_actor()
    limit, after, status, owner = (query.pop(name) for name in ("limit", "after", "status", "owner"))
    ids, states = tuple(map(str, query.pop("ids"))), (status,) if status else ()
    wanted = queries.TicketFilter(ids=ids, status=states, owner=_owner(owner, actor), **words(query))
    with scoped() as db:
        found, more = queries.list_tickets(db, actor, wanted, limit, after)
    return respond(Answer({"items": found}, 200, page_link(more)))


def _owner(given: str | None, actor: Actor) -> str | None:
    if given is None or given == "me":
        return actor.id if given else None
    try:
        return str(uuid.UUID(given))
    except ValueError as problem:
        raise invalid_field("owner", "Give a person's id, or “me”.", "请填写人员编号或 me。") from problem


@tickets.route("/tickets/<uuid:ticket_id>", methods=["GET"])
@EVERYBODY
@tickets.alt_response(200, schema=schemas.TicketWithWaits)
def one_ticket(ticket_id: uuid.UUID) -> Response:
    """Read a ticket; its ETag goes into If-Match when it is changed."""
    actor = current_actor()
    with scoped() as db:
        row = queries.ticket_row(db, str(ticket_id))
        waits = queries.waits_of(db, row)
    return respond(Answer({**queries.ticket_view(row, actor), "waits": waits}, 200, version_tag(row["version"])))


@tickets.route("/tickets/<uuid:ticket_id>/history", methods=["GET"])
@EVERYBODY
@tickets.alt_response(200, schema=schemas.History)
def history(ticket_id: uuid.UUID) -> Response:
    """Read every step of a ticket, in order, chained by hash."""
    with scoped() as db:
        return respond(Answer({"items": queries.history_of(db, current_actor(), str(ticket_id))}))


@tickets.route("/tickets/<uuid:ticket_id>/clocks", methods=["GET"])
@EVERYBODY
@tickets.alt_response(200, schema=schemas.Clocks)
def clocks(ticket_id: uuid.UUID) -> Response:
    """Read a ticket's clocks as they stand now, computed from its history."""
    with scoped() as db:
        return respond(Answer(queries.clocks_of(db, current_actor(), str(ticket_id))))


@tickets.route("/tickets/<uuid:ticket_id>/waits", methods=["GET"])
@EVERYBODY
@tickets.alt_response(200, schema=schemas.Waits)
def waits(ticket_id: uuid.UUID) -> Response:
    """Read every estimate that was given of how long this takes, oldest first, and when it happened."""
    with scoped() as db:
        return respond(Answer(queries.all_waits_of(db, str(ticket_id))))


@tickets.route("/tickets/<uuid:ticket_id>/comments", methods=["GET"])
@EVERYBODY
@tickets.alt_response(200, schema=schemas.Comments)
def comments(ticket_id: uuid.UUID) -> Response:
    """Read what was written about a ticket, as far as the caller may see it."""
    with scoped() as db:
        return respond(Answer({"items": queries.comments_of(db, str(ticket_id))}))


@tickets.route("/tickets/<uuid:ticket_id>/comments", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@tickets.arguments(schemas.Comment)
@tickets.alt_response(201, schema=schemas.CommentView)
@one_effect
def add_comment(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Write a comment, visible to the resident or internal."""
    actor, phone = current_actor(), schemas.phone_of(body)
    with telling_both(db, actor, str(ticket_id), "comment", phone):
        after, comment = commands.comment(db, actor, str(ticket_id), phone=phone, **body)
    return Answer(comment, 201, version_tag(after["version"]))
