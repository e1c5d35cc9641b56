"""What a resident does about a request, one button each: solved or not, hurry, object, take back, write, choose."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import go
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of

SCORES = ("1", "2", "3", "4", "5")


def _do(ticket_id: str, path: str, body: dict[str, Any], said: str, at: str = "/tickets") -> Response:
    try:
        desk().post(f"{at}/{path}", body)
    except Refused as refused:
        return go("resident.show_request", ticket_id=ticket_id, said=refusal_of(refused), kind="warning")
    return go("resident.show_request", ticket_id=ticket_id, said=said)


def _words(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").strip()


@blp.post("/<uuid:ticket_id>/confirm")
@page_for("resident")
def confirm(ticket_id: str) -> Response:
    """Say that it is solved."""
    return _do(ticket_id, f"{ticket_id}/confirm", {}, _("Thank you. We are glad that it is solved."))


@blp.post("/<uuid:ticket_id>/reopen")
@page_for("resident")
def reopen(ticket_id: str) -> Response:
    """Say that it is not solved, and what is still wrong."""
    said = _("We are sorry. It is open again, and first in line.")
    return _do(ticket_id, f"{ticket_id}/reopen", {"reason": _words("reason")}, said)


@blp.post("/<uuid:ticket_id>/urge")
@page_for("resident")
def urge(ticket_id: str) -> Response:
    """Ask to hurry; it is counted, and whoever has the request is told."""
    said = _("We heard you. Whoever has your request was told that you are waiting.")
    return _do(ticket_id, f"{ticket_id}/urge", {}, said)


@blp.post("/<uuid:ticket_id>/object")
@page_for("resident")
def object_to(ticket_id: str) -> Response:
    """Object to a pause."""
    said = _("Your objection is with the desk. Somebody looks at it.")
    return _do(ticket_id, f"{ticket_id}/object", {"reason": _words("reason")}, said)


@blp.post("/<uuid:ticket_id>/cancel")
@page_for("resident")
def cancel(ticket_id: str) -> Response:
    """Take a request back."""
    reason = _words("reason")
    return _do(ticket_id, f"{ticket_id}/cancel", {"reason": reason} if reason else {}, _("The request is taken back."))


@blp.post("/<uuid:ticket_id>/part")
@page_for("resident")
def part(ticket_id: str) -> Response:
    """Let a request that goes along with another one go its own way."""
    said = _("Your request is looked at by itself now.")
    return _do(ticket_id, f"{ticket_id}/part", {}, said)


@blp.post("/<uuid:ticket_id>/comments")
@page_for("resident")
def write(ticket_id: str) -> Response:
    """Write to the desk."""
    return _do(ticket_id, f"{ticket_id}/comments", {"body": _words("body")}, _("Sent."))


@blp.post("/<uuid:ticket_id>/choose")
@page_for("resident")
def choose(ticket_id: str) -> Response:
    """Choose one of the ways that were offered to settle a complaint."""
    option = request.form.get("option", "")
    body = {"option": int(option)} if option in SCORES else {}
    return _do(ticket_id, f"{ticket_id}/complaint/choose", body, _("Thank you. A manager is asked to approve it."))


@blp.post("/<uuid:ticket_id>/visit/<uuid:survey_id>")
@page_for("resident")
def answer_visit(ticket_id: str, survey_id: str) -> Response:
    """Answer the return visit: is it solved, and how was it."""
    body: dict[str, Any] = {}
    if request.form.get("solved") in ("yes", "no"):
        body["solved"] = request.form["solved"] == "yes"
    if request.form.get("satisfaction") in SCORES:
        body["satisfaction"] = int(request.form["satisfaction"])
    if _words("comment"):
        body["comment"] = _words("comment")
    said = _("Thank you. Your answer reaches the people who did the work.")
    if body.get("solved") is False:
        said = _("Thank you for telling us. We look at it again at once.")
    return _do(ticket_id, f"{survey_id}/answer", body, said, at="/return-visits")
