"""Shifts: the week as it is planned, and each shift with the days it is left out on."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Response, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField

from gateway.web.admin.area import blp
from gateway.web.admin.fields import Ticks
from gateway.web.admin.names import communities, sentence
from gateway.web.admin.shift_rules import DAYS, KEPT, OFTEN, ONCE, WEEK, WEEKLY, read, told, written
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from services.kit import clock

MOST = 100


class Times(DeskForm):
    """When a shift is, on the community's wall clock."""

    first_on = StringField(_l("First day"))
    last_on = StringField(_l("Last day"), description=_l("Empty: until further notice."))
    begins = StringField(_l("Begins"))
    ends = StringField(_l("Ends"), description=_l("Not after it begins: on the next day."))
    often = SelectField(_l("How often"), choices=lambda: list(OFTEN.items()))
    every = StringField(_l("Every how many weeks or days"), default="1")
    days = Ticks(_l("Days of the week"), choices=lambda: list(DAYS.items()))

    def keep(self) -> None:
        """Offer to leave a rule as it is that this form cannot show."""
        self.often.choices = [(KEPT, _("As it is now")), *OFTEN.items()]


class NewShift(Times):
    """A shift of somebody, somewhere."""

    person_id = SelectField(_l("Who"))
    community_id = SelectField(_l("Where"))


class DaysOff(DeskForm):
    """Days a shift is left out on, or takes place on again."""

    since = StringField(_l("From"))
    until = StringField(_l("To"))
    off = SelectField(
        _l("On these days"), choices=lambda: [("yes", _l("it is left out")), ("no", _l("it takes place again"))]
    )


@blp.get("/shifts")
@page_for("admin", "manager")
def shifts() -> Response:
    """Show a community's week, and its shifts."""
    places = {key: one for key, one in communities().items() if not one["closed_at"]}
    chosen = places.get(request.args.get("community", "")) or next(iter(places.values()), None)
    if chosen is None:
        return page("admin/shifts.html", places=places, community=None)
    zone = ZoneInfo(chosen["timezone"])
    today = clock.now().astimezone(zone).date()
    monday = _monday(_day(request.args.get("week")) or today)
    asked = {"community_id": chosen["id"]}
    roster = desk().get("/roster", since=_start(monday, zone), until=_start(monday + timedelta(WEEK), zone), **asked)
    return page(
        "admin/shifts.html",
        places=places,
        community=chosen,
        days=_days(roster["items"], monday, zone),
        today=today,
        before=monday - timedelta(WEEK),
        following=monday + timedelta(WEEK),
        shifts=desk().get("/shifts", limit=MOST, **asked)["items"],
        told=told,
    )


@blp.get("/shifts/new")
@page_for("admin", "manager")
def shift_form() -> Response:
    """Ask whose shift, where and when."""
    given = {"community_id": request.args.get("community"), "begins": "08:00", "ends": "20:00"}
    today = clock.now().date().isoformat()
    return _new(NewShift(formdata=None, first_on=today, often=WEEKLY, every="1", days=list(DAYS)[:5], **given))


@blp.post("/shifts/new")
@page_for("admin", "manager")
def add_shift() -> Response:
    """Add the shift."""
    form = NewShift()
    try:
        desk().post("/shifts", _body(form))
    except Refused as refused:
        return _new(form, form.refuse(refused, {"rrule": "often"}))
    return go("admin.shifts", community=form.community_id.data, said=_("The shift is added."))


@blp.get("/shifts/<uuid:shift_id>")
@page_for("admin", "manager")
def shift(shift_id: str) -> Response:
    """Show one shift, to be changed."""
    return _page(shift_id)


@blp.post("/shifts/<uuid:shift_id>")
@page_for("admin", "manager")
def change_shift(shift_id: str) -> Response:
    """Change when a shift is."""
    form = Times()
    found = desk().get(f"/shifts/{shift_id}")
    body = {name: value for name, value in _body(form).items() if str(value) != str(found.get(name))}
    if form.often.data == KEPT:
        body.pop("rrule", None)
    try:
        desk().patch(f"/shifts/{shift_id}", body, if_match=request.form.get("version"))
    except Refused as refused:
        return _page(shift_id, form.refuse(refused, {"rrule": "often"}), form=form)
    return go("admin.shifts", community=found["community_id"], said=_("The shift is changed."))


@blp.post("/shifts/<uuid:shift_id>/days-off")
@page_for("admin", "manager")
def change_days_off(shift_id: str) -> Response:
    """Leave a shift out on some days, or let it take place again."""
    form = DaysOff()
    body = {"since": form.since.data or "", "until": form.until.data or form.since.data or ""}
    try:
        desk().post(f"/shifts/{shift_id}/days-off", {**body, "off": form.off.data == "yes"})
    except Refused as refused:
        return _page(shift_id, form.refuse(refused), off=form)
    return go("admin.shift", shift_id=shift_id, said=_("The days are changed."))


@blp.post("/shifts/<uuid:shift_id>/remove")
@page_for("admin", "manager")
def remove_shift(shift_id: str) -> Response:
    """Take away a shift that was a mistake."""
    try:
        desk().delete(f"/shifts/{shift_id}", if_match=request.form.get("version"))
    except Refused as refused:
        return go("admin.shift", shift_id=shift_id, said=sentence(refused), kind="danger")
    return go("admin.shifts", community=request.form.get("community"), said=_("The shift is taken away."))


def _body(form: Times) -> dict[str, Any]:
    given = form.body()
    often, every, days = (given.pop(name, default) for name, default in (("often", ONCE), ("every", ""), ("days", [])))
    given["rrule"] = written(often, every, days)
    given.setdefault("last_on", None)
    return given


def _days(items: list[dict[str, Any]], monday: date, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Lay the times on duty out by the day on which they begin; what began before the week is in its first day."""
    week = [monday + timedelta(one) for one in range(WEEK)]
    by_day: dict[date, list[dict[str, Any]]] = {one: [] for one in week}
    for item in items:
        begins, ends = (datetime.fromisoformat(item[name]).astimezone(zone) for name in ("begins_at", "ends_at"))
        item |= {"begins": begins, "ends": ends, "overnight": ends.date() > begins.date()}
        by_day[max(begins.date(), monday)].append(item)
    form = "M月d日 EEE" if str(get_locale()).startswith("zh") else "EEE d MMM"
    return [{"date": one, "name": format_date(one, form, locale=get_locale()), "items": by_day[one]} for one in week]


def _day(given: str | None) -> date | None:
    try:
        found = date.fromisoformat(given or "")
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2198 else None


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _start(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time(), zone).isoformat()


def _new(form: NewShift, status: int = 200) -> Response:
    crew = [one for one in desk().get("/staff")["items"] if one["role"] == "crew"]
    form.person_id.choices = [(one["id"], one["badge"] or "–") for one in crew]
    form.community_id.choices = [(key, one["name"]) for key, one in communities().items() if not one["closed_at"]]
    return page("admin/shift_new.html", status, form=form)


def _page(shift_id: str, status: int = 200, *, form: Times | None = None, off: DaysOff | None = None) -> Response:
    found = desk().get(f"/shifts/{shift_id}")
    often, every, days = read(found["rrule"])
    given = {name: found[name] or "" for name in ("first_on", "last_on", "begins", "ends")}
    form = form or Times(formdata=None, often=often, every=str(every), days=days, **given)
    if often == KEPT:
        form.keep()
    return page(
        "admin/shift.html",
        status,
        shift=found,
        version=request.form.get("version") or found.etag,
        form=form,
        off=off or DaysOff(formdata=None),
        told=told,
    )
