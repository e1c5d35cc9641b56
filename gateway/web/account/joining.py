"""Coming to one's account: the page that an invitation's link opens."""

from flask import Response, redirect, session
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField, SelectField

from gateway.web.account.area import blp
from gateway.web.account.tokens import enter
from gateway.web.desk import Refused, Told, public_desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for_anybody
from gateway.web.language import language
from gateway.web.page import home_of, page
from gateway.web.session import LANGUAGE

LANGUAGES = [("zh-CN", "中文"), ("en", "English")]


class Join(DeskForm):
    """The password somebody chooses, typed twice, and the language they read."""

    password = PasswordField(_l("Choose a password"), description=_l("At least 8 characters. Only you will know it."))
    again = PasswordField(_l("The same password once more"))
    locale = SelectField(_l("The language you read"), choices=lambda: LANGUAGES)


@blp.get("/join/<token>")
@page_for_anybody
def join_form(token: str) -> Response:
    """Say whose account the link opens, and ask for a password. Looking uses nothing up."""
    return _page(_look(token), Join(locale=language()))


@blp.post("/join/<token>")
@page_for_anybody
def join(token: str) -> Response:
    """Keep the password, and sign the browser in."""
    form, invited = Join(), _look(token)
    if form.password.data != form.again.data:
        form.again.errors = [_("The two passwords are not the same.")]
        return _page(invited, form, 422)
    chosen = {"token": token, "password": form.password.data or "", "locale": form.locale.data or language()}
    try:
        tokens = public_desk().post("/auth/invitation/accept", chosen)
    except Refused as refused:
        return _page(invited, form, form.refuse(refused))
    actor = enter(tokens)
    session[LANGUAGE] = actor.locale
    return redirect(home_of(actor.role), 303)  # type: ignore[return-value]


def _look(token: str) -> Told:
    return public_desk().post("/auth/invitation", {"token": token})


def _page(invited: Told, form: Join, status: int = 200) -> Response:
    return page("account/join.html", status, invited=invited, form=form)
