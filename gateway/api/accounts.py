"""Accounts, for the admins of their organisation."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from gateway import queries
from gateway.commands.accounts import change_account, open_account
from gateway.schemas import AccountChange, AccountIn, AccountOut, AccountQuery, AccountsOut
from services.kit.http import (
    IF_MATCH,
    Answer,
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
from services.kit.identity import current_actor

blp = Blueprint("accounts", __name__, description="Accounts, for admins")

# The names the API uses for what the table calls ids.
COLUMNS = {"communities": "community_ids", "units": "unit_ids"}


@blp.route("/accounts", methods=["GET"])
@access("admin")
@blp.arguments(AccountQuery, location="query")
@blp.alt_response(200, schema=AccountsOut)
def list_accounts(query: dict[str, Any]) -> Response:
    """List the organisation's accounts in the order they were opened."""
    after = read_cursor(query["after"], uuid.UUID)
    with scoped() as db:
        rows = queries.account_page(
            db,
            current_actor().organisation_id,
            limit=query["limit"],
            after=str(after[0]) if after else None,
            role=query["role"],
        )
    shown, more = cut(rows, query["limit"], "id")
    return respond(Answer({"items": [dump(row) for row in shown]}, headers=page_link(more)))


@blp.route("/accounts", methods=["POST"])
@access("admin")
@blp.arguments(AccountIn)
@blp.alt_response(201, schema=AccountOut)
@one_effect
def add_account(db: Connection, body: dict[str, Any]) -> Answer:
    """Open an account in the admin's organisation; where no language is said, in that of the organisation."""
    row = open_account(db, organisation_id=current_actor().organisation_id, **columns(body))
    return _answer(row, 201, {"Location": f"/api/v1/accounts/{row['id']}"})


@blp.route("/accounts/<uuid:account_id>", methods=["GET"])
@access("admin")
@blp.alt_response(200, schema=AccountOut)
def show_account(account_id: uuid.UUID) -> Response:
    """Show one account with its ETag."""
    with scoped() as db:
        row = queries.account(db, str(account_id))
    return respond(_answer(row))


@blp.route("/accounts/<uuid:account_id>", methods=["PATCH"])
@access("admin")
@blp.doc(parameters=[IF_MATCH])
@blp.arguments(AccountChange)
@blp.alt_response(200, schema=AccountOut)
@one_effect
def edit_account(db: Connection, body: dict[str, Any], account_id: uuid.UUID) -> Answer:
    """Change an account that is still as it was read: If-Match is required."""
    expected = expected_version(required=True)
    return _answer(change_account(db, current_actor(), str(account_id), columns(body), expected))


def dump(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an account as admins see it."""
    return {
        "id": row["id"],
        "login": row["login"],
        "role": row["role"],
        "badge": row["badge"],
        "locale": row["locale"],
        "communities": list(row["community_ids"]),
        "units": list(row["unit_ids"]),
        "skills": list(row["skills"]),
        "active": row["active"],
        "joined": bool(row["password_hash"]),
        "revision": row["revision"],
    }


def _answer(row: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(dump(row), status, {**version_tag(row["revision"]), **(headers or {})})


def columns(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body by the names of the table's columns."""
    return {
        COLUMNS.get(name, name): [str(item) for item in value] if isinstance(value, list) else value
        for name, value in body.items()
    }
