"""Community events that residents sign up for, and the volunteers among them."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import (
    IF_MATCH,
    Answer,
    Page,
    access,
    expected_version,
    one_effect,
    page_link,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import ROLES, current_actor
from services.tickets.api.answers import words
from services.tickets.commands import gatherings as commands
from services.tickets.commands import volunteers as volunteering
from services.tickets.queries.gatherings import list_gatherings, one_gathering, sign_ups_of
from services.tickets.queries.volunteers import hours_view, list_hours, list_volunteers, own_record
from services.tickets.schemas import Nothing
from services.tickets.schemas.gatherings import (
    Attendance,
    EventChange,
    EventQuery,
    Events,
    EventView,
    Hours,
    HoursDecision,
    HoursQuery,
    HoursView,
    NewEvent,
    NewHours,
    SignUps,
    VolunteerOffer,
    VolunteerQuery,
    Volunteers,
    VolunteerView,
)

gatherings = Blueprint("gatherings", __name__, description="Community events and volunteers")
DESK = access("dispatcher", "manager")


def _answer(db: Connection, gathering_id: str, status: int = 200, **headers: str) -> Answer:
    view = one_gathering(db, current_actor(), gathering_id)
    return Answer(view, status, version_tag(view["version"]) | headers)


@gatherings.route("/events", methods=["POST"])
@DESK
@gatherings.arguments(NewEvent)
@gatherings.alt_response(201, schema=EventView)
@one_effect
def announce(db: Connection, body: dict[str, Any]) -> Answer:
    """Announce an event with so many places."""
    row = commands.announce(db, current_actor(), words(body))
    return _answer(db, row["id"], 201, Location=f"/api/v1/events/{row['id']}")


@gatherings.route("/events", methods=["GET"])
@access(*ROLES)
@gatherings.arguments(EventQuery, location="query")
@gatherings.alt_response(200, schema=Events)
def all_events(query: dict[str, Any]) -> Response:
    """List the events to come, or with `past=true` those that are over."""
    with scoped() as db:
        found, more = list_gatherings(db, current_actor(), **words(query))
    return respond(Answer({"items": found}, 200, page_link(more)))


@gatherings.route("/events/<uuid:event_id>", methods=["GET"])
@access(*ROLES)
@gatherings.alt_response(200, schema=EventView)
def read_event(event_id: uuid.UUID) -> Response:
    """Read an event, with the caller's own place."""
    with scoped() as db:
        return respond(_answer(db, str(event_id)))


@gatherings.route("/events/<uuid:event_id>", methods=["PATCH"])
@DESK
@gatherings.doc(parameters=[IF_MATCH])
@gatherings.arguments(EventChange)
@gatherings.alt_response(200, schema=EventView)
@one_effect
def change_event(db: Connection, body: dict[str, Any], event_id: uuid.UUID) -> Answer:
    """Change an event; more places go to those who wait, in their turn."""
    commands.change_gathering(db, str(event_id), words(body), expected_version(required=True))
    return _answer(db, str(event_id))


@gatherings.route("/events/<uuid:event_id>/cancel", methods=["POST"])
@DESK
@gatherings.arguments(Nothing)
@gatherings.alt_response(200, schema=EventView)
@one_effect
def cancel_event(db: Connection, _body: dict[str, Any], event_id: uuid.UUID) -> Answer:
    """Call an event off."""
    commands.cancel_gathering(db, str(event_id), expected_version())
    return _answer(db, str(event_id))


@gatherings.route("/events/<uuid:event_id>/sign-up", methods=["POST"])
@access("resident")
@gatherings.arguments(Nothing)
@gatherings.alt_response(200, schema=EventView)
@one_effect
def sign_up(db: Connection, _body: dict[str, Any], event_id: uuid.UUID) -> Answer:
    """Sign up; when all places are taken, `my_place` is a turn on the waiting list."""
    commands.sign_up(db, current_actor(), str(event_id))
    return _answer(db, str(event_id))


@gatherings.route("/events/<uuid:event_id>/withdraw", methods=["POST"])
@access("resident")
@gatherings.arguments(Nothing)
@gatherings.alt_response(200, schema=EventView)
@one_effect
def withdraw(db: Connection, _body: dict[str, Any], event_id: uuid.UUID) -> Answer:
    """Give one's place back; who waited longest gets it."""
    commands.withdraw(db, current_actor(), str(event_id))
    return _answer(db, str(event_id))


@gatherings.route("/events/<uuid:event_id>/sign-ups", methods=["GET"])
@DESK
@gatherings.arguments(Page, location="query")
@gatherings.alt_response(200, schema=SignUps)
def sign_ups(query: dict[str, Any], event_id: uuid.UUID) -> Response:
    """List who signed up, in the order of their turns."""
    with scoped() as db:
        found, more = sign_ups_of(db, current_actor(), str(event_id), query["limit"], query["after"])
    return respond(Answer({"items": found}, 200, page_link(more)))


@gatherings.route("/events/<uuid:event_id>/attendance", methods=["POST"])
@DESK
@gatherings.arguments(Attendance)
@gatherings.alt_response(200, schema=EventView)
@one_effect
def attendance(db: Connection, body: dict[str, Any], event_id: uuid.UUID) -> Answer:
    """Record whether somebody with a place came."""
    commands.mark_attendance(db, current_actor(), str(event_id), **words(body))
    return _answer(db, str(event_id))


@gatherings.route("/volunteers", methods=["POST"])
@access("resident")
@gatherings.arguments(VolunteerOffer)
@gatherings.alt_response(200, schema=VolunteerView)
@one_effect
def offer(db: Connection, body: dict[str, Any]) -> Answer:
    """Offer one's help, or take the offer back with an empty list of skills."""
    volunteering.offer(db, current_actor(), **words(body))
    return Answer(own_record(db, current_actor()))


@gatherings.route("/volunteers", methods=["GET"])
@DESK
@gatherings.arguments(VolunteerQuery, location="query")
@gatherings.alt_response(200, schema=Volunteers)
def all_volunteers(query: dict[str, Any]) -> Response:
    """List who offers help, with their confirmed minutes."""
    with scoped() as db:
        found, more = list_volunteers(db, **words(query))
    return respond(Answer({"items": found}, 200, page_link(more)))


@gatherings.route("/volunteers/me", methods=["GET"])
@access("resident")
@gatherings.alt_response(200, schema=VolunteerView)
def own() -> Response:
    """Read what one offers and the hours one gave."""
    with scoped() as db:
        return respond(Answer(own_record(db, current_actor())))


@gatherings.route("/volunteers/hours", methods=["POST"])
@access("resident", "dispatcher", "manager")
@gatherings.arguments(NewHours)
@gatherings.alt_response(201, schema=HoursView)
@one_effect
def record_hours(db: Connection, body: dict[str, Any]) -> Answer:
    """Record time given; it counts once the desk has confirmed it."""
    return Answer(hours_view(volunteering.record_hours(db, current_actor(), words(body))), 201)


@gatherings.route("/volunteers/hours", methods=["GET"])
@access("resident", "dispatcher", "manager")
@gatherings.arguments(HoursQuery, location="query")
@gatherings.alt_response(200, schema=Hours)
def all_hours(query: dict[str, Any]) -> Response:
    """List hours, the latest recorded first; a resident sees their own."""
    with scoped() as db:
        found, more = list_hours(db, **words(query))
    return respond(Answer({"items": found}, 200, page_link(more)))


@gatherings.route("/volunteers/hours/<uuid:hours_id>/decision", methods=["POST"])
@DESK
@gatherings.arguments(HoursDecision)
@gatherings.alt_response(200, schema=HoursView)
@one_effect
def decide_hours(db: Connection, body: dict[str, Any], hours_id: uuid.UUID) -> Answer:
    """Confirm hours, or decline them with a reason."""
    return Answer(hours_view(volunteering.decide_hours(db, current_actor(), str(hours_id), **body)))
