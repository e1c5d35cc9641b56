"""Writing an announcement and changing its words and times, with the notice period in view."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import Moment, Several
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import all_of

TIMES = ("starts_at", "ends_at")
WORDS = ("title_zh", "body_zh", "title_en", "body_en")
# What residents were told of is not what can be changed any more.
CLOSED = ("withdrawn", "over")


class Announcement(DeskForm):
    """What is announced, where, and when."""

    version = HiddenField()
    publish_at = HiddenField()
    ticket_id = HiddenField()
    community_id = SelectField(_l("Community"), validate_choice=False)
    kind = SelectField(
        _l("What it is"),
        choices=[SelectChoice(code, one.name) for code, one in all_of("announcement_kind").items()],
        validate_choice=False,
    )
    planned = BooleanField(_l("It is planned"), default=True)
    building_ids = Several(_l("Only for these buildings"))
    starts_at = Moment(_l("Begins"))
    ends_at = Moment(_l("Ends"))
    title_zh = StringField(_l("Title in Chinese"))
    body_zh = TextAreaField(_l("Words in Chinese"))
    title_en = StringField(_l("Title in English"))
    body_en = TextAreaField(_l("Words in English"))
    late_because = StringField(_l("Why it is announced later than the rules ask"))

    def drafted(self) -> dict[str, Any]:
        """Return what was filled in, with its times in the community's zone."""
        told = {**self._scope(), **self._changed(), "community_id": self.community_id.data}
        return {name: value for name, value in told.items() if value not in (None, "", [])}

    def changes(self, state: str) -> dict[str, Any]:
        """Return everything that may be changed: of what residents were told of, only words and times."""
        reason = (self.late_because.data or "").strip()
        scope = {} if state == "published" else self._scope()
        return {**scope, **self._changed(), **({"late_because": reason} if reason else {})}

    def _scope(self) -> dict[str, Any]:
        return {
            "kind": self.kind.data,
            "planned": bool(self.planned.data),
            "building_ids": self.building_ids.data or [],
            "ticket_id": self.ticket_id.data or None,
        }

    def _changed(self) -> dict[str, Any]:
        words = {name: (self[name].data or "").replace("\r\n", "\n").strip() or None for name in WORDS}
        times = {name: said.aware(self[name].data, self.community_id.data) for name in TIMES}
        # It cannot be without a beginning: left empty, that is for the desk to refuse.
        return {**words, **times, "starts_at": times["starts_at"] or ""}


@blp.get("/announcements/new")
@page_for(*DESK)
def new_announcement() -> Response:
    """Ask what is announced; buildings are those of the community chosen. It may be about a request that is open."""
    given = {name: request.args.get(name) for name in ("community_id", "ticket_id")}
    return _write(Announcement(formdata=None, data=given))


@blp.post("/announcements/new")
@page_for(*DESK)
def draft_announcement() -> Response:
    """Keep the draft; nobody hears of it yet."""
    form = Announcement()
    if request.form.get("look"):
        return _write(form)
    try:
        made = desk().post("/announcements", form.drafted())
    except Refused as refused:
        return _write(form, form.refuse(refused))
    told = _("The draft is kept. Nobody has heard of it yet.")
    return go("dispatcher.announcement", announcement_id=made["id"], said=told)


@blp.get("/announcements/<uuid:announcement_id>/change")
@page_for(*DESK)
def change_announcement(announcement_id: str) -> Response:
    """Show an announcement as it can be changed."""
    its = desk().get(f"/announcements/{announcement_id}")
    return _write(_filled(its, its.etag), its=its)


@blp.post("/announcements/<uuid:announcement_id>/change")
@page_for(*DESK)
def save_announcement(announcement_id: str) -> Response:
    """Change it; whoever was told of it already is told of other times."""
    its = desk().get(f"/announcements/{announcement_id}")
    form = Announcement()
    if request.form.get("look"):
        return _write(form, its=its)
    try:
        body = form.changes(its["state"])
        after = desk().patch(f"/announcements/{announcement_id}", body, if_match=form.version.data)
    except Refused as refused:
        return _write(form, form.refuse(refused), its)
    retold = after["state"] == "published" and any(after[name] != its[name] for name in TIMES)
    told = _("Changed; everybody concerned is told of the new times.") if retold else _("Changed.")
    return go("dispatcher.announcement", announcement_id=announcement_id, said=told)


@blp.get("/announcements/notice")
@page_for(*DESK)
def announcement_notice() -> Response:
    """Return whether what is being written would come in time, for the page that is being filled in."""
    form = Announcement(formdata=request.args)
    place = form.community_id.data
    return page("dispatcher/announcement_notice.html", notice=_notice(form), place=place)


def _filled(its: Mapping[str, Any], version: str | None) -> Announcement:
    place = its["community_id"]
    shown = {
        **{name: its[name] for name in ("community_id", "kind", "planned", "publish_at", "ticket_id", *WORDS)},
        **{name: said.typed(its[name], place) for name in TIMES},
        "building_ids": [one["id"] for one in its["buildings"]],
        "late_because": its["late_because"],
        "version": version,
    }
    return Announcement(formdata=None, data=shown)


def _write(form: Announcement, status: int = 200, its: Mapping[str, Any] | None = None) -> Response:
    places = [one for one in desk().get("/communities")["items"] if one["closed_at"] is None]
    if its is None and not form.community_id.data and places:
        form.community_id.data = places[0]["id"]
    here = its["community_id"] if its else form.community_id.data
    buildings = desk().get(f"/communities/{here}/buildings")["items"] if here else []
    form.building_ids.choices = [SelectChoice(one["id"], one["name"]) for one in buildings if one["closed_at"] is None]
    return page(
        "dispatcher/announcement_form.html",
        status,
        form=form,
        its=its,
        places=places,
        notice=_notice(form),
        place=here,
        about=desk().get(f"/tickets/{form.ticket_id.data}") if form.ticket_id.data else None,
    )


def _notice(form: Announcement) -> dict[str, Any] | None:
    """Return what the notice period makes of it, by the desk; None where too little is filled in to say."""
    place = form.community_id.data
    starts_at = said.aware(form.starts_at.data, place)
    if not (place and starts_at and form.kind.data):
        return None
    about = {"community_id": place, "kind": form.kind.data, "planned": "true" if form.planned.data else "false"}
    try:
        told = desk().get(
            "/announcements/notice", **about, starts_at=starts_at, publish_at=form.publish_at.data or None
        )
    except Refused as refused:
        if refused.status != 422:
            raise
        return {"refused": [*refused.errors.values()] or [refused.sentence]}
    return dict(told)
