"""The dispatchers' board."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, access, page_link, respond, scoped
from services.kit.identity import current_actor
from services.tickets.api.answers import words
from services.tickets.queries.board import board_of, counts_of
from services.tickets.schemas.board import Board, BoardQuery

board = Blueprint("board", __name__, description="What is still to be done")


@board.route("/board", methods=["GET"])
@access("dispatcher", "manager")
@board.arguments(BoardQuery, location="query")
@board.alt_response(200, schema=Board)
def read_board(query: dict[str, Any]) -> Response:
    """List open tickets, what nobody has first and then by the nearest deadline, with counts of all of them."""
    reach, wanted = current_actor().community_ids, words(query)
    with scoped() as db:
        found, more = board_of(db, reach, **wanted)
        counts = counts_of(db, reach, wanted["community_id"])
    return respond(Answer({"items": found, "counts": counts}, 200, page_link(more)))
