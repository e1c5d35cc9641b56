"""Life with the neighbours: announcements, events with sign-up, and what people do for one another."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of
from gateway.web.words import Word

PLACES = {
    "coming": Word(_l("You have a place"), "✓", "success"),
    "waiting": Word(_l("You are on the waiting list"), "◔", "warning"),
    "withdrawn": Word(_l("You withdrew"), "–"),
}
HOURS = {
    "recorded": Word(_l("waits for the desk"), "◔"),
    "confirmed": Word(_l("confirmed"), "✓", "success"),
    "declined": Word(_l("declined"), "✕"),
}
# What residents offer one another, as the desk names it.
SKILLS = {
    "companionship": _l("Company and conversation"),
    "elder_care": _l("Help for older neighbours"),
    "child_care": _l("Looking after children"),
    "teaching": _l("Teaching and tutoring"),
    "first_aid": _l("First aid"),
    "sports": _l("Sports"),
    "arts": _l("Music and arts"),
    "gardening": _l("Gardening together"),
    "digital_help": _l("Help with phones and computers"),
    "languages": _l("Languages"),
    "small_repairs": _l("Small repairs"),
    "events": _l("Running events"),
    "safety_watch": _l("Neighbourhood watch"),
}


class Offer(DeskForm):
    """What somebody offers to do for their neighbours."""

    skills = SelectMultipleField(_l("I can help with"), choices=[SelectChoice(*one) for one in SKILLS.items()])
    note = TextAreaField(_l("When, and what else we should know"))


class Hours(DeskForm):
    """Time somebody gave."""

    on_date = DateField(_l("Day"))
    minutes = IntegerField(_l("Minutes"))
    what = StringField(_l("What you helped with"))
    event_id = SelectField(_l("At an event"), validate_choice=False)


@blp.get("/neighbours")
@page_for("resident")
def neighbours() -> Response:
    """Show events to come and announcements, and the way to volunteer."""
    told = desk().several(
        {
            "events": "/events?limit=20",
            "announcements": "/announcements?current=true&limit=10",
            "campaigns": "/campaigns?state=open&limit=5",
        },
        forgiving=True,
    )
    found = {name: (answer or {}).get("items", []) for name, answer in told.items()}
    asked = [one for one in found.pop("campaigns") if one["questions"]]
    return page("resident/neighbours.html", places=PLACES, campaigns=asked, **found)


@blp.get("/events/<uuid:event_id>")
@page_for("resident")
def event(event_id: str) -> Response:
    """Show one event."""
    return page("resident/event.html", it=desk().get(f"/events/{event_id}"), places=PLACES)


@blp.post("/events/<uuid:event_id>/sign-up")
@page_for("resident")
def sign_up(event_id: str) -> Response:
    """Take a place at an event, or a turn on the waiting list."""
    return _answer(event_id, "sign-up")


@blp.post("/events/<uuid:event_id>/withdraw")
@page_for("resident")
def withdraw(event_id: str) -> Response:
    """Give the place back."""
    return _answer(event_id, "withdraw")


def _answer(event_id: str, act: str) -> Response:
    try:
        after = desk().post(f"/events/{event_id}/{act}")
    except Refused as refused:
        return go("resident.event", event_id=event_id, said=refusal_of(refused), kind="warning")
    said = PLACES[after["my_place"]].name if after["my_place"] in PLACES else _("You withdrew")
    return go("resident.event", event_id=event_id, said=str(said))


@blp.get("/volunteering")
@page_for("resident")
def volunteering() -> Response:
    """Show what this resident offers and the time they gave."""
    return _page(Offer(), Hours())


@blp.post("/volunteering/offer")
@page_for("resident")
def offer() -> Response:
    """Offer help; without a skill the offer is taken back."""
    form = Offer()
    try:
        desk().post("/volunteers", {"skills": form.skills.data or [], "note": (form.note.data or "").strip() or None})
    except Refused as refused:
        return _page(form, Hours(formdata=None), form.refuse(refused))
    return go("resident.volunteering", said=_("Thank you. The desk knows what you offer."))


@blp.post("/volunteering/hours")
@page_for("resident")
def give_hours() -> Response:
    """Write down time given; the desk confirms it."""
    form = Hours()
    body = {"what": form.what.data or "", "event_id": form.event_id.data or None}
    body |= {"on_date": request.form.get("on_date", ""), "minutes": form.minutes.data}
    try:
        desk().post("/volunteers/hours", {name: value for name, value in body.items() if value is not None})
    except Refused as refused:
        return _page(Offer(formdata=None), form, form.refuse(refused))
    return go("resident.volunteering", said=_("Written down. The desk confirms it."))


def _page(offered: Offer, hours: Hours, status: int = 200) -> Response:
    told = desk().several(
        {
            "mine": "/volunteers/me",
            "hours": "/volunteers/hours?limit=20",
            "events": "/events?past=true&limit=20",
        }
    )
    if request.method == "GET":
        offered.skills.data = [skill["code"] for skill in told["mine"]["skills"]]
        offered.note.data = told["mine"]["note"]
    past = (SelectChoice(one["id"], one["title"]) for one in told["events"]["items"])
    hours.event_id.choices = [SelectChoice("", "–"), *past]
    return page(
        "resident/volunteering.html",
        status,
        mine=told["mine"],
        offered=offered,
        form=hours,
        hours=told["hours"]["items"],
        states=HOURS,
        skills=SKILLS,
    )
