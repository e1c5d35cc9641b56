"""The page of one ticket for the desk: what happened, how its time stands, and everything that can be done."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, Told, desk
from gateway.web.dispatcher import board, said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import ACTIONS, PATHS, PLAIN, STEPS, StepForm
from gateway.web.dispatcher.ticket_people import untold
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.page import go, page
from gateway.web.visiting import first_and_last
from gateway.web.words import word
from services.kit.errors import NotFound


@blp.get("/tickets/<uuid:ticket_id>")
@page_for(*DESK)
def ticket(ticket_id: str) -> Response:
    """Show a ticket."""
    return _show(str(ticket_id))


@blp.post("/tickets/<uuid:ticket_id>/<step>")
@page_for(*DESK)
def take_step(ticket_id: str, step: str) -> Response:
    """Do something about a ticket, and show it; what is refused is said beside what was typed."""
    if step not in STEPS and step not in PLAIN:
        raise NotFound("There is no such step.", "没有这一步骤。")
    path = f"/tickets/{ticket_id}/{PATHS.get(step, step)}"
    if step in PLAIN:
        desk().post(path)
        return go("dispatcher.ticket", ticket_id=ticket_id, said=_("Done: %(what)s", what=word("action", step)))
    form = STEPS[step](desk().get(f"/tickets/{ticket_id}")["community_id"])
    try:
        desk().post(path, form.body(), if_match=request.form.get("version") or None)
    except Refused as refused:
        return _show(str(ticket_id), form.refuse(refused, {"body": "body_"}), form)
    done = word("action", ACTIONS.get(step, step))
    return go("dispatcher.ticket", ticket_id=ticket_id, said=_("Done: %(what)s", what=done))


def _show(ticket_id: str, status: int = 200, refused: StepForm | None = None) -> Response:
    here = f"/tickets/{ticket_id}"
    told = desk().several(
        {
            "ticket": here,
            "history": f"{here}/history",
            "clocks": f"{here}/clocks",
            "comments": f"{here}/comments",
            "photos": f"{here}/photos",
            "joined": f"{here}/joined",
            "appointments": f"{here}/appointments",
            "staff": "/staff",
            "catalogue": "/catalogue",
        }
    )
    its: Told = told["ticket"]
    similar = _similar(its) if "join" in its["actions"] else []
    forms = _forms(its, told, similar, refused)
    return page(
        "dispatcher/ticket.html",
        status,
        ticket=dict(its),
        history=told["history"]["items"],
        urges=[one for one in told["history"]["items"] if one["action"] == "urge"],
        untold=untold(its),
        clocks=told["clocks"]["items"],
        resolution=told["clocks"]["resolution"],
        comments=told["comments"]["items"],
        photos=told["photos"]["items"],
        joined=told["joined"],
        appointments=told["appointments"]["items"],
        days=first_and_last(its["community_id"]),
        people={one["id"]: one["badge"] for one in told["staff"]["items"]},
        forms=forms,
        plain=[step for step in PLAIN if step in its["actions"]],
        opened=refused.NAME if refused else None,
        time=board.left,
    )


def _similar(ticket: Told) -> list[dict[str, Any]]:
    found = desk().get(
        "/similar",
        catalogue_code=ticket["catalogue_code"],
        unit_id=ticket["unit_id"],
        community_id=None if ticket["unit_id"] else ticket["community_id"],
    )
    return [one for one in found["items"] if one["ticket_id"] != ticket["id"]]


def _forms(
    ticket: Told, told: dict[str, Any], similar: list[dict[str, Any]], refused: StepForm | None
) -> dict[str, StepForm]:
    """Return the forms of what may be done now, filled with what there is to choose from."""
    open_to = set(ticket["actions"])
    pauses = _pauses(told["history"]["items"])
    forms: dict[str, StepForm] = {}
    for name, kind in STEPS.items():
        able = ACTIONS.get(name, name) in open_to or (name == "disallow" and bool(pauses))
        if refused is not None and name == refused.NAME:
            forms[name] = refused
        elif able and not (name == "join" and not similar):
            # A page that answers one form shows the others as new.
            forms[name] = kind(ticket["community_id"], formdata=None)
    if "assign" in forms:
        forms["assign"]["to"].choices = _hands(ticket, told["staff"]["items"])
    if "override" in forms:
        items = [(one["code"], said.named(one["name"])) for one in told["catalogue"]["items"]]
        forms["override"]["catalogue_code"].choices = [("", _("as it is")), *items]
    if "disallow" in forms:
        forms["disallow"]["pause"].choices = pauses
    if "join" in forms:
        forms["join"]["to"].choices = [
            (one["ticket_id"], f"{one['number']} {one['title']} {one['unit_name'] or ''}") for one in similar
        ]
    return forms


def _hands(ticket: Told, staff: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the crews of the ticket's community to choose from, who is on duty first."""
    able = [one for one in staff if one["role"] == "crew" and ticket["community_id"] in one["community_ids"]]
    able = [one for one in able if one["id"] != ticket["owner"]["id"]]
    on_duty = _("on duty")
    return [
        (one["id"], f"{one['badge']} ● {on_duty}" if one["on_duty"] else one["badge"])
        for one in sorted(able, key=lambda one: (not one["on_duty"], one["badge"] or ""))
    ]


def _pauses(history: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the pauses that still give credit, the latest first, as choices."""
    gone = {one["data"].get("pause") for one in history if one["action"] == "disallow"}
    # Also a visit at the time that the household wished, until which what is due waits.
    wished = [one for one in history if one["action"] == "agree" and "until" in one["data"]]
    waits = [one for one in history if one["action"] == "pause" or one in wished]
    return [
        (str(one["seq"]), one["note"] or str(word("waiting_reason", one["data"].get("waiting_reason"))))
        for one in reversed(waits)
        if one["seq"] not in gone
    ]


@blp.get("/tickets/<uuid:ticket_id>/clocks/<kind>/<int:generation>")
@page_for(*DESK)
def clock_story(ticket_id: str, kind: str, generation: int) -> Response:
    """Say why a clock came out as it did."""
    told = desk().several(
        {"ticket": f"/tickets/{ticket_id}", "story": f"/tickets/{ticket_id}/clocks/{kind}/{generation}"}
    )
    lines = [{**one, "sentence": one["says"][language()]} for one in told["story"]["timeline"]]
    return page("dispatcher/clock.html", ticket=dict(told["ticket"]), clock=told["story"]["clock"], lines=lines)


@blp.get("/tickets/<uuid:ticket_id>/household")
@page_for(*DESK)
def household(ticket_id: str) -> Response:
    """Show what is remembered about the home of a ticket. The look is written down, so it is a page of its own."""
    its = desk().get(f"/tickets/{ticket_id}")
    home = desk().get(f"/households/{its['unit_id']}", ticket_id=ticket_id) if its["unit_id"] else None
    return page("dispatcher/household.html", ticket=dict(its), home=home)
