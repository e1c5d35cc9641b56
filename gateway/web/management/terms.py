"""What communities are served on: policies and calendars by version, packs switched on and off, running jobs moved."""

import json
import uuid
from typing import Any

from flask import Response, abort, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES
from gateway.web.page import go, page


class PackSwitch(DeskForm):
    """A pack to switch, of the policy as it was shown."""

    version = HiddenField()
    note = StringField(_l("Why"), description=_l("Is kept with the new version of the terms."))


class NewTerms(DeskForm):
    """A calendar or a policy written anew, from the version that was shown."""

    version = HiddenField()
    document = TextAreaField(_l("Document (JSON)"))
    note = StringField(_l("Why"))


class Reevaluation(DeskForm):
    """Why open jobs are moved to the terms in force."""

    reason = TextAreaField(_l("Why"), description=_l("Is kept in the history of every job that is moved."))


@blp.get("/terms")
@page_for("manager")
def terms() -> Response:
    """List the communities with the terms each is served on."""
    places = desk().get(PLACES)["items"]
    wanted = {f"{kind} {one['id']}": f"/communities/{one['id']}/{kind}" for one in places for kind in _KINDS}
    return page("management/terms.html", places=places, told=desk().several(wanted), packs=_pack_names())


@blp.get("/packs")
@page_for("manager")
def packs() -> Response:
    """Show the statutory packs with every rule and its source."""
    return page("management/packs.html", packs=desk().get("/packs")["items"])


@blp.get("/terms/<uuid:community_id>")
@page_for("manager")
def terms_of(community_id: uuid.UUID, status: int = 200, **forms: DeskForm) -> Response:
    """Show the policy and the calendar in force, the packs to switch, and what still runs on older terms."""
    of_it = f"/communities/{community_id}"
    told = desk().several(
        {"policy": f"{of_it}/policy", "calendar": f"{of_it}/calendar", "packs": "/packs", "places": PLACES}
    )
    place = next((one for one in told["places"]["items"] if one["id"] == str(community_id)), None)
    given: dict[str, Any] = {
        "switch": PackSwitch(formdata=None, version=told["policy"].etag),
        "reevaluation": Reevaluation(formdata=None),
        **{kind: _shown(told[kind]) for kind in _KINDS},
    }
    forms = {f"{name}_form": form for name, form in (given | forms).items()}
    return page("management/terms_of.html", status, place=place, **told, **forms)


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
        return terms_of(community_id, form.refuse(refused), switch=form)
    said = _("Switched on, for what is filed from now on.") if on else _("Switched off, for what is filed from now on.")
    return go("management.terms_of", community_id=community_id, said=said)


@blp.post("/terms/<uuid:community_id>/<string:kind>")
@page_for("manager")
def write_terms(community_id: uuid.UUID, kind: str) -> Response:
    """Write a calendar or a policy anew."""
    if kind not in _KINDS:
        abort(404)
    form = NewTerms()
    try:
        document = json.loads(form.document.data or "")
    except ValueError as problem:
        form.document.errors = [_("This is no JSON: %(problem)s", problem=str(problem))]
        return terms_of(community_id, 422, **{kind: form})
    try:
        body = {"document": document, "note": (form.note.data or "").strip()}
        desk().put(f"/communities/{community_id}/{kind}", body, if_match=form.version.data)
    except Refused as refused:
        inside = {name: "document" for name in refused.errors if name.startswith("document")}
        return terms_of(community_id, form.refuse(refused, names=inside), **{kind: form})
    return go("management.terms_of", community_id=community_id, said=_("Written, for what is filed from now on."))


@blp.post("/terms/<uuid:community_id>/reevaluations")
@page_for("manager")
def reevaluate(community_id: uuid.UUID) -> Response:
    """Move open jobs to the terms in force, some hundreds at a time."""
    form = Reevaluation()
    try:
        done = desk().post(f"/communities/{community_id}/reevaluations", form.body())
    except Refused as refused:
        return terms_of(community_id, form.refuse(refused), reevaluation=form)
    said = _("%(moved)s jobs were moved; %(left)s are left.", moved=done["moved"], left=done["left"])
    return go("management.terms_of", community_id=community_id, said=said)


_KINDS = ("policy", "calendar")


def _shown(terms: Any) -> NewTerms:
    document = json.dumps(terms["document"], ensure_ascii=False, indent=1)
    return NewTerms(formdata=None, version=terms.etag, document=document)


def _pack_names() -> dict[str, dict[str, str]]:
    return {one["code"]: one["name"] for one in desk().get("/packs")["items"]}
