"""Filing for somebody on the telephone or at the counter: one screen, with what is like it shown while it is typed."""

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, SelectField, StringField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import CIRCUMSTANCES, Several
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

SHOWN = 12
LEAST = 2


class Filing(DeskForm):
    """A request somebody tells the desk."""

    on_behalf_of = HiddenField()
    unit_id = HiddenField()
    community_id = SelectField(_l("A shared place in"), validate_choice=False)
    description = TextAreaField(_l("What do they say?"), description=_l("In their words; it decides item and urgency."))
    location = StringField(_l("Where exactly"))
    channel = RadioField(_l("How it came"), choices=[("phone", _l("telephone")), ("counter", _l("counter"))])
    urgency = SelectField(
        _l("Urgency"), choices=said.choices("urgency", _l("as their words say")), validate_choice=False
    )
    circumstances = Several(_l("What makes waiting worse"), choices=CIRCUMSTANCES)
    join = HiddenField()

    def body(self) -> dict[str, Any]:
        """Return what was filled in; whose home it is decides the community."""
        given = super().body()
        if given.get("unit_id"):
            given.pop("community_id", None)
        return given


@dataclass(frozen=True)
class Found:
    """A resident in a home, as a choice."""

    person: str
    login: str
    unit: str
    home: str
    community: str


@blp.get("/file")
@page_for(*DESK)
def new_filing() -> Response:
    """Ask who it is and what is the matter. Without scripts, search and similar requests are asked for by a button."""
    form = _form()
    form.on_behalf_of.data = request.args.get("person", "")
    form.unit_id.data = request.args.get("unit", "")
    form.description.data = request.args.get("description", "")
    form.channel.data = "phone"
    return _show(form)


@blp.post("/file")
@page_for(*DESK)
def file_for_somebody() -> Response:
    """File the request, and show it."""
    form = _form()
    if request.form.get("look"):
        return _show(form)
    try:
        ticket = desk().post("/tickets", form.body())
    except Refused as refused:
        return _show(form, form.refuse(refused))
    told = _("Filed: %(number)s", number=ticket["number"])
    return go("dispatcher.ticket", ticket_id=ticket["id"], said=told)


@blp.get("/file/residents")
@page_for(*DESK)
def residents_found() -> Response:
    """Return residents by part of a number or a home, for the page that is being filled in."""
    return page("dispatcher/residents.html", found=find(request.args.get("q", "")), q=request.args.get("q", ""))


@blp.get("/file/similar")
@page_for(*DESK)
def similar_found() -> Response:
    """Return what the words say and what is like them nearby, for the page that is being filled in."""
    verdict = triage(request.args.get("text", ""), request.args.get("unit"), request.args.get("community"))
    return page("dispatcher/similar.html", verdict=verdict)


def find(said_so: str) -> list[Found]:
    """Return residents whose login has these characters or whose home is called so; none for fewer than two."""
    words = said_so.strip()
    if len(words) < LEAST:
        return []
    homes = {one["id"]: one for one in desk().get("/units", q=words, limit=50)["items"]}
    people = desk().get("/residents", q=words, limit=SHOWN)["items"]
    if homes:
        people += desk().get("/residents", unit_id=list(homes), limit=SHOWN)["items"]
    wanted = {unit for one in people for unit in one["units"]} - set(homes)
    if wanted:
        homes |= {one["id"]: one for one in desk().get("/units", id=sorted(wanted)[:100], limit=100)["items"]}
    found = {
        (one["id"], unit): Found(one["id"], one["login"], unit, _home(homes[unit]), homes[unit]["community"]["id"])
        for one in people
        for unit in one["units"]
        if unit in homes
    }
    return list(found.values())[:SHOWN]


def triage(words: str, unit: str | None, community: str | None) -> dict[str, Any] | None:
    """Return what the desk makes of a text, with what is open nearby and like it; None where there is too little."""
    if len(words.strip()) < LEAST:
        return None
    place = {"unit_id": unit} if unit else {"community_id": community} if community else {}
    try:
        return desk().post("/triage", {"text": words, **place}, key=str(uuid.uuid4()))
    except Refused:
        return None


def _home(unit: dict[str, Any]) -> str:
    return f"{unit['community']['name']} {unit['building']} {unit['name']}"


def _form() -> Filing:
    form = Filing()
    form.community_id.choices = [("", "–")] + [
        (one["id"], one["name"]) for one in desk().get("/communities")["items"] if one["closed_at"] is None
    ]
    return form


def _show(form: Filing, status: int = 200) -> Response:
    q = request.values.get("q", "")
    verdict = triage(form.description.data or "", form.unit_id.data, form.community_id.data)
    chosen = None
    if form.unit_id.data:
        homes = desk().get("/units", id=form.unit_id.data)["items"]
        chosen = _home(homes[0]) if homes else None
    return page("dispatcher/file.html", status, form=form, q=q, found=find(q), verdict=verdict, chosen=chosen)
