"""Complaints: the list, and one complaint as a guided page by the steps of IANAR."""

from flask import Response, request

from gateway.web.case import case_values, take_step
from gateway.web.desk import desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import page


@blp.get("/complaints")
@page_for(*DESK)
def complaints() -> Response:
    """List complaints with how far each has come."""
    step = request.args.get("step") or None
    found = desk().get("/complaints", limit=30, step=step, after=request.args.get("after"))
    return page("dispatcher/complaints.html", found=found, step=step)


@blp.get("/complaints/<uuid:ticket_id>")
@page_for(*DESK)
def complaint(ticket_id: str) -> Response:
    """Show a complaint with the step that comes next."""
    return page("dispatcher/complaint.html", **case_values(desk(), str(ticket_id)))


@blp.post("/complaints/<uuid:ticket_id>/<step>")
@page_for(*DESK)
def take_case_step(ticket_id: str, step: str) -> Response:
    """Take a step of a complaint."""
    return take_step(ticket_id, step, "dispatcher/complaint.html", lambda _after: "dispatcher.complaint")
