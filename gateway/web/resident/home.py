"""The first page of a resident: the way to report, what runs, and what waits for an answer."""

from typing import Any

from flask import Response, request

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import page
from gateway.web.resident.area import blp
from gateway.web.resident.filing import TILES
from gateway.web.resident.saying import is_open, said_of

SHOWN = 50


@blp.get("")
@page_for("resident")
def home() -> Response:
    """Show the tiles, the requests that run with their next step, and what is new for this home."""
    wanted = {
        "tickets": f"/tickets?limit={SHOWN}",
        "announcements": "/announcements?current=true&limit=3",
        "visits": "/return-visits?limit=5",
        "campaigns": "/campaigns?state=open&limit=5",
        "notices": "/notices?unread=true&limit=20",
    }
    told = desk().several(wanted, forgiving=True)
    found: dict[str, Any] = {name: None if got is None else got.get("items", []) for name, got in told.items()}
    # Without the requests there is nothing to show: what was refused is raised.
    tickets = found.pop("tickets")
    if tickets is None:
        tickets = desk().get(wanted["tickets"])["items"]
    running = [ticket for ticket in tickets if is_open(ticket) or "confirm" in ticket["actions"]]
    # What waits for the resident's own word stands first.
    running.sort(key=lambda ticket: "confirm" not in ticket["actions"])
    open_campaigns = [one for one in found.pop("campaigns") or () if one["questions"]]
    return page(
        "resident/home.html",
        tiles=TILES,
        running=[(ticket, said_of(ticket)) for ticket in running],
        campaigns=open_campaigns,
        **found,
    )


@blp.get("/requests")
@page_for("resident")
def all_requests() -> Response:
    """List all requests of the household, the newest first."""
    found = desk().get("/tickets", limit=20, after=request.args.get("after"))
    return page("resident/requests.html", tickets=found["items"], after=found.after)
