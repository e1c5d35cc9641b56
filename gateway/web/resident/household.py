"""What the desk remembers about a home: how to address it, who lives there by their consent, what is installed."""

from datetime import timedelta
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.words import Word
from services.kit import clock

# Asked again after a year: who lives somewhere changes.
CONSENT_LASTS = timedelta(days=365)
KINDS = {
    "elderly_alone": _l("An older person living alone"),
    "infant": _l("A small child"),
    "disability": _l("Somebody with a disability"),
    "illness": _l("Somebody who is ill"),
}
PURPOSES = {
    "call": Word(_l("a call")),
    "complaint": Word(_l("a complaint")),
    "care_visit": Word(_l("a care visit")),
    "planning": Word(_l("planning")),
    "correction": Word(_l("a correction")),
    "own": Word(_l("your own look")),
}


class Home(DeskForm):
    """What a household tells of itself."""

    salutation = StringField(_l("How should we address you?"), description=_l("Such as: Mrs Wang"))
    circumstances = SelectMultipleField(_l("Who lives here?"), choices=[SelectChoice(*one) for one in KINDS.items()])


@blp.get("/home/<uuid:unit_id>")
@page_for("resident")
def household(unit_id: str) -> Response:
    """Show what is remembered of a home, and who has looked."""
    told = desk().several({"home": f"/households/{unit_id}", "views": f"/households/{unit_id}/views?limit=10&by=staff"})
    home = told["home"]
    form = Home(data={"salutation": home["salutation"][language()], "circumstances": _valid(home)})
    return _page(form, home, told["views"]["items"])


@blp.post("/home/<uuid:unit_id>")
@page_for("resident")
def change_household(unit_id: str) -> Response:
    """Change it; what is ticked is consented to by whoever is signed in, for a year, and what is not is forgotten."""
    home = desk().get(f"/households/{unit_id}")
    form = Home()
    body = {
        "salutation": {language(): (form.salutation.data or "").strip() or None},
        "circumstances": [_circumstance(home, kind) for kind in request.form.getlist("circumstances")],
    }
    try:
        desk().patch(f"/households/{unit_id}", body, if_match=home.etag)
    except Refused as refused:
        status = form.refuse(refused)
        return page("resident/household.html", status, form=form, home=home, views=[], kinds=KINDS, purposes=PURPOSES)
    return go("resident.household", unit_id=unit_id, said=_("Kept."))


def _page(form: Home, home: Told, views: list[dict[str, Any]], status: int = 200) -> Response:
    shown = {"views": views, "kinds": KINDS, "purposes": PURPOSES}
    return page("resident/household.html", status, form=form, home=home, **shown)


def _valid(home: Told) -> list[str]:
    return [one["kind"] for one in home["circumstances"] if one["valid"]]


def _circumstance(home: Told, kind: str) -> dict[str, Any]:
    kept = next((one for one in home["circumstances"] if one["kind"] == kind and one["valid"]), None)
    if kept is not None:
        return {"kind": kind, "until": kept["until"]}
    return {"kind": kind, "until": (clock.now() + CONSENT_LASTS).isoformat(), "consent": {}}
