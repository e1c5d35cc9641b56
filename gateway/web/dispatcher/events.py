"""Community events and volunteers: announced, who comes and who came, and the hours that wait to be confirmed."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from wtforms import HiddenField, SelectChoice, SelectField, StringField, TextAreaField

from gateway.web.desk import Refused, desk
from gateway.web.dispatcher import said
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.dispatcher.forms import Moment
from gateway.web.dispatcher.residents import named
from gateway.web.forms import DeskForm, number
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.words import all_of
from services.kit import clock
from services.kit.errors import NotFound

TIMES = ("starts_at", "ends_at", "sign_up_until")


class Event(DeskForm):
    """What is planned, where and when, and for how many."""

    version = HiddenField()
    community_id = SelectField(_l("Community"), validate_choice=False)
    title = StringField(_l("What it is called"))
    description = TextAreaField(_l("What happens there"))
    location = StringField(_l("Where"))
    need_level = SelectField(
        _l("Need level"),
        choices=[SelectChoice(n, all_of("need_level")[n].name) for n in ("3", "4", "5")],
        validate_choice=False,
    )
    starts_at = Moment(_l("Begins"))
    ends_at = Moment(_l("Ends"))
    sign_up_until = Moment(_l("Sign up until"))
    capacity = StringField(_l("Places"))

    def told(self) -> dict[str, Any]:
        """Return what was filled in: numbers as numbers, times in the community's zone."""
        body = super().body()
        body.pop("version", None)
        for name in TIMES:
            if name in body:
                body[name] = said.aware(body[name], self.community_id.data)
        for name in ("need_level", "capacity"):
            if name in body:
                body[name] = number(body[name])
        return body


@blp.get("/events")
@page_for(*DESK)
def events() -> Response:
    """List events to come, or those that are over, with the hours that wait to be confirmed."""
    past = request.args.get("past") == "true"
    told = desk().several(
        {
            "events": f"/events?past={'true' if past else 'false'}&limit=30",
            "hours": "/volunteers/hours?state=recorded&limit=30",
            "volunteers": "/volunteers?limit=30",
        }
    )
    return page(
        "dispatcher/events.html",
        found=told["events"],
        hours=told["hours"]["items"],
        volunteers=told["volunteers"]["items"],
        names=named(one["person_id"] for some in ("hours", "volunteers") for one in told[some]["items"]),
        past=past,
    )


@blp.get("/events/new")
@page_for(*DESK)
def new_event() -> Response:
    """Ask what is planned."""
    return page("dispatcher/event_form.html", form=_form(), its=None)


@blp.post("/events/new")
@page_for(*DESK)
def announce_event() -> Response:
    """Announce the event."""
    form = _form()
    try:
        made = desk().post("/events", form.told())
    except Refused as refused:
        return page("dispatcher/event_form.html", form.refuse(refused), form=form, its=None)
    return go("dispatcher.event", event_id=made["id"], said=_("The event is announced."))


@blp.get("/events/<uuid:event_id>")
@page_for(*DESK)
def event(event_id: str) -> Response:
    """Show an event with who signed up."""
    told = desk().several({"event": f"/events/{event_id}", "sign_ups": f"/events/{event_id}/sign-ups?limit=100"})
    its, sign_ups = told["event"], told["sign_ups"]["items"]
    return page(
        "dispatcher/event.html",
        event=dict(its),
        sign_ups=sign_ups,
        names=named(one["person_id"] for one in sign_ups),
        begun=datetime.fromisoformat(its["starts_at"]) <= clock.now(),
    )


@blp.get("/events/<uuid:event_id>/change")
@page_for(*DESK)
def change_event(event_id: str) -> Response:
    """Show an event as it can be changed."""
    its = desk().get(f"/events/{event_id}")
    place = its["community_id"]
    shown = {
        **{name: its[name] for name in ("title", "description", "location", "community_id")},
        **{name: str(its[name]) for name in ("need_level", "capacity")},
        **{name: said.typed(its[name], place) for name in TIMES},
        "version": its.etag,
    }
    return page("dispatcher/event_form.html", form=Event(formdata=None, data=shown), its=its)


@blp.post("/events/<uuid:event_id>/change")
@page_for(*DESK)
def save_event(event_id: str) -> Response:
    """Change an event; places that come free so go to those who wait."""
    its = desk().get(f"/events/{event_id}")
    form = Event()
    form.community_id.data = its["community_id"]
    body = {name: value for name, value in form.told().items() if name != "community_id"}
    # What is left empty is not left as it is: it is for the desk to refuse.
    body = dict.fromkeys(("title", "description", "location", "starts_at", "ends_at", "capacity"), "") | body
    try:
        desk().patch(f"/events/{event_id}", body, if_match=form.version.data)
    except Refused as refused:
        return page("dispatcher/event_form.html", form.refuse(refused), form=form, its=its)
    return go("dispatcher.event", event_id=event_id, said=_("The event is changed."))


@blp.post("/events/<uuid:event_id>/<step>")
@page_for(*DESK)
def take_event_step(event_id: str, step: str) -> Response:
    """Call it off, or write down who came."""
    if step == "attendance":
        body = {"person_id": request.form.get("person_id", ""), "attended": request.form.get("attended") == "yes"}
        desk().post(f"/events/{event_id}/attendance", body)
        return go("dispatcher.event", event_id=event_id)
    if step != "cancel":
        raise NotFound("There is no such step.", "没有这一步骤。")
    after = desk().post(f"/events/{event_id}/cancel")
    count = after["taken"] + after["waiting"]
    told = ngettext("Called off; %(num)s person is told.", "Called off; %(num)s people are told.", count)
    told = told if count else _("Called off; nobody had signed up.")
    return go("dispatcher.event", event_id=event_id, said=told)


@blp.post("/hours/<uuid:hours_id>")
@page_for(*DESK)
def decide_hours(hours_id: str) -> Response:
    """Confirm hours that a volunteer gave, or decline them with a reason."""
    confirmed, reason = request.form.get("confirmed") == "yes", request.form.get("reason")
    body = {"confirmed": confirmed} | ({"reason": reason} if reason else {})
    desk().post(f"/volunteers/hours/{hours_id}/decision", body)
    return go("dispatcher.events", said=_("Written down."))


def _form() -> Event:
    form = Event()
    places = [one for one in desk().get("/communities")["items"] if one["closed_at"] is None]
    form.community_id.choices = [(one["id"], one["name"]) for one in places]
    return form
