"""What the organisation says of itself: its names, the language of new accounts, and where residents call."""

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TelField

from gateway.web.admin.area import blp
from gateway.web.admin.fields import LANGUAGES
from gateway.web.admin.names import after, badges
from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page

PER_PAGE = 20
FACTS = {
    "name": _l("Name in Chinese"),
    "name_en": _l("Name in English"),
    "locale": _l("Language of new accounts"),
    "phone": _l("Telephone of the service desk"),
    "emergency_phone": _l("Telephone for emergencies"),
}


class Organisation(DeskForm):
    """Facts of an organisation, as they were shown."""

    version = HiddenField()
    name = StringField(FACTS["name"])
    name_en = StringField(FACTS["name_en"], description=_l("Empty: the name above."))
    locale = SelectField(FACTS["locale"], choices=lambda: LANGUAGES)
    phone = TelField(
        FACTS["phone"], description=_l("Such as 0532-8888 1234 ext 5. Residents see it with their account.")
    )
    emergency_phone = TelField(FACTS["emergency_phone"])


@blp.get("/organisation")
@page_for("admin")
def organisation() -> Response:
    """Show what the organisation says of itself, to be changed, and who changed it before."""
    found = desk().get("/organisation")
    form = Organisation(formdata=None, version=found.etag, **{name: found[name] for name in FACTS})
    return _page(found, form)


@blp.post("/organisation")
@page_for("admin")
def change_organisation() -> Response:
    """Change what the organisation says of itself; a field left empty says nothing any more."""
    form = Organisation()
    body = {name: (request.form.get(name) or "").strip() or None for name in FACTS}
    body["name"] = body["name"] or ""
    try:
        desk().patch("/organisation", body, if_match=form.version.data)
    except Refused as refused:
        status = form.refuse(refused)
        found = desk().get("/organisation")
        form.version.data = found.etag
        return _page(found, form, status)
    return go("admin.organisation", said=_("It is changed."))


def _page(found: Told, form: Organisation, status: int = 200) -> Response:
    changes = desk().get("/organisation/changes", limit=PER_PAGE, after=after())
    languages = dict(LANGUAGES)
    shown = {"found": found, "form": form, "changes": changes, "facts": FACTS, "languages": languages}
    return page("admin/organisation.html", status, people=badges(), **shown)
