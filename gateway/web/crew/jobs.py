"""A crew member's jobs, by what is due first."""

from flask import Response, request

from gateway.web.crew.area import blp
from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import page


@blp.get("")
@page_for("crew")
def jobs() -> Response:
    """List the jobs of whoever is signed in."""
    found = desk().get("/tickets", owner="me", limit=20, after=request.args.get("after"))
    return page("crew/jobs.html", tickets=found["items"], after=found.after)
