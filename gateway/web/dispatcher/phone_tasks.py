"""Calls to people whom an emergency's messages did not reach."""

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import go


@blp.post("/phone-tasks/<uuid:task_id>/<step>")
@page_for(*DESK)
def phone_task(task_id: str, step: str) -> Response:
    """Take a call, give it back, or say how it went."""
    if step == "outcome":
        desk().post(f"/phone-tasks/{task_id}/outcome", {"outcome": request.form.get("outcome", "")})
        return go("dispatcher.calls", said=_("Written down."))
    desk().post(f"/phone-tasks/{task_id}/{'claim' if step == 'claim' else 'release'}")
    return go("dispatcher.calls")
