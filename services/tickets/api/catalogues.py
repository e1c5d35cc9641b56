"""The service catalogue: read by everybody, changed by those who keep it, after a look at what would come of it."""

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
from services.kit.http.problems import wants
from services.kit.identity import ROLES, current_actor
from services.tickets.commands.catalogues import publish_catalogue
from services.tickets.queries import catalogues as reading
from services.tickets.schemas import catalogues as shapes

catalogues = Blueprint("catalogues", __name__, description="What can be asked for")
KEEPERS = access("manager", "admin")


def _answer(db: Connection) -> Answer:
    view = reading.catalogue_view(db, current_actor())
    return Answer(view, 200, version_tag(view["version"]))


@catalogues.route("/catalogue", methods=["GET"])
@access(*ROLES)
@catalogues.alt_response(200, schema=shapes.OwnCatalogue)
def read_catalogue() -> Response:
    """Read the service catalogue in force; its ETag goes into If-Match when it is changed."""
    with scoped() as db:
        return respond(_answer(db))


@catalogues.route("/catalogue", methods=["PUT"])
@KEEPERS
@catalogues.doc(parameters=[IF_MATCH])
@catalogues.arguments(shapes.NewCatalogue)
@catalogues.alt_response(200, schema=shapes.OwnCatalogue)
@one_effect
def publish(db: Connection, body: dict[str, Any]) -> Answer:
    """Publish a change, for what is filed from now on; it needs If-Match. Tickets filed before keep their item."""
    publish_catalogue(db, current_actor(), version=expected_version(required=True), **body)
    return _answer(db)


@catalogues.route("/catalogue/preview", methods=["POST"])
@KEEPERS
@catalogues.arguments(shapes.CataloguePreview)
@catalogues.alt_response(200, schema=shapes.CataloguePreviewed)
@one_effect
def preview(db: Connection, body: dict[str, Any]) -> Answer:
    """Say what a change would do to items, to given texts and to the latest requests, without writing anything."""
    return Answer(reading.preview(db, current_actor(), locale=wants(), **body))


@catalogues.route("/catalogue/versions", methods=["GET"])
@KEEPERS
@catalogues.arguments(Page, location="query")
@catalogues.alt_response(200, schema=shapes.CatalogueVersions)
def versions(query: dict[str, Any]) -> Response:
    """List the versions of the catalogue, the latest first: who changed what, when and why."""
    with scoped() as db:
        found, more = reading.catalogue_versions_of(db, current_actor().organisation_id, **query)
    return respond(Answer({"items": found}, 200, page_link(more)))
