"""One's own account: who I am here, my language, my password, and signing out everywhere."""

from flask import Response, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, RadioField

from gateway.web.account.area import blp
from gateway.web.account.joining import LANGUAGES
from gateway.web.account.tokens import enter
from gateway.web.desk import Refused, desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.page import go, page
from gateway.web.pushing import phones
from gateway.web.session import LANGUAGE, sign_out, signed_in
from services.kit.identity import ROLES, STAFF


class Password(DeskForm):
    """The password as it is, and as it is to be."""

    current = PasswordField(_l("Your present password"))
    password = PasswordField(_l("The new password"), description=_l("At least 8 characters."))
    again = PasswordField(_l("The new password once more"))


class Language(DeskForm):
    """The language of pages, letters and notices."""

    locale = RadioField(_l("The language you read"), choices=lambda: LANGUAGES)


@blp.get("/account")
@page_for(*ROLES)
def mine() -> Response:
    """Show the account."""
    return _page(Password(formdata=None))


@blp.post("/account/password")
@page_for(*ROLES)
def change_password() -> Response:
    """Change the password: every other session ends, this browser stays."""
    form = Password()
    if form.password.data != form.again.data:
        form.again.errors = [_("The two passwords are not the same.")]
        return _page(form, 422)
    typed = {"current": form.current.data or "", "password": form.password.data or ""}
    try:
        tokens = desk().post("/me/password", typed)
    except Refused as refused:
        return _page(form, form.refuse(refused))
    enter(tokens)
    return go("account.mine", said=_("Your password is changed. Everywhere else you are signed out."))


@blp.post("/account/language")
@page_for(*ROLES)
def choose_language() -> Response:
    """Keep the language of the account, and of this browser."""
    form = Language()
    try:
        desk().patch("/me", {"locale": form.locale.data})
    except Refused as refused:
        return _page(Password(formdata=None), form.refuse(refused), language_form=form)
    session[LANGUAGE] = form.locale.data
    return go("account.mine")


@blp.post("/account/phones/<uuid:subscription_id>")
@page_for(*STAFF)
def forget_phone(subscription_id: str) -> Response:
    """Send no more pushes to a phone."""
    desk().delete(f"/push-subscriptions/{subscription_id}")
    return go("account.mine", said=_("Nothing is sent to that phone any more."))


@blp.post("/account/sign-out")
@page_for(*ROLES)
def sign_out_everywhere() -> Response:
    """End every session of the account, this one too."""
    desk().post("/me/sign-out", {})
    sign_out()
    return go("door.home", said=_("You are signed out on every phone and in every browser."), kind="info")


def _page(form: Password, status: int = 200, language_form: Language | None = None) -> Response:
    chosen = language_form or Language(formdata=None, locale=language())
    # Residents are offered it beside their quiet hours.
    pushes = {} if signed_in().role == "resident" else phones()
    return page("account/mine.html", status, me=desk().get("/me"), form=form, language_form=chosen, **pushes)
