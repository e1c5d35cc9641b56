"""Reporting: one sentence or three taps, what was understood and why, what is open already, and photos."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound
from wtforms import HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.words import word

# The kinds of work a resident asks for, with the sign of each tile.
TILES = {
    "repair": "wrench",
    "cleaning": "sparkle",
    "security": "shield",
    "greening": "leaf",
    "care": "heart",
    "community": "people",
    "consultation": "question",
    "complaint": "chat",
}
# What makes waiting worse, as the desk's terms name it.
CIRCUMSTANCES: dict[str, LazyString] = {
    "infant": _l("A small child"),
    "elderly_alone": _l("An older person living alone"),
    "disability": _l("Somebody with a disability"),
    "illness": _l("Somebody who is ill"),
    "no_water": _l("No water"),
    "no_power": _l("No power"),
    "no_heating": _l("No heating"),
    "only_toilet": _l("It is the only toilet"),
}
MOST_PHOTOS = 6


def _choices(named: Mapping[str, LazyString]) -> list[SelectChoice]:
    return [SelectChoice(code, name) for code, name in named.items()]


class Report(DeskForm):
    """A request in the resident's own words, and what was understood of it."""

    description = TextAreaField(_l("What is the matter?"), description=_l("One sentence is enough."))
    unit_id = SelectField(_l("Where"), validate_choice=False)
    catalogue_code = SelectField(_l("What it is about"), validate_choice=False)
    circumstances = SelectMultipleField(_l("Is any of this so?"), choices=_choices(CIRCUMSTANCES))
    prefer = StringField(_l("When suits you?"), description=_l("Such as: weekdays after six"))
    join = HiddenField()
    spot_code = HiddenField()


@blp.get("/new")
@page_for("resident")
def new_request() -> Response:
    """Ask what is the matter: a sentence, or a tile."""
    return page("resident/new.html", form=_form(desk().get("/units")), tiles=TILES, spot=request.args.get("spot"))


@blp.get("/new/<kind>")
@page_for("resident")
def choose_item(kind: str) -> Response:
    """Show what can be asked for of one kind of work."""
    if kind not in TILES:
        raise NotFound()
    items = [item for item in desk().get("/catalogue")["items"] if item["work_type"] == kind and item["active"]]
    return page("resident/items.html", kind=kind, items=items)


@blp.get("/check")
@page_for("resident")
def check_item() -> Response:
    """Show an item that was tapped, ready to send: its name stands for the sentence."""
    told = desk().several({"units": "/units", "catalogue": "/catalogue"})
    form, items = _form(told["units"]), told["catalogue"]["items"]
    item = next((item for item in items if item["code"] == request.args.get("item")), None)
    if item is None:
        raise NotFound()
    form.catalogue_code.data = item["code"]
    form.description.data = item["name"][language()]
    form.unit_id.data = form.unit_id.data or next((unit["id"] for unit in told["units"]["items"]), "")
    similar = desk().get("/similar", catalogue_code=item["code"], unit_id=form.unit_id.data or None)["items"]
    return _check_page(form, items, {**item, "because": [], "similar": similar})


@blp.post("/check")
@page_for("resident")
def check_request() -> Response:
    """Show what was understood of the sentence, to be sent or put right. Nothing is filed yet."""
    units = desk().get("/units")
    form = _form(units)
    asked = {"text": form.description.data or "", "unit_id": form.unit_id.data or None}
    try:
        understood = desk().post("/triage", {name: value for name, value in asked.items() if value})
    except Refused as refused:
        status = form.refuse(refused, {"text": "description"})
        return page("resident/new.html", status, form=form, tiles=TILES, spot=form.spot_code.data)
    form.catalogue_code.data = understood["catalogue_code"]
    return _check_page(form, desk().get("/catalogue")["items"], understood)


@blp.post("/new")
@blp.post("/new/photos", endpoint="file_with_photos")
@page_for("resident")
def file_request() -> Response:
    """File the request, then its photos; a photo that is refused takes nothing away from the request."""
    form = _form(desk().get("/units"))
    try:
        ticket = desk().post("/tickets", _body(form))
    except Refused as refused:
        status = form.refuse(refused)
        items = desk().get("/catalogue")["items"] if form.catalogue_code.data else []
        item = next((item for item in items if item["code"] == form.catalogue_code.data), None)
        if item is None:
            return page("resident/new.html", status, form=form, tiles=TILES, spot=form.spot_code.data)
        return _check_page(form, items, {**item, "because": [], "similar": []}, status)
    refusal = add_photos(ticket["id"], form.key.data or "")
    said = _("We have it: %(number)s", number=ticket["number"])
    if refusal:
        said = _("%(said)s. A photo did not come through: %(why)s", said=said, why=refusal)
    return go("resident.show_request", ticket_id=ticket["id"], said=said, kind="warning" if refusal else "success")


def add_photos(ticket_id: str, key: str) -> str | None:
    """Send the form's photos on, each with a key of its own; returns the sentence of the first that was refused."""
    refusal: str | None = None
    for number, photo in enumerate(_chosen(request.files.getlist("photo"))):
        own = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{key}/{ticket_id}/{number}"))
        try:
            desk().upload(f"/tickets/{ticket_id}/photos", "photo", photo, key=own)
        except Refused as refused:
            refusal = refusal or next(iter(refused.errors.values()), refused.sentence)
    return refusal


def _chosen(photos: Iterable[FileStorage]) -> list[FileStorage]:
    # A browser sends a part without a name where nothing was chosen.
    return [photo for photo in photos if photo.filename][:MOST_PHOTOS]


def _body(form: Report) -> dict[str, Any]:
    body = form.body()
    prefer = body.pop("prefer", None)
    if prefer:
        body["description"] = f"{body.get('description', '')}\n{_('Best time: %(when)s', when=prefer)}"
    if body.get("spot_code"):
        body.pop("unit_id", None)
    return {**body, "channel": "web"}


def _check_page(form: Report, items: list[Mapping[str, Any]], understood: Mapping[str, Any], status: int = 200) -> Any:
    form.catalogue_code.choices = [
        SelectChoice(item["code"], item["name"][language()], optgroup=str(word("work_type", kind)))
        for kind in TILES
        for item in items
        if item["work_type"] == kind and item["active"]
    ]
    item = next(item for item in items if item["code"] == understood.get("catalogue_code", understood.get("code")))
    return page("resident/check.html", status, form=form, item=item, understood=understood, circumstances=CIRCUMSTANCES)


def _form(units: Told) -> Report:
    form = Report()
    form.unit_id.choices = [SelectChoice(one["id"], f"{one['building']} {one['name']}") for one in units["items"]]
    form.spot_code.data = form.spot_code.data or request.args.get("spot", "")
    return form
