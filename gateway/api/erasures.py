"""Erasures of residents, for the admins of their organisation."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from gateway import queries
from gateway.commands.erasures import erase_account
from gateway.erasure_schemas import ErasureIn, ErasureOut, ErasuresOut
from services.kit.http import Answer, Page, access, cut, one_effect, page_link, read_cursor, respond, scoped
from services.kit.identity import current_actor

blp = Blueprint("erasures", __name__, description="Erasing residents, for admins")


@blp.route("/erasures", methods=["POST"])
@access("admin")
@blp.arguments(ErasureIn)
@blp.alt_response(200, schema=ErasureOut)
@blp.alt_response(201, schema=ErasureOut)
@one_effect
def erase(db: Connection, body: dict[str, Any]) -> Answer:
    """Erase a resident: no name, address or word of theirs is kept; 200 where it was asked for before."""
    row, new = erase_account(db, current_actor(), str(body["account_id"]), body["reason"])
    return Answer(dump(row), 201 if new else 200)


@blp.route("/erasures", methods=["GET"])
@access("admin")
@blp.arguments(Page, location="query")
@blp.alt_response(200, schema=ErasuresOut)
def list_erasures(query: dict[str, Any]) -> Response:
    """List who was erased, the latest first: ids, the reason, by whom and when."""
    after = read_cursor(query["after"], uuid.UUID)
    with scoped() as db:
        rows = queries.erasure_page(db, query["limit"], str(after[0]) if after else None)
    shown, more = cut(rows, query["limit"], "id")
    return respond(Answer({"items": [dump(row) for row in shown]}, headers=page_link(more)))


def dump(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an erasure as admins see it."""
    kept = ("id", "account_id", "reason", "requested_by")
    return {**{name: row[name] for name in kept}, "at": row["at"].isoformat()}
