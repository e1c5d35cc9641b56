"""Spots with a code to scan: lifts, doors and gates at which anybody can report something."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from wtforms import BooleanField, SelectField, StringField

from gateway.web.admin.area import blp
from gateway.web.admin.names import after, communities, sentence
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

PER_PAGE = 50
KINDS = {
    "lift": _l("Lift"),
    "door": _l("Entrance door"),
    "gate": _l("Gate"),
    "garage": _l("Garage"),
    "corridor": _l("Corridor"),
    "stairs": _l("Stairs"),
    "roof": _l("Roof"),
    "garden": _l("Garden"),
    "playground": _l("Playground"),
    "room": _l("Room"),
    "other": _l("Something else"),
}


class NewSpot(DeskForm):
    """A spot to add."""

    name = StringField(_l("Name"), description=_l("As people here call it."))
    name_en = StringField(_l("Name in English"))
    kind = SelectField(_l("What it is"), choices=lambda: list(KINDS.items()))
    building_id = SelectField(_l("Where"))
    shared = BooleanField(_l("Anybody may report something here, without an account"), default=True)


@blp.get("/places/<uuid:community_id>/spots")
@page_for("admin", "manager")
def spots(community_id: str) -> Response:
    """List a community's spots."""
    return _page(str(community_id), NewSpot(formdata=None, building_id=request.args.get("building_id", "")))


@blp.post("/places/<uuid:community_id>/spots")
@page_for("admin", "manager")
def add_spot(community_id: str) -> Response:
    """Add a spot; it gets a code."""
    form = NewSpot()
    body = {**form.body(), "shared": bool(form.shared.data)}
    if not form.building_id.data:
        body["community_id"] = str(community_id)
    try:
        desk().post("/spots", body)
    except Refused as refused:
        return _page(str(community_id), form, form.refuse(refused))
    return go("admin.spots", community_id=community_id, said=_("The spot is added. Print its code and put it up."))


@blp.post("/places/<uuid:community_id>/spots/<uuid:spot_id>")
@page_for("admin", "manager")
def change_spot(community_id: str, spot_id: str) -> Response:
    """Name a spot otherwise, say anew what it is, close it, open it again, or give it a new code."""
    act, version = request.form.get("act"), request.form.get("version")
    said, tone = _("It is changed."), "success"
    try:
        if act == "code":
            desk().post(f"/spots/{spot_id}/code", {}, if_match=version)
            said = _("There is a new code; the old print opens nothing any more. Print it anew.")
        elif act == "name":
            given = {name: request.form.get(name, "").strip() for name in ("name", "name_en", "kind")}
            body = {**given, "name_en": given["name_en"] or None, "shared": request.form.get("shared") == "yes"}
            desk().patch(f"/spots/{spot_id}", body, if_match=version)
        elif act in ("close", "open"):
            desk().patch(f"/spots/{spot_id}", {"closed": act == "close"}, if_match=version)
        else:
            raise NotFound()
    except Refused as refused:
        said, tone = sentence(refused), "danger"
    return go("admin.spots", community_id=community_id, said=said, kind=tone)


def _page(community_id: str, form: NewSpot, status: int = 200) -> Response:
    start = f"&after={after()}" if after() else ""
    told = desk().several(
        {
            "buildings": f"/communities/{community_id}/buildings",
            "spots": f"/spots?community_id={community_id}&limit={PER_PAGE}{start}",
        }
    )
    buildings = [one for one in told["buildings"]["items"] if not one["closed_at"]]
    form.building_id.choices = [("", _("Out of doors")), *((one["id"], one["name"]) for one in buildings)]
    return page(
        "admin/spots.html",
        status,
        community=communities().get(community_id),
        spots=told["spots"]["items"],
        after=told["spots"].after,
        buildings=buildings,
        kinds=KINDS,
        form=form,
    )
