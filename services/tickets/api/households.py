"""The record of a home: shown to who may see it, with each look written down, and changed with If-Match."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

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
from services.tickets.commands.households import change_household, home_of, look_at
from services.tickets.queries.households import household_version, household_view, views_of
from services.tickets.schemas.households import HouseholdChange, HouseholdView, LookQuery, Looks, LooksQuery

households = Blueprint("households", __name__, description="What is remembered about a home")


@households.route("/households/<uuid:unit_id>", methods=["GET"])
@access("resident", "crew", "dispatcher", "manager")
@households.arguments(LookQuery, location="query")
@households.alt_response(200, schema=HouseholdView)
def one_household(query: dict[str, Any], unit_id: uuid.UUID) -> Response:
    """Read the record of a home; staff say why, and the look is written down."""
    actor = current_actor()
    with scoped() as db:
        home = home_of(db, actor, str(unit_id))
        look_at(db, actor, home, **words(query))
        view = household_view(db, actor, home)
    return respond(Answer(view, 200, version_tag(view["version"])))


@households.route("/households/<uuid:unit_id>", methods=["PATCH"])
@access("resident", "dispatcher", "manager")
@households.doc(parameters=[IF_MATCH])
@households.arguments(HouseholdChange)
@households.alt_response(200, schema=HouseholdView)
@one_effect
def edit_household(db: Connection, body: dict[str, Any], unit_id: uuid.UUID) -> Answer:
    """Change what is remembered about a home; circumstances of a person need the consent of who lives there."""
    actor, expected = current_actor(), expected_version(required=True)
    home = home_of(db, actor, str(unit_id))
    look_at(db, actor, home, ticket_id=None, purpose="correction")
    change_household(db, actor, home, _columns(body), expected)
    version = household_version(db, home["unit_id"])
    return Answer(household_view(db, actor, home), 200, version_tag(version))


def _columns(body: dict[str, Any]) -> dict[str, Any]:
    changes: dict[str, Any] = {name: body[name] for name in ("circumstances", "equipment") if name in body}
    for item in changes.get("circumstances", ()):
        if "consent" in item:
            item["consent"] = words(item["consent"])
    return {**changes, **{f"salutation_{language}": said for language, said in body.get("salutation", {}).items()}}


@households.route("/households/<uuid:unit_id>/views", methods=["GET"])
@access("resident", "manager")
@households.arguments(LooksQuery, location="query")
@households.alt_response(200, schema=Looks)
def views(query: dict[str, Any], unit_id: uuid.UUID) -> Response:
    """List who looked at the record of a home, when and why, the latest first."""
    actor = current_actor()
    with scoped() as db:
        home = home_of(db, actor, str(unit_id))
        found, more = views_of(db, home["unit_id"], query["limit"], query["after"], query["by"])
    return respond(Answer({"items": found}, 200, page_link(more)))
