"""The register of places: an admin adds, renames and closes; staff read."""

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
from services.kit.identity import STAFF, current_actor
from services.tickets.api.answers import words
from services.tickets.commands import register
from services.tickets.queries import places as reading
from services.tickets.schemas import places as shapes

places = Blueprint("places", __name__, description="Communities, buildings and units")
ADMIN = access("admin")
READERS = access(*STAFF)


def _building(db: Connection, row: dict[str, Any], status: int = 200) -> Answer:
    view = reading.building_view(row, reading.units_in(db, row["id"]))
    return Answer(view, status, version_tag(row["version"]))


@places.route("/units/find", methods=["POST"])
@access("admin", "manager")
@places.arguments(shapes.CodesIn)
@places.alt_response(200, schema=shapes.UnitsByCode)
def find_units(body: dict[str, Any]) -> Response:
    """Find units by their codes or ids; what is not answered is none of the caller's. Nothing is changed."""
    with scoped() as db:
        found = reading.units_by_code(db, current_actor(), body["codes"], [str(one) for one in body["ids"]])
    return respond(Answer({"items": found}))


@places.route("/communities", methods=["POST"])
@ADMIN
@places.arguments(shapes.NewCommunity)
@places.alt_response(201, schema=shapes.CommunityInRegister)
@one_effect
def open_community(db: Connection, body: dict[str, Any]) -> Answer:
    """Add a community, on a calendar of its own or on the terms of another."""
    row = register.open_community(db, current_actor(), **words(body))
    return Answer(reading.community_view(row), 201, version_tag(row["version"]))


@places.route("/communities/<uuid:place_id>", methods=["PATCH"])
@ADMIN
@places.doc(parameters=[IF_MATCH])
@places.arguments(shapes.PlaceChange)
@places.alt_response(200, schema=shapes.CommunityInRegister)
@one_effect
def change_community(db: Connection, body: dict[str, Any], place_id: uuid.UUID) -> Answer:
    """Rename a community, close it or open it again; it needs If-Match."""
    row = _changed(db, register.COMMUNITY, place_id, body)
    return Answer(reading.community_view(row), 200, version_tag(row["version"]))


@places.route("/communities/<uuid:place_id>/buildings", methods=["GET"])
@READERS
@places.alt_response(200, schema=shapes.Buildings)
def list_buildings(place_id: uuid.UUID) -> Response:
    """List a community's buildings."""
    with scoped() as db:
        register.find(db, current_actor(), register.COMMUNITY, str(place_id))
        return respond(Answer({"items": reading.buildings_of(db, str(place_id))}))


@places.route("/communities/<uuid:place_id>/buildings", methods=["POST"])
@ADMIN
@places.arguments(shapes.NewPlace)
@places.alt_response(201, schema=shapes.BuildingView)
@one_effect
def add_building(db: Connection, body: dict[str, Any], place_id: uuid.UUID) -> Answer:
    """Add a building."""
    return _building(db, register.add_building(db, current_actor(), str(place_id), **body), 201)


@places.route("/buildings/<uuid:place_id>", methods=["PATCH"])
@ADMIN
@places.doc(parameters=[IF_MATCH])
@places.arguments(shapes.PlaceChange)
@places.alt_response(200, schema=shapes.BuildingView)
@one_effect
def change_building(db: Connection, body: dict[str, Any], place_id: uuid.UUID) -> Answer:
    """Rename a building, close it or open it again; it needs If-Match."""
    return _building(db, _changed(db, register.BUILDING, place_id, body))


@places.route("/buildings/<uuid:place_id>", methods=["DELETE"])
@ADMIN
@places.doc(parameters=[IF_MATCH])
@places.alt_response(204)
@one_effect
def remove_building(db: Connection, place_id: uuid.UUID) -> Answer:
    """Take away a building that nothing refers to; it needs If-Match."""
    return _removed(db, register.BUILDING, place_id)


@places.route("/buildings/<uuid:place_id>/units", methods=["GET"])
@READERS
@places.arguments(Page, location="query")
@places.alt_response(200, schema=shapes.UnitsInRegister)
def list_units_of(query: dict[str, Any], place_id: uuid.UUID) -> Response:
    """List a building's units by name."""
    with scoped() as db:
        register.find(db, current_actor(), register.BUILDING, str(place_id))
        found, more = reading.units_of(db, str(place_id), query["limit"], query["after"])
    return respond(Answer({"items": found}, 200, page_link(more)))


@places.route("/buildings/<uuid:place_id>/units", methods=["POST"])
@ADMIN
@places.arguments(shapes.NewPlace)
@places.alt_response(201, schema=shapes.UnitInRegister)
@one_effect
def add_unit(db: Connection, body: dict[str, Any], place_id: uuid.UUID) -> Answer:
    """Add a unit."""
    row = register.add_unit(db, current_actor(), str(place_id), **body)
    return Answer(reading.unit_view(row), 201, version_tag(row["version"]))


@places.route("/units/<uuid:place_id>", methods=["PATCH"])
@ADMIN
@places.doc(parameters=[IF_MATCH])
@places.arguments(shapes.PlaceChange)
@places.alt_response(200, schema=shapes.UnitInRegister)
@one_effect
def change_unit(db: Connection, body: dict[str, Any], place_id: uuid.UUID) -> Answer:
    """Rename a unit, close it or open it again; it needs If-Match."""
    row = _changed(db, register.UNIT, place_id, body)
    return Answer(reading.unit_view(row), 200, version_tag(row["version"]))


@places.route("/units/<uuid:place_id>", methods=["DELETE"])
@ADMIN
@places.doc(parameters=[IF_MATCH])
@places.alt_response(204)
@one_effect
def remove_unit(db: Connection, place_id: uuid.UUID) -> Answer:
    """Take away a unit that nothing refers to; it needs If-Match."""
    return _removed(db, register.UNIT, place_id)


@places.route("/places/changes", methods=["GET"])
@access("manager", "admin")
@places.arguments(shapes.ChangesQuery, location="query")
@places.alt_response(200, schema=shapes.PlaceChanges)
def place_changes(query: dict[str, Any]) -> Response:
    """List who changed what about places, the latest first."""
    with scoped() as db:
        found, more = reading.place_changes_of(db, current_actor(), **query)
    return respond(Answer({"items": found}, 200, page_link(more)))


def _changed(db: Connection, kind: register.Kind, place_id: uuid.UUID, body: dict[str, Any]) -> dict[str, Any]:
    return register.change_place(db, current_actor(), kind, str(place_id), body, expected_version(required=True))


def _removed(db: Connection, kind: register.Kind, place_id: uuid.UUID) -> Answer:
    register.remove_place(db, current_actor(), kind, str(place_id), expected_version(required=True))
    return Answer(None, 204)
