"""Plans of recurring work: made and changed with their next times in view, and what became of the times that were."""

from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from wtforms import SelectChoice

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import recurring, said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.filing import find
from gateway.web.dispatcher.plan_forms import NAMES, PlanForm, filled
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit.errors import NotFound


@blp.get("/plans")
@page_for(*DESK)
def plans() -> Response:
    """List plans, the newest first."""
    wanted = {name: request.args.get(name) or None for name in ("state", "kind", "community_id")}
    found = desk().get("/plans", limit=30, after=request.args.get("after"), **wanted)
    places = desk().get("/communities")["items"]
    return page("dispatcher/plans.html", found=found, wanted=wanted, places=places)


@blp.get("/plans/new")
@page_for(*DESK)
def new_plan() -> Response:
    """Ask what is planned."""
    form = PlanForm(formdata=None)
    form.arrange("")
    return _write(form)


@blp.post("/plans/new")
@page_for(*DESK)
def make_plan() -> Response:
    """Keep the plan; or, where a button asked to look first, show when it would be due."""
    form = PlanForm()
    wanted = request.form.get("look")
    if wanted:
        form.arrange(wanted)
        return _write(form)
    body = {"kind": form.kind.data, **form.told(), **form.place()}
    try:
        made = desk().post("/plans", {name: value for name, value in body.items() if value is not None})
    except Refused as refused:
        return _write(form, _refuse(form, refused))
    return go("dispatcher.plan", plan_id=made["id"], said=_("The plan is made."))


@blp.get("/plans/times")
@page_for(*DESK)
def plan_times() -> Response:
    """Return when what is being filled in would be due, for the page that is being filled in."""
    form = PlanForm(formdata=request.args)
    return page("dispatcher/plan_times.html", times=_times(form))


@blp.get("/plans/homes")
@page_for(*DESK)
def plan_homes() -> Response:
    """Return homes by part of a number or a name, for the page that is being filled in."""
    form = PlanForm(formdata=None)
    form.home.choices = _homes(request.args.get("q", ""))
    return page("dispatcher/plan_homes.html", form=form, q=request.args.get("q", ""))


@blp.get("/plans/<uuid:plan_id>")
@page_for(*DESK)
def plan(plan_id: str) -> Response:
    """Show a plan with its checkpoints, its next times and its earlier ones."""
    query = {"limit": 30} | ({"after": request.args["after"]} if "after" in request.args else {})
    past = f"/plans/{plan_id}/occurrences?{urlencode(query)}"
    told = desk().several({"plan": f"/plans/{plan_id}", "past": past, "catalogue": "/catalogue"})
    its = told["plan"]
    items = {one["code"]: said.named(one["name"]) for one in told["catalogue"]["items"]}
    return page(
        "dispatcher/plan.html",
        plan=dict(its),
        past=told["past"],
        items=items,
        home=_home_of(its["unit_id"]),
    )


@blp.get("/plans/<uuid:plan_id>/change")
@page_for(*DESK)
def change_plan(plan_id: str) -> Response:
    """Show a plan as it can be changed."""
    its = desk().get(f"/plans/{plan_id}")
    form = filled(its, its.etag)
    form.arrange("")
    return _write(form, its=its)


@blp.post("/plans/<uuid:plan_id>/change")
@page_for(*DESK)
def save_plan(plan_id: str) -> Response:
    """Change what is planned from now on; or show when it would be due."""
    its = desk().get(f"/plans/{plan_id}")
    form = filled(its, its.etag)
    wanted = request.form.get("look")
    if wanted:
        form.arrange(wanted)
        return _write(form, its=its)
    try:
        desk().patch(f"/plans/{plan_id}", form.told(), if_match=form.version.data)
    except Refused as refused:
        return _write(form, _refuse(form, refused), its)
    return go("dispatcher.plan", plan_id=plan_id, said=_("The plan is changed. What was filed stays as it is."))


@blp.post("/plans/<uuid:plan_id>/<step>")
@page_for(*DESK)
def take_plan_step(plan_id: str, step: str) -> Response:
    """Let a plan rest, take it up again, or end it."""
    if step not in ("pause", "resume", "end"):
        raise NotFound("There is no such step.", "没有这一步骤。")
    after = desk().post(f"/plans/{plan_id}/{step}")
    told = _("Now: %(what)s", what=word("plan_state", after["state"]))
    return go("dispatcher.plan", plan_id=plan_id, said=told)


def _refuse(form: PlanForm, refused: Refused) -> int:
    own = {"rrule": "rule"} if form.unit.data == "rule" else {}
    form.refuse_points(refused)
    return form.refuse(refused, NAMES | own)


def _write(form: PlanForm, status: int = 200, its: Any = None) -> Response:
    told = desk().several({"places": "/communities", "catalogue": "/catalogue"})
    places = [SelectChoice(one["id"], one["name"]) for one in told["places"]["items"] if one["closed_at"] is None]
    form.community_id.choices = [SelectChoice("", "–"), *places]
    groups: dict[str, list[SelectChoice]] = {}
    for item in told["catalogue"]["items"]:
        group = str(word("work_type", item["work_type"]))
        choice = SelectChoice(item["code"], said.named(item["name"]), optgroup=group)
        groups.setdefault(group, []).append(choice)
    form.catalogue_code.choices = [choice for some in groups.values() for choice in some]
    q = request.values.get("q", "")
    form.home.choices = _homes(q, form.home.data)
    return page(
        "dispatcher/plan_form.html",
        status,
        form=form,
        its=its,
        q=q,
        items=groups,
        home=_home_of(its["unit_id"]) if its else None,
        times=_times(form),
    )


def _times(form: PlanForm) -> dict[str, Any] | None:
    """Return when it would be due, or why never, by the desk; None where too little is filled in to say."""
    place, rhythm = form.community(), form.rhythm()
    if not (place and rhythm["starts_at"] and rhythm["rrule"]):
        return None
    try:
        told = desk().get("/plans/times", community_id=place, plan_id=form.plan_id.data or None, **rhythm)
    except Refused as refused:
        if refused.status != 422:
            raise
        return {"next": [], "refused": [*refused.errors.values()] or [refused.sentence]}
    return {"next": told["next"], "often": recurring.in_words(told["rrule"]), "place": place}


def _homes(q: str, chosen: str | None = None) -> list[SelectChoice]:
    """Return homes with their residents to choose from; one that was chosen stays among them."""
    found = {f"{one.unit}|{one.person}|{one.community}": f"{one.home} ({one.login})" for one in find(q)}
    if chosen and chosen not in found:
        found = {chosen: _home_of(chosen.partition("|")[0]) or chosen} | found
    return [SelectChoice(value, name) for value, name in found.items()]


def _home_of(unit_id: str | None) -> str | None:
    homes = desk().get("/units", id=unit_id)["items"] if unit_id else []
    return next((f"{one['community']['name']} {one['building']} {one['name']}" for one in homes), None)
