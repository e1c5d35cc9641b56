"""Where links of notices lead: `/tickets/…` and `/announcements/…` open the page that the reader's role has for it."""

from typing import Any

from flask import Response, current_app, redirect, url_for

from gateway.web.guard import page_for
from gateway.web.page import home_of
from gateway.web.session import signed_in
from gateway.web.visitors.area import blp
from services.kit.identity import ROLES

# The page that each role has for a thing; who has none begins at the first page.
TICKETS = {
    "resident": "resident.show_request",
    "crew": "crew.show_job",
    "dispatcher": "dispatcher.ticket",
    "manager": "dispatcher.ticket",
}
ANNOUNCEMENTS = {
    "resident": "resident.announcement",
    "dispatcher": "dispatcher.announcement",
    "manager": "dispatcher.announcement",
}


@blp.get("/tickets/<uuid:ticket_id>")
@page_for(*ROLES)
def to_ticket(ticket_id: str) -> Response:
    """Open a ticket where the reader's role sees it."""
    return _open(TICKETS, ticket_id=ticket_id)


@blp.get("/announcements/<uuid:announcement_id>")
@page_for(*ROLES)
def to_announcement(announcement_id: str) -> Response:
    """Open an announcement where the reader's role sees it."""
    return _open(ANNOUNCEMENTS, announcement_id=announcement_id)


def _open(pages: dict[str, str], **values: Any) -> Response:
    role = signed_in().role
    endpoint = pages.get(role, "")
    known = endpoint in current_app.view_functions
    return redirect(url_for(endpoint, **values) if known else home_of(role), 303)  # type: ignore[return-value]
