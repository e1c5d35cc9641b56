"""Announcements: published in time or with the reason why not, taken back, and who has read them."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.announcement_writing import CLOSED, TIMES
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import Moment
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit import clock
from services.kit.errors import NotFound


class Publishing(DeskForm):
    """When to publish, and why so late where it is."""

    publish_at = Moment(_l("Publish at"), description=_l("Left empty: now."))
    late_because = StringField(_l("Why it is announced later than the rules ask"))


@blp.get("/announcements")
@page_for(*DESK)
def announcements() -> Response:
    """List announcements, the latest to begin first."""
    state = request.args.get("state") or None
    found = desk().get("/announcements", limit=30, state=state, after=request.args.get("after"))
    return page("dispatcher/announcements.html", found=found, state=state)


@blp.get("/announcements/<uuid:announcement_id>")
@page_for(*DESK)
def announcement(announcement_id: str) -> Response:
    """Show an announcement, what was done about it, and who has read it."""
    return _show(str(announcement_id), Publishing(formdata=None))


@blp.post("/announcements/<uuid:announcement_id>/publish")
@page_for(*DESK)
def publish_announcement(announcement_id: str) -> Response:
    """Publish now or later; too late for its notice period only with the reason, which goes on record."""
    form = Publishing()
    its = desk().get(f"/announcements/{announcement_id}")
    body = form.body()
    if "publish_at" in body:
        body["publish_at"] = said.aware(body["publish_at"], its["community_id"])
    try:
        after = desk().post(f"/announcements/{announcement_id}/publish", body)
    except Refused as refused:
        earliest, source = refused.more.get("earliest_start"), refused.more.get("source")
        status = form.refuse(refused)
        return _show(str(announcement_id), form, status, earliest=earliest, source=source)
    told = word("announcement_state", after["state"])
    return go("dispatcher.announcement", announcement_id=announcement_id, said=_("Now: %(what)s", what=told))


@blp.post("/announcements/<uuid:announcement_id>/move")
@page_for(*DESK)
def move_announcement(announcement_id: str) -> Response:
    """Let it begin and end at other times; whoever was told of it is told so."""
    its = desk().get(f"/announcements/{announcement_id}")
    times = {name: said.aware(request.form.get(name), its["community_id"]) for name in TIMES}
    body = {name: value for name, value in times.items() if value}
    desk().patch(f"/announcements/{announcement_id}", body, if_match=its.etag)
    return go("dispatcher.announcement", announcement_id=announcement_id, said=_("The times are changed."))


@blp.post("/announcements/<uuid:announcement_id>/<step>")
@page_for(*DESK)
def take_announcement_step(announcement_id: str, step: str) -> Response:
    """Take it back, say that everything works again, or remind those who have not read it."""
    bodies = {"withdraw": {"reason": request.form.get("reason", "")}, "restore": {}, "remind": {}}
    if step not in bodies:
        raise NotFound("There is no such step.", "没有这一步骤。")
    after = desk().post(f"/announcements/{announcement_id}/{step}", bodies[step])
    done = {
        "withdraw": _("It is withdrawn."),
        "restore": _("Everybody concerned is told that it works again."),
        "remind": _("Reminded: %(count)s homes.", count=after.get("households", 0)),
    }
    return go("dispatcher.announcement", announcement_id=announcement_id, said=done[step])


def _show(announcement_id: str, form: Publishing, status: int = 200, **more: Any) -> Response:
    here = f"/announcements/{announcement_id}"
    told = desk().several({"it": here, "steps": f"{here}/steps", "readers": f"{here}/readers", "staff": "/staff"})
    people = {one["id"]: one["badge"] for one in told["staff"]["items"]}
    its = dict(told["it"])
    place = its["community_id"]
    return page(
        "dispatcher/announcement.html",
        status,
        it=its,
        steps=told["steps"]["items"],
        readers=told["readers"],
        people=people,
        begun=datetime.fromisoformat(its["starts_at"]) <= clock.now(),
        form=form,
        changeable=its["state"] not in CLOSED,
        times={name: said.typed(its[name], place) for name in TIMES},
        earliest=more.get("earliest"),
        earliest_typed=said.typed(more.get("earliest"), place),
        source=more.get("source"),
    )
