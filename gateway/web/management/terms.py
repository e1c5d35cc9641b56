"""What communities are served on: policy, packs and calendar in force, and running jobs moved to them."""

import uuid

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES
from gateway.web.management.calendars import DAYS
from gateway.web.page import go, page

A_PAGE = 30
_KINDS = ("policy", "calendar")


class Reevaluation(DeskForm):
    """Why open jobs are moved to the terms in force."""

    reason = TextAreaField(_l("Why"), description=_l("Is kept in the history of every job that is moved."))


@blp.get("/terms")
@page_for("manager")
def terms() -> Response:
    """List the communities with the terms each is served on."""
    places = desk().get(PLACES)["items"]
    wanted = {f"{kind} {one['id']}": f"/communities/{one['id']}/{kind}" for one in places for kind in _KINDS}
    told = desk().several({**wanted, "packs": "/packs"})
    names = {one["code"]: one["name"] for one in told["packs"]["items"]}
    return page("management/terms.html", places=places, told=told, packs=names)


@blp.get("/terms/<uuid:community_id>")
@page_for("manager")
def terms_of(community_id: uuid.UUID, form: Reevaluation | None = None, status: int = 200) -> Response:
    """Show the policy and the calendar in force, the packs, and what still runs on older terms."""
    of_it = f"/communities/{community_id}"
    told = desk().several(
        {"policy": f"{of_it}/policy", "calendar": f"{of_it}/calendar", "packs": "/packs", "places": PLACES}
    )
    place = next((one for one in told["places"]["items"] if one["id"] == str(community_id)), None)
    form = form or Reevaluation(formdata=None)
    shown = {"place": place, "form": form, "days": DAYS}
    return page("management/terms_of.html", status, **told, **shown)


@blp.get("/terms/<uuid:community_id>/versions")
@page_for("manager")
def term_versions(community_id: uuid.UUID) -> Response:
    """List who wrote which version of the policy and the calendar, when and why."""
    after = request.args.get("after")
    found = desk().get(f"/communities/{community_id}/terms", limit=A_PAGE, after=after)
    place = next((one for one in desk().get(PLACES)["items"] if one["id"] == str(community_id)), None)
    return page("management/term_versions.html", found=found, place=place)


@blp.post("/terms/<uuid:community_id>/reevaluations")
@page_for("manager")
def reevaluate(community_id: uuid.UUID) -> Response:
    """Move open jobs to the terms in force, some hundreds at a time."""
    form = Reevaluation()
    try:
        done = desk().post(f"/communities/{community_id}/reevaluations", form.body())
    except Refused as refused:
        return terms_of(community_id, form, form.refuse(refused))
    said = _("%(moved)s jobs were moved; %(left)s are left.", moved=done["moved"], left=done["left"])
    return go("management.terms_of", community_id=community_id, said=said)
