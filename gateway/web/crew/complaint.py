"""The steps of a complaint that a crew member has: the desk's own guided page, with what the desk lets them do.

Each is said to the desk at once where it answers; without signal the phone keeps it like every other act.
"""

import uuid
from typing import Any

from flask import Response

from gateway.web.case import case_values, take_step
from gateway.web.crew.area import blp
from gateway.web.crew.showing import crew_page
from gateway.web.desk import Told, desk
from gateway.web.guard import page_for
from gateway.web.moments import zone


@blp.get("/<uuid:ticket_id>/complaint")
@page_for("crew")
def show_case(ticket_id: uuid.UUID) -> Response:
    """Show a complaint with the step that comes next."""
    return _show("crew/complaint.html", **case_values(desk(), str(ticket_id)))


@blp.post("/<uuid:ticket_id>/complaint/<step>")
@page_for("crew")
def take_case_step(ticket_id: uuid.UUID, step: str) -> Response:
    """Take a step of the complaint; without another one to take it leads back to the job."""

    def leads(after: Told) -> str:
        return "crew.show_case" if after["actions"] else "crew.show_job"

    return take_step(str(ticket_id), step, "crew/complaint.html", leads, _show)


def _show(template: str, status: int = 200, **values: Any) -> Response:
    timezone = str(zone(values["ticket"]["community_id"]) or "")
    return crew_page(template, status, **values, timezone=timezone)
