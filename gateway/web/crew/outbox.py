"""What waits on the phone to be sent: the page is filled by its script, for only the phone knows."""

from flask import Response

from gateway.web.crew.area import blp
from gateway.web.crew.showing import crew_page
from gateway.web.guard import page_for


@blp.get("/outbox")
@page_for("crew")
def outbox() -> Response:
    """Show what was done and not sent, what the desk refused, and what was sent lately."""
    return crew_page("crew/outbox.html")
