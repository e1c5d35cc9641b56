"""When somebody comes: what the desk proposes to a household, agrees to for it, and calls off."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import go
from gateway.web.visiting import answered, typed_window
from gateway.web.words import word


@blp.post("/tickets/<uuid:ticket_id>/propose")
@page_for(*DESK)
def propose_visit(ticket_id: str) -> Response:
    """Propose a window; with `spoken` the household said yes to it on the telephone, and it is agreed."""
    window = typed_window(request.form, desk().get(f"/tickets/{ticket_id}")["community_id"])
    if request.form.get("spoken") == "yes":
        return _take(ticket_id, "agree", {**window, "spoken": True})
    return _take(ticket_id, "propose", window)


@blp.post("/tickets/<uuid:ticket_id>/agree")
@page_for(*DESK)
def agree_to_visit(ticket_id: str) -> Response:
    """Agree to what the household proposed, or write down that it agreed to what was proposed to it."""
    return _take(ticket_id, "agree", {"spoken": True} if request.form.get("spoken") == "yes" else {})


@blp.post("/tickets/<uuid:ticket_id>/call-off")
@page_for(*DESK)
def call_visit_off(ticket_id: str) -> Response:
    """Take the last window off the table."""
    return _take(ticket_id, "call-off", {})


def _take(ticket_id: str, verb: str, body: dict[str, Any]) -> Response:
    try:
        desk().post(f"/tickets/{ticket_id}/{verb}", {**answered(request.form), **body})
    except Refused as refused:
        if refused.status not in (400, 409, 412, 422):
            raise
        why = next(iter(refused.errors.values()), refused.sentence)
        return go("dispatcher.ticket", ticket_id=ticket_id, said=why, kind="warning")
    done = word("action", verb.replace("-", "_"))
    return go("dispatcher.ticket", ticket_id=ticket_id, said=_("Done: %(what)s", what=done))
