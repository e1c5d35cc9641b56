"""The steps of a complaint that a crew member has: the desk's own guided page, with what the desk lets them do."""

import uuid

from flask import Response
from flask_babel import gettext as _

from gateway.web.case import case_form, case_values
from gateway.web.case_forms import CASE_STEPS
from gateway.web.crew.area import blp
from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit.errors import NotFound


@blp.get("/<uuid:ticket_id>/complaint")
@page_for("crew")
def show_case(ticket_id: uuid.UUID) -> Response:
    """Show a complaint with the step that comes next."""
    return page("crew/complaint.html", **case_values(desk(), str(ticket_id)))


@blp.post("/<uuid:ticket_id>/complaint/<step>")
@page_for("crew")
def take_case_step(ticket_id: uuid.UUID, step: str) -> Response:
    """Take a step of the complaint; it is said to the desk at once, for the next one is by what that answers."""
    if step not in CASE_STEPS:
        raise NotFound("There is no such step.", "没有这一步骤。")
    form = case_form(desk(), str(ticket_id), step)
    try:
        after = desk().post(f"/tickets/{ticket_id}/complaint/{step}", form.body())
    except Refused as refused:
        status = form.refuse(refused, form.NAMES)
        return page("crew/complaint.html", status, **case_values(desk(), str(ticket_id), form))
    said = _("Now: %(what)s", what=word("complaint_step", after["step"]))
    if after["actions"]:
        return go("crew.show_case", ticket_id=ticket_id, said=said)
    return go("crew.show_job", ticket_id=ticket_id, said=said)
