"""Complaints: the list, and one complaint as a guided page by the steps of IANAR."""

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.case import case_form, case_values
from gateway.web.case_forms import CASE_STEPS
from gateway.web.desk import Refused, desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit.errors import NotFound


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
    if step not in CASE_STEPS:
        raise NotFound("There is no such step.", "没有这一步骤。")
    form = case_form(desk(), str(ticket_id), step)
    try:
        after = desk().post(f"/tickets/{ticket_id}/complaint/{step}", form.body())
    except Refused as refused:
        status = form.refuse(refused, form.NAMES)
        return page("dispatcher/complaint.html", status, **case_values(desk(), str(ticket_id), form))
    done = word("complaint_step", after["step"])
    return go("dispatcher.complaint", ticket_id=ticket_id, said=_("Now: %(what)s", what=done))
