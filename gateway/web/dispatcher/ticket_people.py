"""The people of a ticket: whom to call about it, who could not be told of it, and what the household answered."""

from typing import Any

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from gateway.web.desk import Refused, Told, desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.residents import named
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.session import visitor


class Number(DeskForm):
    """The number to call about a report."""

    phone = StringField(_l("Number to call about this"), description=_l("It goes a month after the report ended."))


@blp.get("/tickets/<uuid:ticket_id>/contact")
@page_for(*DESK)
def contact(ticket_id: str) -> Response:
    """Show whom to call: the number left with the report, as a visitor without an account may, and who reported it."""
    return _show(str(ticket_id))


@blp.post("/tickets/<uuid:ticket_id>/contact")
@page_for(*DESK)
def change_contact(ticket_id: str) -> Response:
    """Leave another number with the report, or none."""
    form = Number()
    phone = (form.phone.data or "").strip() or None
    try:
        desk().put(f"/tickets/{ticket_id}/contact", {"phone": phone})
    except Refused as refused:
        return _show(str(ticket_id), form, form.refuse(refused))
    told = _("The number is kept.") if phone else _("The number is taken away.")
    return go("dispatcher.contact", ticket_id=ticket_id, said=told)


@blp.get("/tickets/<uuid:ticket_id>/answers")
@page_for(*DESK)
def answers(ticket_id: str) -> Response:
    """Show what the household answered. The look is written down, so it is a page of its own."""
    path = f"/return-visits/answers?ticket_id={ticket_id}&limit=50"
    told = desk().several({"ticket": f"/tickets/{ticket_id}", "answers": path})
    return page("dispatcher/answers.html", ticket=dict(told["ticket"]), answers=told["answers"]["items"])


def untold(ticket: Told) -> dict[str, Any] | None:
    """Return the calls to make to people an emergency's messages did not reach, and its incidents.

    Incidents are a manager's to see and to close; the dispatcher has the calls they come from. None where that is not
    answered just now.
    """
    if ticket["urgency"] != "emergency":
        return {"calls": [], "incidents": []}
    who, of_it = visitor(), f"ticket_id={ticket['id']}"
    wanted = {"calls": f"/phone-tasks?{of_it}"}
    if who is not None and who.actor.role == "manager":
        wanted["incidents"] = f"/incidents?{of_it}&open=true"
    found = desk().several(wanted, forgiving=True)
    if None in found.values():
        return None
    return {"incidents": []} | {name: told["items"] for name, told in found.items()}


def _show(ticket_id: str, form: Number | None = None, status: int = 200) -> Response:
    here = f"/tickets/{ticket_id}"
    told = desk().several({"ticket": here, "contact": f"{here}/contact"})
    its, phone = dict(told["ticket"]), told["contact"]["phone"]
    form = form or Number(formdata=None, data={"phone": phone})
    names = named([its["requester_id"]])
    return page(
        "dispatcher/contact.html",
        status,
        ticket=its,
        phone=phone,
        form=form,
        requester=names.get(its["requester_id"] or ""),
    )
