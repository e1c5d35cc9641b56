"""Who saw what is kept closed, for managers."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, access, page_link, respond, scoped
from services.kit.identity import current_actor
from services.tickets.api.answers import words
from services.tickets.queries.looks import looks_of
from services.tickets.schemas.looks import LookedAtPage, LooksQuery

looks = Blueprint(
    "looks", __name__, description="Who looked at homes' records and numbers, and took out case files and reports"
)


@looks.route("/looks", methods=["GET"])
@access("manager")
@looks.arguments(LooksQuery, location="query")
@looks.alt_response(200, schema=LookedAtPage)
def list_looks(query: dict[str, Any]) -> Response:
    """List looks at records of homes and numbers to call, and case files and tables taken out, the latest first."""
    with scoped() as db:
        found, more = looks_of(db, current_actor(), **words(query))
    return respond(Answer({"items": found}, 200, page_link(more)))
