"""The dispatcher's board."""

from flask import Response, request

from gateway.web.desk import desk
from gateway.web.dispatcher.area import blp
from gateway.web.guard import page_for
from gateway.web.page import page


@blp.get("")
@page_for("dispatcher")
def board() -> Response:
    """List what is open to the desk."""
    found = desk().get("/tickets", limit=20, after=request.args.get("after"))
    return page("dispatcher/board.html", tickets=found["items"], after=found.after)
