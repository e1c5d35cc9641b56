"""The steps of a job by plain forms, where no script runs; with one, the same forms go through the phone's outbox."""

import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from gateway.web.crew.area import blp
from gateway.web.crew.showing import crew_page
from gateway.web.crew.steps import ACTS, ADDRESSES, GIVES_AWAY
from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import go
from gateway.web.visiting import answered
from gateway.web.words import word
from services.kit import clock as time

# The address of a step in our own pages is the desk's.
BY_ADDRESS = {ADDRESSES.get(act, act): act for act in ACTS}
# A refusal that a person can do something about is a page with the choices.
CHOICES = (400, 403, 409, 422)
LONGEST = 366 * 86_400

Form = Mapping[str, str]


@blp.post("/<uuid:ticket_id>/<address>")
@page_for("crew")
def take_step(ticket_id: uuid.UUID, address: str) -> Response:
    """Take one step on a job."""
    if address not in BY_ADDRESS:
        raise NotFound()
    act = BY_ADDRESS[address]
    try:
        desk().post(f"/tickets/{ticket_id}/{address}", body_of(act, request.form))
    except Refused as refused:
        return _refused(refused, ticket_id, act)
    said = _("On record: %(step)s.", step=word("action", act))
    if act == "join":
        # What they have in common is done there.
        return go("crew.show_job", ticket_id=request.form["to"], said=said)
    if act == "part":
        return go("crew.show_job", ticket_id=request.form.get("back") or ticket_id, said=said)
    if act in GIVES_AWAY:
        return go("crew.jobs", said=said)
    return go("crew.show_job", ticket_id=ticket_id, said=said)


@blp.post("/<uuid:ticket_id>/photos")
@page_for("crew")
def add_photo(ticket_id: uuid.UUID) -> Response:
    """Add a photo."""
    if not request.files.get("photo"):
        return go("crew.show_job", ticket_id=ticket_id, said=_("Choose a photo first."), kind="warning")
    try:
        desk().upload(f"/tickets/{ticket_id}/photos", "photo", request.files["photo"])
    except Refused as refused:
        return _refused(refused, ticket_id, "photograph")
    return go("crew.show_job", ticket_id=ticket_id, said=_("The photo is there."))


@blp.post("/<uuid:ticket_id>/checkpoints/<int:n>/photos")
@page_for("crew")
def tick(ticket_id: uuid.UUID, n: int) -> Response:
    """Tick a checkpoint of a round off, with a photo of it where one was taken."""
    given = _filled(request.form, "result", "note", "code")
    photo = request.files.get("photo")
    try:
        if photo:
            given["photo_id"] = desk().upload(f"/tickets/{ticket_id}/photos", "photo", photo)["id"]
        desk().post(f"/tickets/{ticket_id}/checkpoints/{n}", given)
    except Refused as refused:
        return _refused(refused, ticket_id, "tick")
    return go("crew.show_job", ticket_id=ticket_id, said=_("Checkpoint %(n)s is ticked off.", n=n))


def body_of(act: str, form: Form) -> dict[str, Any]:
    """Return what a step's form says, for the desk; static/form.js does the same where a script runs."""
    return _BODIES.get(act, lambda _form: {})(form)


def _filled(form: Form, *names: str) -> dict[str, Any]:
    given = {name: form.get(name, "").replace("\r\n", "\n").strip() for name in names}
    return {name: value for name, value in given.items() if value}


def _until(form: Form, name: str) -> dict[str, str]:
    """Return the moment that lies so many seconds ahead as the form says."""
    seconds = form.get("in_seconds", "")
    if not seconds.isdecimal() or int(seconds) > LONGEST:
        return {}
    return {name: (time.now() + timedelta(seconds=int(seconds))).isoformat()}


def _window(form: Form) -> dict[str, str]:
    """Return the window that was chosen: its two moments, written with a stroke between them."""
    begins, _stroke, ends = form.get("window", "").partition("/")
    return {"from": begins, "to": ends}


def _completed(form: Form) -> dict[str, str]:
    """Put minutes and parts into the note: it is what the resident reads of what was done."""
    told = _filled(form, "note", "minutes", "parts")
    lines = [told.get("note")]
    if "parts" in told:
        lines.append(_("Parts: %(parts)s", parts=told["parts"]))
    if "minutes" in told:
        lines.append(_("Time on site: %(minutes)s min", minutes=told["minutes"]))
    note = "\n".join(line for line in lines if line)
    return {"note": note} if note else {}


_BODIES: dict[str, Callable[[Form], dict[str, Any]]] = {
    "pause": lambda form: {**_filled(form, "reason", "note"), **_until(form, "until")},
    "make_safe": lambda form: _filled(form, "note"),
    "complete": _completed,
    "release": lambda form: _filled(form, "reason"),
    "escalate": lambda form: _filled(form, "reason"),
    "assign": lambda form: _filled(form, "to", "note"),
    "promise": lambda form: {**_filled(form, "note"), **_until(form, "promised_at")},
    "join": lambda form: _filled(form, "to", "reason"),
    "part": lambda form: _filled(form, "reason"),
    "propose": lambda form: {**_window(form), **answered(form)},
    "agree": lambda form: {**answered(form), **({"spoken": True} if form.get("spoken") == "yes" else {})},
    "call_off": lambda form: answered(form),
    "comment": lambda form: {**_filled(form, "body"), "visible": form.get("visible") == "yes"},
}


def _refused(refused: Refused, ticket_id: uuid.UUID, act: str) -> Response:
    """Show what was refused: why, what the job is now, what else there is to take, and the way to keep a note."""
    if refused.status not in CHOICES:
        raise refused
    status = 422 if refused.status == 400 else refused.status
    return crew_page(
        "crew/refused.html",
        status,
        refused=refused,
        act=act,
        ticket_id=str(ticket_id),
        ticket=refused.more.get("ticket"),
        next_jobs=refused.more.get("next_jobs", []),
        kept="\n".join(_filled(request.form, "note", "body", *(("reason",) if act in GIVES_AWAY else ())).values()),
    )
