"""When somebody comes to a home: what its people propose, agree to and call off."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import go
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of
from gateway.web.visiting import answered, typed_window

# What each step is answered with.
SAID: Mapping[str, LazyString] = {
    "propose": _l("We have your wish. You are told as soon as it is confirmed."),
    "agree": _l("Thank you. It is agreed."),
    "call-off": _l("It is called off. You can choose another time whenever you like."),
}


@blp.post("/<uuid:ticket_id>/propose")
@page_for("resident")
def propose_visit(ticket_id: str) -> Response:
    """Say when somebody may come."""
    window = typed_window(request.form, desk().get(f"/tickets/{ticket_id}")["community_id"])
    return _take(ticket_id, "propose", window)


@blp.post("/<uuid:ticket_id>/agree")
@page_for("resident")
def agree_to_visit(ticket_id: str) -> Response:
    """Agree to the time that is proposed."""
    return _take(ticket_id, "agree")


@blp.post("/<uuid:ticket_id>/call-off")
@page_for("resident")
def call_visit_off(ticket_id: str) -> Response:
    """Take the last time off the table."""
    return _take(ticket_id, "call-off")


def _take(ticket_id: str, verb: str, window: Mapping[str, str] | None = None) -> Response:
    body: dict[str, Any] = {**answered(request.form), **(window or {})}
    try:
        desk().post(f"/tickets/{ticket_id}/{verb}", body)
    except Refused as refused:
        return go("resident.show_request", ticket_id=ticket_id, said=refusal_of(refused), kind="warning")
    return go("resident.show_request", ticket_id=ticket_id, said=str(SAID[verb]))
