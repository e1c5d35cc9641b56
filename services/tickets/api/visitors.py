"""What people without an account may do: scan a code, report what they found there, and follow it by their link."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from flask import Response, current_app, g
from flask_smorest import Blueprint
from sqlalchemy import Connection
from werkzeug.exceptions import HTTPException

from services.kit.database import transaction
from services.kit.errors import DeskError
from services.kit.events import new_id
from services.kit.http import Answer, current_service, one_effect, public, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import NOBODY, Actor, current_actor
from services.tickets import pictures, queries
from services.tickets.commands import visitors as commands
from services.tickets.estate.spots import VISITOR
from services.tickets.photo_files import store_file
from services.tickets.queries import spots as reading
from services.tickets.queries.views import item_name
from services.tickets.schemas import PhotoUpload
from services.tickets.schemas import spots as shapes
from services.tickets.visitor_links import Link, Links

visitors = Blueprint("visitors", __name__, description="For people without an account")


class Enough(HTTPException):
    """So many reports came in here of late that no more are taken from people without an account (429)."""

    code = 429
    description = "Many reports came in here just now. Please try again in an hour, or call the service desk."

    def get_headers(self, *_args: Any, **_kwargs: Any) -> list[tuple[str, str]]:
        """Return when to come back."""
        return [("Retry-After", "3600")]


def _links() -> Links:
    return cast(Links, current_app.extensions["visitors_links"])


def by_code(view: Callable[..., Any]) -> Callable[..., Any]:
    """Find out whose code it is before anything else is read, and narrow the database to its community."""

    @functools.wraps(view)
    def run(*args: Any, code: str, **kwargs: Any) -> Any:
        with transaction(current_service().engine, None) as db:
            g.actor = commands.visitor_of(db, code, wants())
        return view(*args, code=code, **kwargs)

    return run


def by_link(view: Callable[..., Any]) -> Callable[..., Any]:
    """Verify the link's signature before anything else is read, and narrow the database to its community."""

    @functools.wraps(view)
    def run(*args: Any, token: str, **kwargs: Any) -> Any:
        link = _links().read(token)
        g.actor = Actor(NOBODY, link.organisation_id, VISITOR, (link.community_id,), locale=wants())
        return view(*args, link=link, **kwargs)

    return run


@visitors.route("/q/<string:code>", methods=["GET"])
@public
@by_code
@visitors.alt_response(200, schema=shapes.Scanned)
def scan(code: str) -> Response:
    """Read what is behind a code: where it is, and what is already being done there."""
    with scoped() as db:
        return respond(Answer(reading.scanned(db, code)))


@visitors.route("/q/<string:code>/tickets", methods=["POST"])
@public
@by_code
@visitors.arguments(shapes.VisitorsReport)
@visitors.alt_response(201, schema=shapes.VisitorsReceipt)
@one_effect
def report(db: Connection, body: dict[str, Any], code: str) -> Answer:
    """Report what you found at a shared spot, without an account; the answer's link shows what becomes of it."""
    actor = replace(current_actor(), locale=wants())
    corrections = queries.corrections_of(db, actor.organisation_id)
    ticket = commands.file_as_visitor(db, actor, code, corrections, **body)
    if ticket is None:
        raise Enough()
    token = _links().sign(Link(ticket["id"], actor.organisation_id, ticket["community_id"]))
    url = f"{current_service().settings.public_url.rstrip('/')}/follow/{token}"
    payload = {
        **{name: ticket[name] for name in ("number", "status", "urgency", "because")},
        "place": ticket["location"],
        "catalogue_name": item_name(ticket),
        "filed_at": ticket["filed_at"].isoformat(),
        "follow_token": token,
        "follow_url": url,
    }
    return Answer(payload, 201, {"Location": f"/api/v1/follow/{token}"})


@visitors.route("/follow/<string:token>", methods=["GET"])
@public
@by_link
@visitors.alt_response(200, schema=shapes.Followed)
def follow(link: Link) -> Response:
    """Read what became of a report: its statuses and when, and no names."""
    with scoped() as db:
        return respond(Answer(reading.follow_view(db, link.ticket_id)))


@visitors.route("/follow/<string:token>/photos", methods=["POST"])
@public
@by_link
@visitors.arguments(PhotoUpload, location="files")
@visitors.alt_response(201, schema=shapes.VisitorsPhoto)
def add_photo(files: dict[str, Any], link: Link) -> Response:
    """Add a photo to a report; it is written anew without what the camera adds, such as the place."""
    # As with every photo: read and stored while no transaction is open.
    store, photo_id = cast(pictures.Store, current_app.extensions["photos"]), str(new_id())
    data = files["photo"].read()
    files["photo"].seek(0)
    try:
        with scoped() as db:
            commands.require_photo_possible(db, link.ticket_id)
        picture = pictures.read_picture(data)
        store_file(current_service().engine, current_actor(), store, photo_id, picture)
    except DeskError as refusal:
        return _record(refusal, link.ticket_id, photo_id)
    return _record(picture, link.ticket_id, photo_id)


@one_effect
def _record(db: Connection, picture: pictures.Picture | DeskError, ticket_id: str, photo_id: str) -> Answer:
    if isinstance(picture, DeskError):
        raise picture
    _, photo = commands.add_visitors_photo(db, current_actor(), ticket_id, picture, photo_id)
    return Answer(photo, 201)


@visitors.route("/follow/<string:token>/phone", methods=["DELETE"])
@public
@by_link
@visitors.alt_response(204)
@one_effect
def forget_phone(db: Connection, link: Link) -> Answer:
    """Take back the telephone number you left."""
    commands.forget_phone(db, link.ticket_id)
    return Answer(None, 204)
