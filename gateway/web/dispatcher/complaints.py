"""Complaints: the list, and one complaint as a guided page by the steps of IANAR."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import codes
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.complaint_forms import CASE_STEPS, CaseForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit.errors import NotFound


@blp.get("/complaints")
@page_for(*DESK)
def complaints() -> Response:
    """List complaints with how far each has come."""
    step = request.args.get("step") or None
    found = desk().get("/complaints", limit=30, step=step, after=request.args.get("after"))
    return page("dispatcher/complaints.html", found=found, step=step)


@blp.get("/complaints/<uuid:ticket_id>")
@page_for(*DESK)
def complaint(ticket_id: str) -> Response:
    """Show a complaint with the step that comes next."""
    return _show(str(ticket_id))


@blp.post("/complaints/<uuid:ticket_id>/<step>")
@page_for(*DESK)
def take_case_step(ticket_id: str, step: str) -> Response:
    """Take a step of a complaint."""
    if step not in CASE_STEPS:
        raise NotFound("There is no such step.", "没有这一步骤。")
    form = CASE_STEPS[step](desk().get(f"/tickets/{ticket_id}")["community_id"])
    try:
        after = desk().post(f"/tickets/{ticket_id}/complaint/{step}", form.body())
    except Refused as refused:
        return _show(str(ticket_id), form.refuse(refused, form.NAMES), form)
    done = word("complaint_step", after["step"])
    return go("dispatcher.complaint", ticket_id=ticket_id, said=_("Now: %(what)s", what=done))


def _show(ticket_id: str, status: int = 200, refused: CaseForm | None = None) -> Response:
    told = desk().several(
        {
            "ticket": f"/tickets/{ticket_id}",
            "case": f"/tickets/{ticket_id}/complaint",
            "earlier": f"/tickets/{ticket_id}/complaint/earlier",
            "staff": "/staff",
        }
    )
    its, case = told["ticket"], told["case"]
    forms: dict[str, CaseForm] = {}
    for name, kind in CASE_STEPS.items():
        if refused is not None and name == refused.NAME:
            forms[name] = refused
        elif name in case["actions"]:
            forms[name] = kind(its["community_id"], formdata=None)
    _choices(forms, case, its, told["staff"]["items"])
    stages = list(codes.STAGES)
    at = stages.index(case["stage"]) if case["stage"] in stages else len(stages)
    return page(
        "dispatcher/complaint.html",
        status,
        ticket=dict(its),
        case=dict(case),
        earlier=told["earlier"]["items"],
        forms=forms,
        at=at,
        opened=refused.NAME if refused else next_step(case, forms),
    )


def _choices(forms: dict[str, CaseForm], case: dict[str, Any], ticket: dict[str, Any], staff: list[Any]) -> None:
    if "choose" in forms:
        forms["choose"]["option"].choices = [(str(one["number"]), one["what"]) for one in case["options"]]
    if "act" in forms:
        able = [one for one in staff if one["role"] in ("crew", "manager", "dispatcher")]
        able = [one for one in able if not one["community_ids"] or ticket["community_id"] in one["community_ids"]]
        forms["act"]["to"].choices = [("", _("whoever has it")), *((one["id"], one["badge"]) for one in able)]


def next_step(case: dict[str, Any], forms: dict[str, CaseForm]) -> str | None:
    """Return the form that is opened: the one that leads on from where the case is."""
    if case["step"] == "assessed" and case["justified"] is False:
        order: tuple[str, ...] = ("reply", "offer", "assess")
    elif case["step"] == "assessed" and case["settle_at_once"]:
        order = ("settle", "offer", "assess")
    else:
        order = {
            "new": ("identify",),
            "identified": ("assess",),
            "assessed": ("offer",),
            "offered": ("choose",),
            "chosen": ("approve",),
            "approved": ("act",),
            "acting": ("settle",),
        }.get(case["step"], ("review",))
    return next((name for name in order if name in forms), None)
