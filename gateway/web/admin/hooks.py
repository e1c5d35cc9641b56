"""Endpoints of other systems: which events they are sent, and what became of each."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import URLField

from gateway.web.admin.area import blp
from gateway.web.admin.fields import Ticks
from gateway.web.admin.names import after, sentence
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import Word
from services.contracts import facts_of, tickets

PER_PAGE = 30
STATES = {
    "queued": Word(_l("Waiting"), "◔", "primary"),
    "sent": Word(_l("Sent"), "✓", "success"),
    "failed": Word(_l("Given up"), "✕", "danger"),
}
CAUSES = {
    "gone": _l("it said that it is gone (410)"),
    "exhausted": _l("it took nothing for days"),
    "manager": _l("somebody switched it off"),
}
EVENTS = tuple(fact.type for fact in facts_of(tickets) if fact.type.startswith(("ticket.", "sla.")))


class Hook(DeskForm):
    """An endpoint to send events to."""

    url = URLField(_l("Address"), description=_l("https://… of the other system."))
    event_types = Ticks(_l("Events"), choices=lambda: [(one, one) for one in EVENTS])


@blp.get("/webhooks")
@page_for("admin", "manager")
def hooks() -> Response:
    """List the endpoints."""
    return _page(Hook(formdata=None, event_types=["ticket.filed.v1", "ticket.completed.v1"]))


@blp.post("/webhooks")
@page_for("admin", "manager")
def add_hook() -> Response:
    """Register an endpoint, and show its secret this once."""
    form = Hook()
    try:
        made = desk().post("/webhooks", {"url": form.url.data or "", "event_types": form.event_types.data or []})
    except Refused as refused:
        return _page(form, form.refuse(refused))
    return page(
        "admin/secret.html",
        title=_("The endpoint's secret"),
        secret=made["secret"],
        address=made["url"],
        back="admin.hooks",
        note=_("The other system checks with it that events come from this desk (Standard Webhooks)."),
    )


@blp.get("/webhooks/<uuid:hook_id>")
@page_for("admin", "manager")
def hook(hook_id: str) -> Response:
    """Show an endpoint, to be changed, and what was sent to it."""
    return _hook(hook_id)


def _hook(hook_id: str, form: Hook | None = None, status: int = 200) -> Response:
    found = desk().get(f"/webhooks/{hook_id}")
    sent = desk().get(f"/webhooks/{hook_id}/deliveries", limit=PER_PAGE, after=after())
    form = form or Hook(formdata=None, url=found["url"], event_types=found["event_types"])
    # What it is sent already can be kept, whether or not this page would offer it.
    form.event_types.choices = [(one, one) for one in dict.fromkeys((*EVENTS, *found["event_types"]))]
    return page(
        "admin/hook.html",
        status,
        form=form,
        hook=found,
        version=found.etag,
        deliveries=sent["items"],
        after=sent.after,
        states=STATES,
        causes=CAUSES,
    )


@blp.post("/webhooks/<uuid:hook_id>")
@page_for("admin", "manager")
def change_hook(hook_id: str) -> Response:
    """Send other events, switch an endpoint off or on, send one event again, or take the endpoint away."""
    act, version = request.form.get("act"), request.form.get("version")
    said, tone = _("It is changed."), "success"
    if act == "events":
        return _change(hook_id, version)
    try:
        if act == "remove":
            desk().delete(f"/webhooks/{hook_id}", if_match=version)
            return go("admin.hooks", said=_("The endpoint is taken away."))
        if act == "again":
            desk().post(f"/webhooks/{hook_id}/deliveries/{request.form.get('delivery')}/redeliver", {})
            said = _("It is sent again.")
        else:
            desk().put(f"/webhooks/{hook_id}", {"active": act == "on"}, if_match=version)
    except Refused as refused:
        said, tone = sentence(refused), "danger"
    return go("admin.hook", hook_id=hook_id, said=said, kind=tone)


def _change(hook_id: str, version: str | None) -> Response:
    form = Hook()
    try:
        desk().put(f"/webhooks/{hook_id}", form.body() | {"event_types": form.event_types.data}, if_match=version)
    except Refused as refused:
        return _hook(hook_id, form, form.refuse(refused))
    return go("admin.hook", hook_id=hook_id, said=_("It is changed."))


def _page(form: Hook, status: int = 200) -> Response:
    found = desk().get("/webhooks", limit=PER_PAGE, after=after())
    return page("admin/hooks.html", status, hooks=found["items"], after=found.after, form=form, causes=CAUSES)
