"""How this resident wants to be told: language, quiet hours, e-mail, and pushes to this phone."""

from typing import Any

from flask import Response, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField

from gateway.web.desk import Refused, Told, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.pushing import phones
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of
from gateway.web.session import LANGUAGE, signed_in

TYPED = ("email", "quiet_from", "quiet_until", "digest_at")


class Preferences(DeskForm):
    """How to be told."""

    locale = SelectField(_l("Language"), choices={"zh-CN": "中文", "en": "English"})
    email = StringField(_l("E-mail"), description=_l("Leave it empty for no letters."))
    quiet_from = StringField(_l("Quiet from"))
    quiet_until = StringField(_l("until"))
    digest_at = StringField(_l("All letters of a day at"), description=_l("Empty: each by itself."))


@blp.get("/me")
@page_for("resident")
def myself() -> Response:
    """Show who is signed in, their homes, and how they are told."""
    told = _told()
    form = Preferences(data={name: told["preferences"].get(name) for name in Preferences()._fields if name != "key"})
    return page("resident/myself.html", form=form, **told)


@blp.post("/me")
@page_for("resident")
def change_preferences() -> Response:
    """Change how to be told, as it stands now."""
    form = Preferences()
    told = _told()
    body = {name: (form[name].data or "").strip() or None for name in TYPED}
    body["locale"] = form.locale.data
    try:
        desk().put("/preferences", body, if_match=told["preferences"].etag)
    except Refused as refused:
        return page("resident/myself.html", form.refuse(refused), form=form, **told)
    session[LANGUAGE] = form.locale.data
    return go("resident.myself", said=_("Kept."))


@blp.post("/me/email")
@page_for("resident")
def ask_again() -> Response:
    """Send the letter that confirms the address once more."""
    try:
        desk().post("/preferences/email/confirmation")
    except Refused as refused:
        return go("resident.myself", said=refusal_of(refused), kind="warning")
    return go("resident.myself", said=_("A letter is on its way. Open the link in it."))


@blp.post("/me/phones/<uuid:subscription_id>")
@page_for("resident")
def forget_phone(subscription_id: str) -> Response:
    """Send no more pushes to a phone."""
    desk().delete(f"/push-subscriptions/{subscription_id}")
    return go("resident.myself", said=_("Nothing is sent to that phone any more."))


def _told() -> dict[str, Any]:
    told = desk().several({"preferences": "/preferences", "units": "/units", "organisation": "/organisation"})
    units: Told = told["units"]
    return {
        "preferences": told["preferences"],
        "units": units["items"],
        "organisation": told["organisation"],
        "actor": signed_in(),
        **phones(),
    }
