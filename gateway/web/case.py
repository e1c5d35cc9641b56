"""One complaint as a guided page by the steps of IANAR: how far it is, and the forms of what may be done next."""

from collections.abc import Callable
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.fields.choices import SelectChoice

from gateway.web.case_forms import CASE_STEPS, CaseForm
from gateway.web.desk import Desk, Refused, Told, desk
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit.errors import NotFound

STAGES = {
    "identify": _l("Identify"),
    "assess": _l("Assess"),
    "negotiate": _l("Negotiate"),
    "act": _l("Carry out"),
    "review": _l("Review"),
}
CASE_STEP_NAMES = {
    "identify": _l("Hear them out and say it back"),
    "assess": _l("Judge it"),
    "offer": _l("Offer ways to settle it"),
    "choose": _l("Write down what they chose"),
    "approve": _l("Approve"),
    "refuse": _l("Do not approve"),
    "act": _l("Say who does it"),
    "settle": _l("Say what was done"),
    "reply": _l("Answer them"),
    "review": _l("Look back"),
}
# What is possible from one step alone: whoever saw another one is refused anyhow.
FROM_ONE_STEP = ("approve", "refuse", "review")


def case_values(asked: Desk, ticket_id: str, refused: CaseForm | None = None) -> dict[str, Any]:
    """Return what the page of a complaint shows; `refused` is the form that was sent and not accepted."""
    told = asked.several(
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
    stages = list(STAGES)
    return {
        "ticket": dict(its),
        "case": dict(case),
        "earlier": told["earlier"]["items"],
        "forms": forms,
        "stages": STAGES,
        "step_names": CASE_STEP_NAMES,
        "at": stages.index(case["stage"]) if case["stage"] in stages else len(stages),
        "opened": refused.NAME if refused else _next_step(case, forms),
    }


def take_step(
    ticket_id: str, step: str, template: str, leads: Callable[[Told], str], show: Callable[..., Response] = page
) -> Response:
    """Take a step of a complaint: the page again (by `show`) with what was refused, else the page that `leads` names.

    It is refused where somebody took the complaint further since the page was shown. Raises NotFound for a step that
    there is none of.
    """
    if step not in CASE_STEPS:
        raise NotFound("There is no such step.", "没有这一步骤。")
    asked = desk()
    form = CASE_STEPS[step](asked.get(f"/tickets/{ticket_id}")["community_id"])
    body, seen = form.body(), request.form.get("seen")
    if seen and step not in FROM_ONE_STEP:
        body["expected_step"] = seen
    try:
        after = asked.post(f"/tickets/{ticket_id}/complaint/{step}", body)
    except Refused as refused:
        status = form.refuse(refused, form.NAMES)
        return show(template, status, **case_values(asked, ticket_id, form))
    return go(leads(after), ticket_id=ticket_id, said=_("Now: %(what)s", what=word("complaint_step", after["step"])))


def _choices(forms: dict[str, CaseForm], case: dict[str, Any], ticket: dict[str, Any], staff: list[Any]) -> None:
    if "choose" in forms:
        forms["choose"]["option"].choices = [SelectChoice(str(one["number"]), one["what"]) for one in case["options"]]
    if "act" in forms:
        able = [one for one in staff if one["role"] in ("crew", "manager", "dispatcher")]
        able = [one for one in able if not one["community_ids"] or ticket["community_id"] in one["community_ids"]]
        forms["act"]["to"].choices = [
            SelectChoice("", _("whoever has it")),
            *(SelectChoice(one["id"], one["badge"]) for one in able),
        ]


def _next_step(case: dict[str, Any], forms: dict[str, CaseForm]) -> str | None:
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
