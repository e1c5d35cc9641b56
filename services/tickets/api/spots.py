"""Spots with a code to scan: kept by managers and admins, printed by staff."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import (
    IF_MATCH,
    Answer,
    access,
    current_service,
    expected_version,
    one_effect,
    page_link,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import STAFF, current_actor
from services.tickets.api.answers import words
from services.tickets.commands import spots as commands
from services.tickets.commands.register import no_such_place
from services.tickets.queries import spots as reading
from services.tickets.schemas import Nothing
from services.tickets.schemas import spots as shapes

spots = Blueprint("spots", __name__, description="Lifts, doors and other spots with a code to scan")
KEEPERS = access("manager", "admin")


def _public_url() -> str:
    return current_service().settings.public_url


def _answer(db: Connection, spot_id: str, status: int = 200) -> Answer:
    row = reading.one_spot(db, current_actor(), spot_id)
    if row is None:
        raise no_such_place()
    return Answer(reading.spot_view(row, _public_url()), status, version_tag(row["version"]))


@spots.route("/spots", methods=["POST"])
@KEEPERS
@spots.arguments(shapes.NewSpot)
@spots.alt_response(201, schema=shapes.SpotView)
@one_effect
def add_spot(db: Connection, body: dict[str, Any]) -> Answer:
    """Add a spot; it gets a code that nobody can guess."""
    return _answer(db, commands.add_spot(db, current_actor(), words(body))["id"], 201)


@spots.route("/spots", methods=["GET"])
@access(*STAFF)
@spots.arguments(shapes.SpotQuery, location="query")
@spots.alt_response(200, schema=shapes.Spots)
def list_spots(query: dict[str, Any]) -> Response:
    """List spots, closed ones too."""
    with scoped() as db:
        found, more = reading.list_spots(db, current_actor(), **words(query))
    return respond(Answer({"items": [reading.spot_view(row, _public_url()) for row in found]}, 200, page_link(more)))


@spots.route("/spots/sheet", methods=["GET"])
@access(*STAFF)
@spots.arguments(shapes.SheetQuery, location="query")
@spots.alt_response(200, schema=shapes.Sheet)
def sheet(query: dict[str, Any]) -> Response:
    """Read what a printed sheet shows: the open spots of a building or a community, each with its picture."""
    with scoped() as db:
        return respond(
            Answer({"items": reading.sheet_of(db, current_actor(), **words(query), public_url=_public_url())})
        )


@spots.route("/spots/<uuid:spot_id>", methods=["GET"])
@access(*STAFF)
@spots.alt_response(200, schema=shapes.SpotView)
def one_spot(spot_id: uuid.UUID) -> Response:
    """Read a spot; its ETag goes into If-Match."""
    with scoped() as db:
        return respond(_answer(db, str(spot_id)))


@spots.route("/spots/<uuid:spot_id>", methods=["PATCH"])
@KEEPERS
@spots.doc(parameters=[IF_MATCH])
@spots.arguments(shapes.SpotChange)
@spots.alt_response(200, schema=shapes.SpotView)
@one_effect
def change_spot(db: Connection, body: dict[str, Any], spot_id: uuid.UUID) -> Answer:
    """Change a spot, close it or open it again; it needs If-Match."""
    commands.change_spot(db, current_actor(), str(spot_id), body, expected_version(required=True))
    return _answer(db, str(spot_id))


@spots.route("/spots/<uuid:spot_id>/code", methods=["POST"])
@KEEPERS
@spots.arguments(Nothing, required=False)
@spots.alt_response(200, schema=shapes.SpotView)
@one_effect
def replace_code(db: Connection, _body: dict[str, Any], spot_id: uuid.UUID) -> Answer:
    """Give a spot a new code; nothing is behind the old one any more, so print it anew."""
    commands.replace_code(db, current_actor(), str(spot_id), expected_version())
    return _answer(db, str(spot_id))


@spots.route("/spots/<uuid:spot_id>/code.svg", methods=["GET"])
@access(*STAFF)
@spots.response(200, content_type="image/svg+xml")
def code_svg(spot_id: uuid.UUID) -> Response:
    """Fetch the picture of a spot's code."""
    with scoped() as db:
        answer = _answer(db, str(spot_id))
    # As a file of its own the picture has to say what language it is written in.
    picture = reading.svg_of(answer.payload["url"]).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    return Response(picture, mimetype="image/svg+xml")
