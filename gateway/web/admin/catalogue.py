"""The catalogue: what can be asked for, a look at what a change would do, and publishing it."""

from typing import Any

import orjson
from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import BadRequest, NotFound
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from gateway.web import words
from gateway.web.admin.area import blp
from gateway.web.admin.fields import Ticks
from gateway.web.admin.names import after, badges, sentence
from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

PER_PAGE = 20
SLA_CLASS = {
    "life_safety": _l("Life and safety"),
    "essential_supply": _l("Essential supply"),
    "standard": _l("Standard"),
    "environment": _l("Surroundings"),
    "complaint": _l("Complaint"),
    "engagement": _l("Taking part"),
    "internal": _l("Internal"),
}
# What an item may be given anew; the rest is settled when it is added.
CHANGING = ("zh", "en", "need_level", "urgency", "skills", "sla_class", "active", "words")
SETTLED = ("work_type", "topic", "standard", "value_tier")


def _of(kind: str) -> list[tuple[str, Any]]:
    return [(code, one.name) for code, one in words.all_of(kind).items() if code != "none"]


class Item(DeskForm):
    """An item of the catalogue, and sentences to try it on."""

    zh = StringField(_l("Name in Chinese"))
    en = StringField(_l("Name in English"))
    need_level = SelectField(_l("Need level"), choices=lambda: _of("need_level"), coerce=int)
    urgency = SelectField(_l("Urgency"), choices=lambda: _of("urgency"))
    sla_class = SelectField(_l("Class of its deadlines"), choices=lambda: list(SLA_CLASS.items()))
    skills = Ticks(_l("Skills, one of which is needed"), choices=lambda: _of("skill"))
    words = TextAreaField(_l("Words it is recognised by"), description=_l("One a line, in any language."))
    active = BooleanField(_l("It can be asked for"))
    texts = TextAreaField(
        _l("Sentences to try"),
        description=_l("As residents would say it, one a line: how each is read before and after."),
    )


class NewItem(Item):
    """An item of one's own."""

    code = StringField(_l("Code"), description=_l("Begins with own-, such as own-piano-tuning."))
    work_type = SelectField(_l("Kind of work"), choices=lambda: _of("work_type"))
    topic = SelectField(_l("Topic"), choices=lambda: _of("topic"))
    standard = SelectField(_l("Standard"), choices=lambda: _of("standard"))
    value_tier = SelectField(_l("How it is valued"), choices=lambda: _of("value_tier"))


@blp.get("/catalogue")
@page_for("admin", "manager")
def catalogue() -> Response:
    """List what can be asked for, by kind of work; those whose name or words have what is looked for."""
    found, said = desk().get("/catalogue"), request.args.get("q", "").strip()
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in found["items"]:
        if not said or said.lower() in " ".join([*item["name"].values(), *item["words"], item["code"]]).lower():
            groups.setdefault(item["work_type"], []).append(item)
    return page("admin/catalogue.html", groups=groups, version=found["version"], said=said)


@blp.get("/catalogue/new")
@page_for("admin", "manager")
def new_item() -> Response:
    """Ask for an item of one's own."""
    return page("admin/item.html", form=NewItem(formdata=None, code="own-", active=True), item=None)


@blp.post("/catalogue/new")
@page_for("admin", "manager")
def look_at_new_item() -> Response:
    """Show what adding the item would do."""
    form, found = NewItem(), desk().get("/catalogue")
    change = {"code": (form.code.data or "").strip(), **_values(form, (*CHANGING, *SETTLED))}
    return _preview(form, None, found, {"changes": [{k: v for k, v in change.items() if v not in ("", [])}]})


@blp.get("/catalogue/versions")
@page_for("admin", "manager")
def catalogue_versions() -> Response:
    """List who published what, when and why."""
    found = desk().get("/catalogue/versions", limit=PER_PAGE, after=after())
    names = {item["code"]: item["name"] for item in desk().get("/catalogue")["items"]}
    return page("admin/versions.html", versions=found["items"], after=found.after, names=names, people=badges())


@blp.get("/catalogue/items/<code>")
@page_for("admin", "manager")
def item(code: str) -> Response:
    """Show one item, to be changed."""
    shown = _item(desk().get("/catalogue"), code)
    form = Item(
        formdata=None,
        zh=shown["name"]["zh-CN"],
        en=shown["name"]["en"],
        words="\n".join(shown["words"]),
        **{name: shown[name] for name in ("need_level", "urgency", "sla_class", "skills", "active")},
    )
    return page("admin/item.html", form=form, item=shown)


@blp.post("/catalogue/items/<code>")
@page_for("admin", "manager")
def look_at_item(code: str) -> Response:
    """Show what a change would do: to the item, to sentences, to the latest requests. Nothing is written."""
    found = desk().get("/catalogue")
    shown, form = _item(found, code), Item()
    if "revert" in request.form:
        return _preview(form, shown, found, {"revert": [code]})
    now = {**shown, "zh": shown["name"]["zh-CN"], "en": shown["name"]["en"]}
    changes = {name: value for name, value in _values(form, CHANGING).items() if not _same(value, now[name])}
    return _preview(form, shown, found, {"changes": [{"code": code, **changes}]} if changes else {})


@blp.post("/catalogue/publish")
@page_for("admin", "manager")
def publish_catalogue() -> Response:
    """Publish what was looked at, for what is filed from now on."""
    try:
        document = orjson.loads(request.form.get("document", ""))
        body = {name: document[name] for name in ("changes", "revert") if name in document}
    except (orjson.JSONDecodeError, TypeError) as problem:
        raise BadRequest() from problem
    try:
        desk().put(
            "/catalogue", {**body, "reason": request.form.get("reason", "")}, if_match=request.form.get("version")
        )
    except Refused as refused:
        return go("admin.catalogue", said=sentence(refused), kind="danger")
    return go("admin.catalogue", said=_("It is published, for everything that is filed from now on."))


def _values(form: Item, names: tuple[str, ...]) -> dict[str, Any]:
    given = {name: form[name].data for name in names}
    given["words"] = _lines(form.words.data)
    return {name: value.strip() if isinstance(value, str) else value for name, value in given.items()}


def _same(value: Any, now: Any) -> bool:
    # Skills come back in the order of their boxes, which means nothing.
    return sorted(value) == sorted(now) if isinstance(value, list) else bool(value == now)


def _lines(text: str | None) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))


def _preview(form: Item, shown: Any, found: Told, document: dict[str, Any]) -> Response:
    try:
        looked = desk().post("/catalogue/preview", {**document, "texts": _lines(form.texts.data)})
    except Refused as refused:
        # The one change of this form is the first of the list.
        names = {f"changes.0.{name}": name for name in (*CHANGING, *SETTLED, "code")}
        return page("admin/item.html", form.refuse(refused, names), form=form, item=shown)
    return page(
        "admin/item.html",
        form=form,
        item=shown,
        looked=looked,
        document=orjson.dumps(document).decode(),
        version=found.etag,
        sla_class=SLA_CLASS,
    )


def _item(found: Told, code: str) -> dict[str, Any]:
    for one in found["items"]:
        if one["code"] == code:
            known: dict[str, Any] = one
            return known
    raise NotFound()
