"""Announcements: written with advice on the words, published in time, and who has read them."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import Moment, Several
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import word
from services.kit import clock
from services.kit.errors import NotFound

TIMES = ("starts_at", "ends_at")


class Announcement(DeskForm):
    """What is announced, where, and when."""

    community_id = SelectField(_l("Community"), validate_choice=False)
    kind = SelectField(_l("What it is"), choices=said.choices("announcement_kind"), validate_choice=False)
    planned = BooleanField(_l("It is planned"), default=True)
    building_ids = Several(_l("Only for these buildings"))
    starts_at = Moment(_l("Begins"))
    ends_at = Moment(_l("Ends"))
    title_zh = StringField(_l("Title in Chinese"))
    body_zh = TextAreaField(_l("Words in Chinese"))
    title_en = StringField(_l("Title in English"))
    body_en = TextAreaField(_l("Words in English"))

    def told(self) -> dict[str, Any]:
        """Return what was filled in, with its times in the community's zone."""
        body = super().body()
        body["planned"] = bool(self.planned.data)
        for name in TIMES:
            if name in body:
                body[name] = said.aware(body[name], self.community_id.data)
        return body


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


@blp.get("/announcements/new")
@page_for(*DESK)
def new_announcement() -> Response:
    """Ask what is announced; buildings are those of the community chosen."""
    return _write(_form(request.args.get("community_id")))


@blp.post("/announcements/new")
@page_for(*DESK)
def draft_announcement() -> Response:
    """Keep the draft; nobody hears of it yet."""
    form = _form(request.form.get("community_id"))
    try:
        made = desk().post("/announcements", form.told())
    except Refused as refused:
        return _write(form, form.refuse(refused))
    told = _("The draft is kept. Nobody has heard of it yet.")
    return go("dispatcher.announcement", announcement_id=made["id"], said=told)


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


def _form(community: str | None) -> Announcement:
    form = Announcement()
    places = [one for one in desk().get("/communities")["items"] if one["closed_at"] is None]
    form.community_id.choices = [(one["id"], one["name"]) for one in places]
    if request.method == "GET":
        form.community_id.data = community or (places[0]["id"] if places else None)
    here = form.community_id.data
    buildings = desk().get(f"/communities/{here}/buildings")["items"] if here else []
    form.building_ids.choices = [(one["id"], one["name"]) for one in buildings if one["closed_at"] is None]
    return form


def _write(form: Announcement, status: int = 200) -> Response:
    return page("dispatcher/new_announcement.html", status, form=form)


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
        times={name: said.typed(its[name], place) for name in TIMES},
        earliest=more.get("earliest"),
        earliest_typed=said.typed(more.get("earliest"), place),
        source=more.get("source"),
    )
