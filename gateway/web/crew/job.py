"""One job with everything that is needed about it on site, and the home it is in."""

import uuid
from typing import Any

from flask import Response, request

from gateway.web.crew.area import blp
from gateway.web.crew.causes import same_cause
from gateway.web.crew.deadlines import deadlines
from gateway.web.crew.showing import crew_page
from gateway.web.crew.steps import next_step
from gateway.web.desk import Desk, desk
from gateway.web.guard import page_for
from gateway.web.moments import zone
from gateway.web.page import page
from gateway.web.session import signed_in

# To hand a job to; beyond so many, the desk does it.
MOST_COLLEAGUES = 60


@blp.get("/<uuid:ticket_id>")
@page_for("crew")
def show_job(ticket_id: uuid.UUID) -> Response:
    """Show one job: the next step first, then what to know; `point` and `code` are of a label that was scanned."""
    scanned = {"n": request.args.get("point", type=int), "code": request.args.get("code", "")}
    return crew_page("crew/job.html", **job_values(desk(), str(ticket_id)), scanned=scanned)


def job_values(asked: Desk, ticket_id: str) -> dict[str, Any]:
    """Return what the page of a job shows."""
    at = f"/tickets/{ticket_id}"
    told = asked.several(
        {
            "ticket": at,
            "clocks": f"{at}/clocks",
            "remarks": f"{at}/comments",
            "photos": f"{at}/photos",
            "round": f"{at}/checkpoints",
            "joined": f"{at}/joined",
            "staff": "/staff",
            "jobs": "/jobs",
        }
    )
    # Plain, for the answer itself has a status too, and a template would take that one.
    ticket = dict(told["ticket"])
    mine = next((job for job in told["jobs"]["items"] if job["ticket"]["id"] == ticket_id), None)
    return {
        "ticket": ticket,
        "timezone": str(zone(ticket["community_id"]) or ""),
        "mine": mine,
        "phone": mine["phone"] if mine else None,
        "pauses": mine["pauses"] if mine else [],
        "deadlines": deadlines(told["clocks"]["items"]),
        "next": next_step(ticket["status"], ticket["actions"]),
        "remarks": told["remarks"]["items"],
        "photos": told["photos"]["items"],
        "checklist": told["round"]["items"],
        "joined": told["joined"],
        "alike": same_cause(asked, ticket, mine=mine is not None),
        "colleagues": _colleagues(told["staff"]["items"], ticket["community_id"]),
    }


def _colleagues(staff: list[dict[str, Any]], community_id: str) -> list[dict[str, Any]]:
    """Return the crew members there is to hand over to, those on duty first."""
    there = [
        one for one in staff if one["role"] == "crew" and one["id"] != signed_in().id and _works_in(one, community_id)
    ]
    return sorted(there, key=lambda one: (not one["on_duty"], one["badge"] or ""))[:MOST_COLLEAGUES]


def _works_in(one: dict[str, Any], community_id: str) -> bool:
    """True where somebody works in a community; who is given none works in all."""
    return not one["community_ids"] or community_id in one["community_ids"]


@blp.get("/<uuid:ticket_id>/home")
@page_for("crew")
def show_home(ticket_id: uuid.UUID) -> Response:
    """Show what is remembered about the home of a job; the look is written down, so no phone keeps this page."""
    ticket = dict(desk().get(f"/tickets/{ticket_id}"))
    home = desk().get(f"/households/{ticket['unit_id']}", ticket_id=str(ticket_id)) if ticket["unit_id"] else None
    return page("crew/home.html", ticket=ticket, home=home)
