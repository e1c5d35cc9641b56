"""What can be asked for: read, changed after a look at what would come of it, and every version with its reason."""

import json
import uuid
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField

from gateway.web import words
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.page import go, page

CLASSES = {
    "life_safety": _l("Danger to life"),
    "essential_supply": _l("Water, power, gas, heating"),
    "standard": _l("Repairs as usual"),
    "environment": _l("Surroundings"),
    "complaint": _l("Complaints"),
    "engagement": _l("Community life"),
    "internal": _l("Internal work"),
}
RECENT = 200
NEW_ONLY = ("work_type", "topic", "standard", "value_tier")


def _choices(kind: str) -> list[tuple[str, Any]]:
    return [(code, one.name) for code, one in words.all_of(kind).items() if code != "none"]


class Item(DeskForm):
    """An item of the catalogue as it is to be."""

    code = StringField(_l("Code"), description=_l("Begins with own-"))
    zh = StringField(_l("Name in Chinese"))
    en = StringField(_l("Name in English"))
    need_level = SelectField(_l("Need level"), choices=lambda: _choices("need_level"))
    urgency = SelectField(_l("Urgency"), choices=lambda: _choices("urgency"))
    sla_class = SelectField(_l("Deadlines of"), choices=lambda: list(CLASSES.items()))
    skills = SelectMultipleField(_l("Skills"), choices=lambda: _choices("skill"))
    words = TextAreaField(_l("Words it is found by"), description=_l("One a line."))
    active = BooleanField(_l("Can be asked for"), default=True)
    work_type = SelectField(_l("Kind of work"), choices=lambda: _choices("work_type"))
    topic = SelectField(_l("Topic"), choices=lambda: _choices("topic"))
    standard = SelectField(_l("Standard"), choices=lambda: _choices("standard"))
    value_tier = SelectField(_l("Value"), choices=lambda: _choices("value_tier"))
    texts = TextAreaField(_l("Try it on these sentences"), description=_l("One a line; nothing is filed."))

    def change(self, before: dict[str, Any] | None) -> dict[str, Any]:
        """Return what is to change, for the desk: of an item there is, only what is other than before."""
        wanted = {
            "zh": (self.zh.data or "").strip(),
            "en": (self.en.data or "").strip(),
            "need_level": int(self.need_level.data) if (self.need_level.data or "").isdigit() else None,
            "urgency": self.urgency.data,
            "sla_class": self.sla_class.data,
            "skills": self.skills.data or [],
            "words": lines(self.words.data),
            "active": bool(self.active.data),
        }
        if before is None:
            given = {name: self[name].data for name in NEW_ONLY}
            return {"code": (self.code.data or "").strip(), **wanted, **given}
        was = before | {"zh": before["name"]["zh-CN"], "en": before["name"]["en"]}
        return {"code": before["code"], **{name: value for name, value in wanted.items() if value != was.get(name)}}


class Publishing(DeskForm):
    """A change that was looked at, and why it is made."""

    version = HiddenField()
    changes = HiddenField()
    reason = TextAreaField(_l("Why"))


def lines(text: str | None) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


@blp.get("/catalogue")
@page_for("manager")
def catalogue() -> Response:
    """List what can be asked for, by kind of work."""
    found = desk().get("/catalogue")
    wanted = request.args.get("q", "").strip().casefold()
    items = [one for one in found["items"] if not wanted or wanted in json.dumps(one, ensure_ascii=False).casefold()]
    return page("management/catalogue.html", found=found, items=items, q=request.args.get("q", ""))


@blp.get("/catalogue/versions")
@page_for("manager")
def catalogue_versions() -> Response:
    """List the versions: who changed what, when and why."""
    found = desk().get("/catalogue/versions", limit=50, after=request.args.get("after"))
    staff = {one["id"]: one for one in desk().get("/staff")["items"]}
    return page("management/catalogue_versions.html", found=found, staff=staff)


@blp.get("/catalogue/new")
@page_for("manager")
def new_item() -> Response:
    """Ask for an item of one's own."""
    return page("management/item.html", form=Item(code="own-"), item=None)


@blp.get("/catalogue/items/<string:code>")
@page_for("manager")
def item(code: str) -> Response:
    """Show an item, to be changed."""
    one = _item(code)[1]
    form = Item(
        zh=one["name"]["zh-CN"],
        en=one["name"]["en"],
        need_level=str(one["need_level"]),
        urgency=one["urgency"],
        sla_class=one["sla_class"],
        skills=one["skills"],
        words="\n".join(one.get("words", ())),
        active=one["active"],
    )
    return page("management/item.html", form=form, item=one)


@blp.post("/catalogue/preview")
@page_for("manager")
def preview() -> Response:
    """Show what a change would do to items, sentences and the latest requests; nothing is written."""
    form, code = Item(), request.form.get("item", "")
    version, before = _item(code) if code else (desk().get("/catalogue")["version"], None)
    reverted = request.form.get("to") == "as-shipped"
    change = {"revert": [code]} if reverted else {"changes": [form.change(before)]}
    try:
        found = desk().post("/catalogue/preview", change | {"texts": lines(form.texts.data), "recent": RECENT})
    except Refused as refused:
        names = {name: name.rpartition(".")[2] for name in refused.errors}
        return page("management/item.html", form.refuse(refused, names), form=form, item=before)
    publishing = Publishing(formdata=None, version=f'"v{version}"', changes=json.dumps(change, ensure_ascii=False))
    return page("management/preview.html", found=found, form=publishing, key=str(uuid.uuid4()))


@blp.post("/catalogue")
@page_for("manager")
def publish() -> Response:
    """Publish a change that was looked at."""
    form = Publishing()
    try:
        change = json.loads(form.changes.data or "{}")
        desk().put("/catalogue", change | {"reason": (form.reason.data or "").strip()}, if_match=form.version.data)
    except Refused as refused:
        status = form.refuse(refused)
        found = desk().post("/catalogue/preview", change | {"recent": RECENT}, key=str(uuid.uuid4()))
        return page("management/preview.html", status, found=found, form=form)
    return go("management.catalogue", said=_("Published, for what is filed from now on."))


def _item(code: str) -> tuple[int, dict[str, Any]]:
    found = desk().get("/catalogue")
    for one in found["items"]:
        if one["code"] == code:
            return found["version"], one
    raise NotFound
