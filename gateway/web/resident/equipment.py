"""What is installed in a home, and since when: put down, changed and taken away by the household itself."""

from datetime import date
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from wtforms import HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.moments import zone
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from services.kit import clock

KINDS = {
    "water_filter": _l("Water filter"),
    "water_heater": _l("Water heater"),
    "boiler": _l("Boiler"),
    "air_conditioner": _l("Air conditioner"),
    "ventilation": _l("Ventilation"),
    "range_hood": _l("Cooker hood"),
    "smoke_alarm": _l("Smoke alarm"),
    "gas_alarm": _l("Gas alarm"),
    "lock_battery": _l("Door lock battery"),
    "intercom": _l("Door intercom"),
    "meter": _l("Meter"),
    "other": _l("Something else"),
}
LIVES = (3, 6, 12, 24, 36, 60, 96, 120, 180)
YEARS_BACK = 40
NAMED = ("kind", "model", "installed_on", "life_months")


class Piece(DeskForm):
    """One piece of equipment. A household knows the month at best, so it is asked for no day."""

    kind = SelectField(_l("What is it?"), choices=[SelectChoice(*one) for one in KINDS.items()], validate_choice=False)
    year = SelectField(_l("Installed in the year"), validate_choice=False)
    month = SelectField(_l("Month"), validate_choice=False)
    life_months = SelectField(_l("It lasts about"), validate_choice=False)
    model = StringField(_l("Make and model (if you like)"))
    version = HiddenField()

    def offer(self, this_year: int, piece: dict[str, Any]) -> None:
        """Fill in what there is to choose from, and what is chosen so far."""
        installed = date.fromisoformat(piece["installed_on"]) if piece else None
        first = min(this_year - YEARS_BACK, installed.year if installed else this_year)
        self.year.choices = [SelectChoice(str(year), str(year)) for year in range(this_year, first - 1, -1)]
        self.month.choices = [SelectChoice(str(month), str(month)) for month in range(1, 13)]
        lives = sorted({*LIVES, piece.get("life_months", LIVES[0])})
        self.life_months.choices = [SelectChoice("", "–"), *(SelectChoice(str(one), lasting(one)) for one in lives)]
        if request.method == "GET" and piece and installed:
            self.kind.data, self.model.data = piece["kind"], piece["model"]
            self.year.data, self.month.data = str(installed.year), str(installed.month)
            self.life_months.data = str(piece["life_months"])

    def piece(self, before: dict[str, Any]) -> dict[str, Any]:
        """Return the piece as the desk takes it; a day that is known stays while its month does."""
        installed_on = f"{self.year.data or ''}-{(self.month.data or '').rjust(2, '0')}-01"
        if str(before.get("installed_on", ""))[:7] == installed_on[:7]:
            installed_on = before["installed_on"]
        life = self.life_months.data or ""
        said = {"kind": self.kind.data or "", "model": (self.model.data or "").strip() or None}
        return {**said, "installed_on": installed_on, "life_months": int(life) if life.isdecimal() else None}


def lasting(months: int) -> str:
    """Return a number of months in words, by years where there are any."""
    years, rest = divmod(months, 12)
    said = [_("1 year") if years == 1 else _("%(years)s years", years=years)] if years else []
    if rest or not years:
        said.append(_("1 month") if rest == 1 else _("%(months)s months", months=rest))
    return " ".join(said)


blp.add_app_template_filter(lasting)


@blp.get("/home/<uuid:unit_id>/equipment")
@blp.get("/home/<uuid:unit_id>/equipment/<int:n>", endpoint="piece")
@page_for("resident")
def new_piece(unit_id: str, n: int | None = None) -> Response:
    """Ask for a new piece of equipment, or show the n-th to be changed."""
    home = desk().get(f"/households/{unit_id}")
    form = Piece()
    form.version.data = home.etag
    return _page(form, home, n)


@blp.post("/home/<uuid:unit_id>/equipment")
@blp.post("/home/<uuid:unit_id>/equipment/<int:n>", endpoint="change_piece")
@page_for("resident")
def keep_piece(unit_id: str, n: int | None = None) -> Response:
    """Keep a piece of equipment, as one more or in place of the n-th."""
    home = desk().get(f"/households/{unit_id}")
    form, before = Piece(), _piece(home, n)
    pieces = _pieces(home)
    at = len(pieces) if n is None else n
    pieces[at : at + 1] = [form.piece(before)]
    try:
        _write(home, pieces, form.version.data)
    except Refused as refused:
        names = {f"equipment.{at}.{name}": name for name in NAMED} | {f"equipment.{at}.installed_on": "year"}
        return _page(form, home, n, form.refuse(refused, names))
    return go("resident.household", unit_id=unit_id, said=_("Kept."))


@blp.post("/home/<uuid:unit_id>/equipment/<int:n>/remove")
@page_for("resident")
def remove_piece(unit_id: str, n: int) -> Response:
    """Forget the n-th piece of equipment."""
    home = desk().get(f"/households/{unit_id}")
    _piece(home, n)
    pieces = _pieces(home)
    del pieces[n]
    try:
        _write(home, pieces, request.form.get("version"))
    except Refused as refused:
        if refused.status != 412:
            raise
        return go("resident.household", unit_id=unit_id, said=refused.sentence, kind="warning")
    return go("resident.household", unit_id=unit_id, said=_("It is no longer kept."))


def _write(home: Told, pieces: list[dict[str, Any]], version: str | None) -> None:
    # The pieces are counted as the page showed them: one that is older than the record is refused.
    desk().patch(f"/households/{home['unit_id']}", {"equipment": pieces}, if_match=version or home.etag)


def _pieces(home: Told) -> list[dict[str, Any]]:
    return [{name: one[name] for name in NAMED} for one in home["equipment"]]


def _piece(home: Told, n: int | None) -> dict[str, Any]:
    if n is None:
        return {}
    if n >= len(home["equipment"]):
        raise NotFound()
    found: dict[str, Any] = home["equipment"][n]
    return found


def _page(form: Piece, home: Told, n: int | None, status: int = 200) -> Response:
    form.offer(clock.now().astimezone(zone(home["community_id"])).year, _piece(home, n))
    return page("resident/piece.html", status, form=form, home=home, n=n)
