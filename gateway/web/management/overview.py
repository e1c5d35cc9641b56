"""The manager's first page."""

from flask import Response

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.page import page


@blp.get("")
@page_for("manager")
def overview() -> Response:
    """Name the communities."""
    return page("management/overview.html", communities=desk().get("/communities")["items"])
