"""A resident's own requests: the list, one request, and filing a new one by a sentence."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, TextAreaField

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp


class NewRequest(DeskForm):
    """A request in the resident's own words."""

    description = TextAreaField(_l("What is the matter?"), description=_l("One sentence is enough."))
    unit_id = SelectField(_l("Where"))


@blp.get("")
@page_for("resident")
def requests() -> Response:
    """List the household's requests, the newest first."""
    found = desk().get("/tickets", limit=20, after=request.args.get("after"))
    return page("resident/requests.html", tickets=found["items"], after=found.after)


@blp.get("/new")
@page_for("resident")
def new_request() -> Response:
    """Ask what is the matter."""
    return page("resident/new.html", form=_form(desk().get("/units")))


@blp.post("/new")
@page_for("resident")
def file_request() -> Response:
    """File the request, and show it."""
    form = _form(desk().get("/units"))
    try:
        ticket = desk().post("/tickets", form.body())
    except Refused as refused:
        return page("resident/new.html", form.refuse(refused), form=form)
    return go(
        "resident.show_request", ticket_id=ticket["id"], said=_("We have it: %(number)s", number=ticket["number"])
    )


@blp.get("/<uuid:ticket_id>")
@page_for("resident")
def show_request(ticket_id: str) -> Response:
    """Show one request and what happened."""
    told = desk().several({"ticket": f"/tickets/{ticket_id}", "story": f"/tickets/{ticket_id}/history"})
    return page("resident/request.html", ticket=told["ticket"], entries=told["story"]["items"])


def _form(units: Told) -> NewRequest:
    form = NewRequest()
    form.unit_id.choices = [(unit["id"], f"{unit['building']} {unit['name']}") for unit in units["items"]]
    return form
