"""Photos of a ticket."""

import uuid
from typing import Any, cast

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.events import new_id
from services.kit.http import Answer, access, one_effect, respond, scoped
from services.kit.identity import ROLES, current_actor
from services.tickets import commands, pictures, queries, schemas
from services.tickets.commands.steps import allow, no_such_ticket

photos = Blueprint("photos", __name__, description="Photos of a ticket")


def _store() -> pictures.Store:
    return cast(pictures.Store, current_app.extensions["photos"])


@photos.route("/tickets/<uuid:ticket_id>/photos", methods=["POST"])
@access("resident", "crew", "dispatcher", "manager")
@photos.arguments(schemas.PhotoUpload, location="files")
@photos.alt_response(201, schema=schemas.PhotoView)
@one_effect
def add_photo(db: Connection, files: dict[str, Any], ticket_id: uuid.UUID) -> Answer:
    """Add a photo; it is written anew without what the camera adds, such as the place."""
    actor = current_actor()
    # Refused before any work on the picture: who may not add a photo may not make us decode one either.
    allow(commands.lock(db, str(ticket_id)), actor, "photograph")
    picture = pictures.read_picture(files["photo"].read())
    photo_id = str(new_id())
    _store().put(photo_id, picture.content)
    after, photo = commands.add_photo(db, actor, str(ticket_id), picture, photo_id)
    return Answer(photo, 201, {"ETag": f'"v{after["version"]}"'})


@photos.route("/tickets/<uuid:ticket_id>/photos", methods=["GET"])
@access(*ROLES)
@photos.alt_response(200, schema=schemas.Photos)
def list_photos(ticket_id: uuid.UUID) -> Response:
    """List a ticket's photos."""
    with scoped() as db:
        return respond(Answer({"photos": queries.photos_of(db, str(ticket_id))}))


@photos.route("/tickets/<uuid:ticket_id>/photos/<uuid:photo_id>", methods=["GET"])
@access(*ROLES)
@photos.response(200, content_type="image/jpeg")
def one_photo(ticket_id: uuid.UUID, photo_id: uuid.UUID) -> Response:
    """Fetch a photo as JPEG."""
    with scoped() as db:
        known = {photo["id"] for photo in queries.photos_of(db, str(ticket_id))}
    if str(photo_id) not in known:
        raise no_such_ticket()
    return Response(
        _store().get(str(photo_id)),
        mimetype="image/jpeg",
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )
