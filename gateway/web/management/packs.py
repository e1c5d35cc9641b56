"""Statutory packs: each with its sources, and for a community what switching it on or off would change."""

import uuid

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from wtforms import HiddenField, StringField

from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES
from gateway.web.management.drafts import counting
from gateway.web.page import go, page


class PackSwitch(DeskForm):
    """A pack to switch, of the policy as it was shown."""

    version = HiddenField()
    note = StringField(_l("Why"), description=_l("Is kept with the new version of the terms."))


@blp.get("/packs")
@page_for("manager")
def packs() -> Response:
    """Show the statutory packs with every rule and its source."""
    return page("management/packs.html", packs=desk().get("/packs")["items"])


@blp.get("/terms/<uuid:community_id>/packs/<string:code>")
@page_for("manager")
def pack(community_id: uuid.UUID, code: str, form: PackSwitch | None = None, status: int = 200) -> Response:
    """Show a pack, whether it is on here, and what switching it would change."""
    told = desk().several({"policy": f"/communities/{community_id}/policy", "packs": "/packs", "places": PLACES})
    one = next((one for one in told["packs"]["items"] if one["code"] == code), None)
    on = code in told["policy"]["packs"]
    if one is None:
        raise NotFound()
    looked = None
    why = ""
    try:
        looked = desk().post(f"/communities/{community_id}/packs/{code}/preview", {"on": not on}, key=str(uuid.uuid4()))
    except Refused as refused:
        if refused.status != 409:
            raise
        why = refused.sentence
    place = next(one for one in told["places"]["items"] if one["id"] == str(community_id))
    form = form or PackSwitch(formdata=None)
    form.version.data = told["policy"].etag
    shown = {"pack": one, "on": on, "looked": looked, "why": why, "place": place, "form": form}
    shown["counting"] = counting(looked) if looked else []
    return page("management/pack.html", status, **shown)


@blp.post("/terms/<uuid:community_id>/packs/<string:code>")
@page_for("manager")
def switch_pack(community_id: uuid.UUID, code: str) -> Response:
    """Switch a pack on, or off."""
    form, path, on = PackSwitch(), f"/communities/{community_id}/packs/{code}", request.form.get("to") == "on"
    try:
        if on:
            body = {"note": form.note.data.strip()} if (form.note.data or "").strip() else {}
            desk().put(path, body, if_match=form.version.data)
        else:
            desk().delete(path, if_match=form.version.data)
    except Refused as refused:
        return pack(community_id, code, form, form.refuse(refused))
    said = _("Switched on, for what is filed from now on.") if on else _("Switched off, for what is filed from now on.")
    return go("management.terms_of", community_id=community_id, said=said)
