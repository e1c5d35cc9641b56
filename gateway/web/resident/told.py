"""Everything this resident was told: what, when, by which ways, and whether they read it."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.words import Word

WAYS = {
    "in_app": Word(_l("Here"), "✓"),
    "email": Word(_l("E-mail"), "✉"),
    "push": Word(_l("Phone"), "✆"),
    "apprise": Word(_l("Messenger"), "✉"),
    "sms": Word(_l("Text message"), "✆"),
}
STATES = {
    "queued": Word(_l("to come"), "◔"),
    "sending": Word(_l("being sent"), "◔"),
    "sent": Word(_l("sent"), "✓"),
    "failed": Word(_l("did not arrive"), "✕"),
    "skipped": Word(_l("not needed"), "–"),
}


@blp.get("/told")
@page_for("resident")
def told() -> Response:
    """Show what was told, the newest first."""
    found = desk().get("/notices", limit=20, after=request.args.get("after"))
    return page(
        "resident/told.html",
        notices=[(notice, _leads_to(notice)) for notice in found.get("items", [])],
        after=found.after,
        ways=WAYS,
        states=STATES,
    )


@blp.post("/told/<uuid:notice_id>")
@page_for("resident")
def read_notice(notice_id: str) -> Response:
    """Record that a notice was read, and open what it is about."""
    notice = desk().post(f"/notices/{notice_id}/read")
    target = _leads_to(notice)
    return go(target[0], **target[1]) if target else go("resident.told", said=_("Read."))


def _leads_to(notice: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    if notice["ticket_id"]:
        return "resident.show_request", {"ticket_id": notice["ticket_id"]}
    if notice["data"].get("announcement_id"):
        return "resident.announcement", {"announcement_id": notice["data"]["announcement_id"]}
    if notice["data"].get("opinion_token"):
        return "resident.opinions", {}
    return None
