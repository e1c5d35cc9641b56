"""Photos of a ticket."""

import uuid
from typing import Any, cast

from flask import Response, current_app, request
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import DeskError
from services.kit.events import new_id
from services.kit.http import Answer, access, current_service, one_effect, respond, scoped, version_tag
from services.kit.identity import ROLES, current_actor
from services.tickets import commands, pictures, queries, schemas
from services.tickets.acts import Phone
from services.tickets.api.refusals import telling_both
from services.tickets.commands.steps import allow, no_such_ticket
from services.tickets.photo_files import store_file

photos = Blueprint("photos", __name__, description="Photos of a ticket")


def _store() -> pictures.Store:
    return cast(pictures.Store, current_app.extensions["photos"])


@photos.route("/tickets/<uuid:ticket_id>/photos", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@photos.arguments(schemas.PhotoUpload, location="files")
@photos.alt_response(201, schema=schemas.PhotoView)
def add_photo(files: dict[str, Any], ticket_id: uuid.UUID) -> Response:
    """Add a photo; it is written anew without what the camera adds, such as the place."""
    # The picture is read and stored while no transaction is open. A refusal is handed on to where an earlier answer
    # to the same Idempotency-Key is looked for first.
    photo_id, phone = str(new_id()), schemas.told_beside(request.form)
    data = files["photo"].read()
    files["photo"].seek(0)  # The effect's key is compared by what was sent, and reads it again.
    try:
        picture = _stored_picture(data, str(ticket_id), photo_id)
    except DeskError as refusal:
        return _record(refusal, str(ticket_id), photo_id, phone)
    return _record(picture, str(ticket_id), photo_id, phone)


def _stored_picture(data: bytes, ticket_id: str, photo_id: str) -> pictures.Picture:
    """Return the picture, stored. Who may not add a photo is refused before any work on it."""
    with scoped() as db:
        allow(queries.ticket_row(db, ticket_id), current_actor(), "photograph")
    picture = pictures.read_picture(data)
    store_file(current_service().engine, current_actor(), _store(), photo_id, picture)
    return picture


@one_effect
def _record(
    db: Connection, picture: pictures.Picture | DeskError, ticket_id: str, photo_id: str, phone: Phone | None
) -> Answer:
    actor = current_actor()
    with telling_both(db, actor, ticket_id, "photograph", phone):
        if isinstance(picture, DeskError):
            raise picture
        after, photo = commands.add_photo(db, actor, ticket_id, picture, photo_id, phone)
    return Answer(photo, 201, version_tag(after["version"]))


@photos.route("/tickets/<uuid:ticket_id>/photos", methods=["GET"])
@access(*ROLES)
@photos.alt_response(200, schema=schemas.Photos)
def list_photos(ticket_id: uuid.UUID) -> Response:
    """List a ticket's photos."""
    with scoped() as db:
        return respond(Answer({"items": queries.photos_of(db, str(ticket_id))}))


@photos.route("/tickets/<uuid:ticket_id>/photos/<uuid:photo_id>", methods=["GET"])
@access(*ROLES)
@photos.arguments(schemas.PhotoQuery, location="query")
@photos.response(200, content_type="image/jpeg")
def one_photo(query: dict[str, Any], ticket_id: uuid.UUID, photo_id: uuid.UUID) -> Response:
    """Fetch a photo as JPEG: whole, or small as pages show it."""
    with scoped() as db:
        known = {photo["id"] for photo in queries.photos_of(db, str(ticket_id))}
    if str(photo_id) not in known:
        raise no_such_ticket()
    fetch = _store().get_small if query["size"] == schemas.SMALL else _store().get
    return Response(
        fetch(str(photo_id)),
        mimetype="image/jpeg",
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )
