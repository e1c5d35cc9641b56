"""Communities, their buildings and homes: adding, naming, closing and opening again."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from wtforms import SelectField, StringField

from gateway.web.admin.area import blp
from gateway.web.admin.names import after, badges, choices, sentence
from gateway.web.admin.names import communities as known_communities
from gateway.web.admin.names import homes as known_homes
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

PER_PAGE = 50
KINDS = {
    "community": _l("community"),
    "building": _l("building"),
    "unit": _l("home"),
    "spot": _l("code to scan"),
}
ACTIONS = {
    "create": _l("Added"),
    "rename": _l("Named otherwise"),
    "change": _l("Changed"),
    "close": _l("Closed"),
    "reopen": _l("Opened again"),
    "code": _l("New code"),
    "remove": _l("Taken away"),
}


class NewPlace(DeskForm):
    """A place to add."""

    name = StringField(_l("Name"))
    code = StringField(_l("Code"), description=_l("What a table finds it by. Left empty, it is made of the names."))


class NewCommunity(NewPlace):
    """A community on the terms of another."""

    like = SelectField(_l("Calendar and terms like"))


@blp.get("/places")
@page_for("admin")
def communities() -> Response:
    """List the communities."""
    return _communities(NewCommunity(formdata=None))


@blp.post("/places")
@page_for("admin")
def add_community() -> Response:
    """Add a community."""
    form = NewCommunity()
    try:
        made = desk().post("/communities", form.body())
    except Refused as refused:
        return _communities(form, form.refuse(refused))
    return go("admin.buildings", community_id=made["id"], said=_("The community is added."))


@blp.get("/places/<uuid:community_id>")
@page_for("admin", "manager")
def buildings(community_id: str) -> Response:
    """List a community's buildings."""
    return _buildings(str(community_id), NewPlace(formdata=None))


@blp.post("/places/<uuid:community_id>")
@page_for("admin")
def add_building(community_id: str) -> Response:
    """Add a building."""
    form = NewPlace()
    try:
        made = desk().post(f"/communities/{community_id}/buildings", form.body())
    except Refused as refused:
        return _buildings(str(community_id), form, form.refuse(refused))
    said = _("The building is added.")
    return go("admin.homes", community_id=community_id, building_id=made["id"], said=said)


@blp.get("/places/<uuid:community_id>/homes")
@page_for("admin", "manager")
def homes(community_id: str) -> Response:
    """List the homes of a building, of the first where none is named."""
    return _homes(str(community_id), request.args.get("building_id"), NewPlace(formdata=None))


@blp.post("/places/<uuid:community_id>/homes")
@page_for("admin")
def add_home(community_id: str) -> Response:
    """Add a home."""
    form, building_id = NewPlace(), request.args.get("building_id", "")
    try:
        desk().post(f"/buildings/{building_id}/units", form.body())
    except Refused as refused:
        return _homes(str(community_id), building_id, form, form.refuse(refused))
    return go("admin.homes", community_id=community_id, building_id=building_id, said=_("The home is added."))


@blp.post("/places/change")
@page_for("admin")
def change_place() -> Response:
    """Name a place otherwise, close it, open it again, or take away what nothing refers to; then go back to it."""
    kind, place_id, version = (request.form.get(name, "") for name in ("kind", "id", "version"))
    if kind not in ("communities", "buildings", "units"):
        raise NotFound()
    said, tone = _("It is changed."), "success"
    try:
        if request.form.get("act") == "remove":
            desk().delete(f"/{kind}/{place_id}", if_match=version)
        else:
            desk().patch(f"/{kind}/{place_id}", _change(), if_match=version)
    except Refused as refused:
        said, tone = _refusal(refused), "danger"
    return _back(said, tone)


@blp.get("/places/changes")
@page_for("admin", "manager")
def place_changes() -> Response:
    """List who changed what about places."""
    found = desk().get("/places/changes", limit=PER_PAGE, after=after())
    return page(
        "admin/place_changes.html",
        changes=found["items"],
        after=found.after,
        people=badges(),
        communities=known_communities(),
        homes=known_homes(one["place_id"] for one in found["items"] if one["kind"] == "unit"),
        kinds=KINDS,
        actions=ACTIONS,
    )


def _change() -> dict[str, Any]:
    act = request.form.get("act")
    if act in ("close", "open"):
        return {"closed": act == "close"}
    return {"name": request.form.get("name", "")}


def _refusal(refused: Refused) -> str:
    plans = ", ".join(plan["title"] for plan in refused.more.get("plans", []))
    return f"{sentence(refused)} {plans}".strip()


def _back(said: str, tone: str) -> Response:
    community_id, building_id = request.form.get("community_id"), request.form.get("building_id")
    if community_id and building_id:
        return go("admin.homes", community_id=community_id, building_id=building_id, said=said, kind=tone)
    if community_id:
        return go("admin.buildings", community_id=community_id, said=said, kind=tone)
    return go("admin.communities", said=said, kind=tone)


def _communities(form: NewCommunity, status: int = 200) -> Response:
    form.like.choices = choices()
    return page("admin/communities.html", status, communities=list(known_communities().values()), form=form)


def _buildings(community_id: str, form: NewPlace, status: int = 200) -> Response:
    told = desk().several({"all": "/communities", "buildings": f"/communities/{community_id}/buildings"})
    community = _one(told["all"]["items"], community_id)
    return page("admin/buildings.html", status, community=community, buildings=told["buildings"]["items"], form=form)


def _homes(community_id: str, building_id: str | None, form: NewPlace, status: int = 200) -> Response:
    told = desk().several({"all": "/communities", "buildings": f"/communities/{community_id}/buildings"})
    building = _one(told["buildings"]["items"], building_id)
    units = desk().get(f"/buildings/{building['id']}/units", limit=PER_PAGE, after=after())
    return page(
        "admin/homes.html",
        status,
        community=_one(told["all"]["items"], community_id),
        building=building,
        units=units["items"],
        after=units.after,
        form=form,
    )


def _one(items: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    for one in items:
        if wanted in (None, one["id"]):
            return one
    raise NotFound()
