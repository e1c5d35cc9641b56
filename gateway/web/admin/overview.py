"""The admin's first page: accounts."""

from flask import Response, request

from gateway.web.admin.area import blp
from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import page


@blp.get("")
@page_for("admin")
def overview() -> Response:
    """List the accounts."""
    found = desk().get("/accounts", limit=20, after=request.args.get("after"))
    return page("admin/overview.html", accounts=found["items"], after=found.after)
