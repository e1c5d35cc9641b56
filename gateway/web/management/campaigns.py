"""Opinion surveys of every household: planned, estimated before anything is known, and read."""

import uuid
from datetime import UTC, datetime

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.widgets import DateTimeLocalInput

from gateway.web import moments
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm, number
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES
from gateway.web.page import go, page

SETS = {
    "opinion": _l("What matters, and how we do"),
    "servqual_short": _l("Service in five dimensions"),
    "nps": _l("Would you recommend us?"),
    "ces": _l("How much effort was it?"),
}


class Plan(DeskForm):
    """A campaign to plan; times are those of the community."""

    name = StringField(_l("Name"))
    community_id = SelectField(_l("Community"), validate_choice=False)
    question_set = SelectField(_l("Questions"), choices=lambda: list(SETS.items()))
    opens_at = StringField(_l("Opens"), widget=DateTimeLocalInput(), description=_l("Left empty: at once."))
    closes_at = StringField(_l("Closes"), widget=DateTimeLocalInput())


@blp.get("/campaigns")
@page_for("manager")
def campaigns() -> Response:
    """List the campaigns."""
    return page(
        "management/campaigns.html",
        found=desk().get("/campaigns", limit=20, after=request.args.get("after")),
        names={one["id"]: one["name"] for one in desk().get(PLACES)["items"]},
    )


@blp.get("/campaigns/new")
@page_for("manager")
def new_campaign(form: Plan | None = None, status: int = 200) -> Response:
    """Ask for a campaign."""
    form = form or Plan()
    form.community_id.choices = [(one["id"], one["name"]) for one in desk().get(PLACES)["items"]]
    return page("management/new_campaign.html", status, form=form)


@blp.post("/campaigns/new")
@page_for("manager")
def plan_campaign() -> Response:
    """Plan a campaign."""
    form = Plan()
    body = form.body()
    place = moments.zone(body.get("community_id")) or UTC
    body["timezone"] = str(place)
    for name in ("opens_at", "closes_at"):
        if name in body:
            body[name] = _moment(body[name], place)
    try:
        planned = desk().post("/campaigns", body)
    except Refused as refused:
        return new_campaign(form, form.refuse(refused))
    said = _("Planned. Say now what you think they will say.")
    return go("management.campaign", campaign_id=planned["id"], said=said)


@blp.get("/campaigns/<uuid:campaign_id>")
@page_for("manager")
def campaign(campaign_id: uuid.UUID, form: DeskForm | None = None, status: int = 200) -> Response:
    """Show a campaign: what you estimate comes first, what households said after it."""
    found = desk().get(f"/campaigns/{campaign_id}")
    return page(
        "management/campaign.html",
        status,
        found=found,
        form=form or DeskForm(),
        given=request.form,
        names={one["id"]: one["name"] for one in desk().get(PLACES)["items"]},
    )


@blp.post("/campaigns/<uuid:campaign_id>/estimates")
@page_for("manager")
def estimate(campaign_id: uuid.UUID) -> Response:
    """Say what you think the residents will say."""
    form = DeskForm()
    asked = desk().get(f"/campaigns/{campaign_id}")["to_estimate"]
    given = {one["name"]: request.form.get(one["name"], "") for one in asked}
    answers = {name: number(value) for name, value in given.items() if value}
    try:
        desk().post(f"/campaigns/{campaign_id}/estimates", {"answers": answers})
    except Refused as refused:
        return campaign(campaign_id, form, form.refuse(refused))
    return go("management.campaign_report", campaign_id=campaign_id, said=_("Kept. This is what they say so far."))


@blp.get("/campaigns/<uuid:campaign_id>/report")
@page_for("manager")
def campaign_report(campaign_id: uuid.UUID) -> Response:
    """Show what came of a campaign."""
    of_it = f"/campaigns/{campaign_id}"
    told = desk().several({"found": of_it, "report": f"{of_it}/report", "comments": f"{of_it}/comments?limit=50"})
    return page("management/campaign_report.html", **told)


def _moment(text: str, place: object) -> str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=place).isoformat()  # type: ignore[arg-type]
    except ValueError:
        return text
