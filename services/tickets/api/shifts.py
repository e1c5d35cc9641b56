"""Shifts, and who is on duty."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit import clock as time
from services.kit.http import (
    IF_MATCH,
    Answer,
    access,
    expected_version,
    one_effect,
    page_link,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import current_actor
from services.tickets.api.answers import words
from services.tickets.commands import shifts as commands
from services.tickets.queries.duty import list_shifts, on_duty_list, one_shift, roster, seen_by
from services.tickets.queries.views import moment
from services.tickets.schemas.shifts import (
    DaysOff,
    DutyQuery,
    DutyView,
    Roster,
    RosterQuery,
    ShiftChange,
    ShiftIn,
    Shifts,
    ShiftsQuery,
    ShiftView,
)

shifts = Blueprint("shifts", __name__, description="Shifts of the crews, and who is on duty")
STAFF = access("crew", "dispatcher", "manager", "admin")
PLANNERS = access("manager", "admin")


def _answer(db: Connection, shift_id: str, status: int = 200) -> Answer:
    view = one_shift(db, shift_id)
    headers = {"Location": f"/api/v1/shifts/{shift_id}"} if status == 201 else {}
    return Answer(view, status, {**version_tag(view["version"]), **headers})


@shifts.route("/shifts", methods=["GET"])
@STAFF
@shifts.arguments(ShiftsQuery, location="query")
@shifts.alt_response(200, schema=Shifts)
def all_shifts(query: dict[str, Any]) -> Response:
    """List shifts; crews see their own."""
    wanted = words(query)
    with scoped() as db:
        found, more = list_shifts(
            db,
            limit=wanted["limit"],
            after=wanted["after"],
            community_id=wanted["community_id"],
            person_id=seen_by(current_actor(), wanted["person_id"]),
        )
    return respond(Answer({"items": found}, 200, page_link(more)))


@shifts.route("/shifts", methods=["POST"])
@PLANNERS
@shifts.arguments(ShiftIn)
@shifts.alt_response(201, schema=ShiftView)
@one_effect
def add_shift(db: Connection, body: dict[str, Any]) -> Answer:
    """Give a crew member a shift, by an RRULE (RFC 5545) on the community's wall clock or on one day."""
    return _answer(db, commands.add_shift(db, current_actor(), words(body))["id"], 201)


@shifts.route("/shifts/<uuid:shift_id>", methods=["GET"])
@STAFF
@shifts.alt_response(200, schema=ShiftView)
def read_shift(shift_id: uuid.UUID) -> Response:
    """Read a shift; its ETag goes into If-Match."""
    with scoped() as db:
        return respond(_answer(db, str(shift_id)))


@shifts.route("/shifts/<uuid:shift_id>", methods=["PATCH"])
@PLANNERS
@shifts.doc(parameters=[IF_MATCH])
@shifts.arguments(ShiftChange)
@shifts.alt_response(200, schema=ShiftView)
@one_effect
def edit_shift(db: Connection, body: dict[str, Any], shift_id: uuid.UUID) -> Answer:
    """Change a shift, or end it with `last_on`."""
    commands.change_shift(db, current_actor(), str(shift_id), words(body), expected_version(required=True))
    return _answer(db, str(shift_id))


@shifts.route("/shifts/<uuid:shift_id>", methods=["DELETE"])
@PLANNERS
@shifts.doc(parameters=[IF_MATCH])
@shifts.alt_response(204, description="It is taken away.")
@one_effect
def remove_shift(db: Connection, shift_id: uuid.UUID) -> Answer:
    """Take away a shift that was a mistake."""
    commands.remove_shift(db, str(shift_id), expected_version(required=True))
    return Answer(None, 204)


@shifts.route("/shifts/<uuid:shift_id>/days-off", methods=["POST"])
@PLANNERS
@shifts.arguments(DaysOff)
@shifts.alt_response(200, schema=ShiftView)
@one_effect
def take_days_off(db: Connection, body: dict[str, Any], shift_id: uuid.UUID) -> Answer:
    """Leave a shift out on some days, or let it take place again."""
    commands.take_off(db, current_actor(), str(shift_id), body["since"], body["until"], off=body["off"])
    return _answer(db, str(shift_id))


@shifts.route("/duty", methods=["GET"])
@STAFF
@shifts.arguments(DutyQuery, location="query")
@shifts.alt_response(200, schema=DutyView)
def who_is_on_duty(query: dict[str, Any]) -> Response:
    """List the crew on duty, now or at another moment."""
    at = query["at"] or time.now()
    with scoped() as db:
        found = on_duty_list(db, at, words(query)["community_id"])
    return respond(Answer({"at": moment(at), "items": found}))


@shifts.route("/roster", methods=["GET"])
@STAFF
@shifts.arguments(RosterQuery, location="query")
@shifts.alt_response(200, schema=Roster)
def read_roster(query: dict[str, Any]) -> Response:
    """List every time on duty between two moments."""
    with scoped() as db:
        found = roster(db, query["since"], query["until"], words(query)["community_id"])
    return respond(Answer({"items": found}))
