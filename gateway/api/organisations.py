"""The caller's organisation: what it is called and where it is called, and who changed that."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from gateway import queries
from gateway.commands.organisations import change_organisation
from gateway.organisation_schemas import OrganisationChange, OrganisationChanges, OrganisationOut
from services.kit.http import (
    IF_MATCH,
    Answer,
    Page,
    access,
    cut,
    expected_version,
    one_effect,
    page_link,
    read_cursor,
    respond,
    scoped,
    version_tag,
)
from services.kit.identity import ROLES, current_actor

blp = Blueprint("organisation", __name__, description="The caller's organisation")

_SHOWN = ("id", "name", "name_en", "locale", "phone", "emergency_phone", "revision")


@blp.route("/organisation", methods=["GET"])
@access(*ROLES)
@blp.alt_response(200, schema=OrganisationOut)
def show_organisation() -> Response:
    """Show the caller's organisation with its ETag."""
    with scoped() as db:
        return respond(_answer(queries.organisation(db, current_actor().organisation_id)))


@blp.route("/organisation", methods=["PATCH"])
@access("admin")
@blp.doc(parameters=[IF_MATCH])
@blp.arguments(OrganisationChange)
@blp.alt_response(200, schema=OrganisationOut)
@one_effect
def edit_organisation(db: Connection, body: dict[str, Any]) -> Answer:
    """Change names, the language of new accounts, and telephone numbers, as they were read: If-Match is required.

    Time zones are those of each community's calendar.
    """
    return _answer(change_organisation(db, current_actor(), body, expected_version(required=True)))


@blp.route("/organisation/changes", methods=["GET"])
@access("admin")
@blp.arguments(Page, location="query")
@blp.alt_response(200, schema=OrganisationChanges)
def list_changes(query: dict[str, Any]) -> Response:
    """List who changed what of the organisation, the latest first."""
    after = read_cursor(query["after"], uuid.UUID)
    with scoped() as db:
        rows = queries.organisation_changes(db, query["limit"], str(after[0]) if after else None)
    shown, more = cut(rows, query["limit"], "id")
    items = [{**{name: row[name] for name in ("id", "author_id", "changes")}, "at": row["at"]} for row in shown]
    return respond(Answer({"items": items}, headers=page_link(more)))


def _answer(row: Mapping[str, Any]) -> Answer:
    return Answer({name: row[name] for name in _SHOWN}, 200, version_tag(row["revision"]))
