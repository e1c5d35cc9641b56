"""What waits for a manager: remedies of complaints to approve, and emergencies that reached nobody."""

import uuid

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.page import go, page

A_PAGE = 20


class Approval(DeskForm):
    """What the manager wants remembered; a refusal needs it."""

    note = TextAreaField(_l("What is to be remembered"), description=_l("Needed where you do not approve it."))


class Closing(DeskForm):
    """What was done about an incident."""

    remark = TextAreaField(_l("What was done about it"))


@blp.get("/approvals")
@page_for("manager")
def approvals() -> Response:
    """List the complaints whose remedy was chosen and waits for approval."""
    return page(
        "management/approvals.html",
        found=desk().get("/complaints", step="chosen", limit=A_PAGE, after=request.args.get("after")),
    )


@blp.get("/approvals/<uuid:ticket_id>")
@page_for("manager")
def approval(ticket_id: uuid.UUID, form: Approval | None = None, status: int = 200) -> Response:
    """Show a complaint with what was chosen, and the two decisions."""
    of_it = f"/tickets/{ticket_id}"
    told = desk().several({"ticket": of_it, "case": f"{of_it}/complaint", "earlier": f"{of_it}/complaint/earlier"})
    return page("management/approval.html", status, form=form or Approval(), **told)


@blp.post("/approvals/<uuid:ticket_id>")
@page_for("manager")
def decide(ticket_id: uuid.UUID) -> Response:
    """Approve what was chosen, or not."""
    form, approved = Approval(), request.form.get("decision") == "approve"
    body = form.body()
    sent = body if approved else {"reason": body.get("note", "")}
    verb = "approve" if approved else "refuse"
    try:
        desk().post(f"/tickets/{ticket_id}/complaint/{verb}", sent, if_match=request.form.get("version") or None)
    except Refused as refused:
        return approval(ticket_id, form, form.refuse(refused, names={"reason": "note"}))
    said = _("Approved; it can be carried out now.") if approved else _("Not approved; other options are offered next.")
    return go("management.approvals", said=said)


@blp.get("/incidents")
@page_for("manager")
def incidents(form: Closing | None = None, about: uuid.UUID | None = None, status: int = 200) -> Response:
    """List the emergencies that reached nobody or nobody acknowledged."""
    everything = request.args.get("all") == "yes"
    found = desk().get("/incidents", limit=A_PAGE, after=request.args.get("after"), open=None if everything else "true")
    staff = {one["id"]: one for one in desk().get("/staff")["items"]}
    return page(
        "management/incidents.html", status, found=found, staff=staff, everything=everything, form=form or Closing(),
        about=str(about) if about else None,
    )  # fmt: skip


@blp.post("/incidents/<uuid:incident_id>")
@page_for("manager")
def close_incident(incident_id: uuid.UUID) -> Response:
    """Close an incident with what was done."""
    form = Closing()
    try:
        desk().post(f"/incidents/{incident_id}/close", form.body())
    except Refused as refused:
        return incidents(form, incident_id, form.refuse(refused))
    return go("management.incidents", said=_("Closed, with what was done."))
