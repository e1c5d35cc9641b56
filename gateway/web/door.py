"""What everybody needs: the first page, signing in and out, the language, the files of pages, and the installed app."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import NotFound
from wtforms import HiddenField, PasswordField, StringField

from gateway.commands import sessions
from gateway.limits import client_address
from gateway.parts import parts
from gateway.schemas import Credentials
from gateway.web.assets import assets
from gateway.web.guard import page_for_anybody, still
from gateway.web.language import language
from gateway.web.page import go, home_of, page
from gateway.web.session import LANGUAGE, sign_in, sign_out, signed_in, visitor
from services.kit.database import transaction
from services.kit.errors import Unauthenticated
from services.kit.http import Answer, current_service, respond
from services.kit.identity import LOCALES, Actor

blp = Blueprint("door", __name__, template_folder="templates")

_WITHIN = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")


class SignIn(FlaskForm):
    """Login and password, and where the visitor wanted to go."""

    login = StringField(_l("Login"))
    password = PasswordField(_l("Password"))
    next = HiddenField()


@blp.get("/")
@page_for_anybody
def home() -> Response:
    """Lead whoever is signed in to the first page of their role, and tell others what this is."""
    who = visitor()
    if who is not None:
        return redirect(home_of(who.actor.role), 303)  # type: ignore[return-value]
    return page("web/welcome.html")


@blp.get("/sign-in")
@page_for_anybody
def sign_in_form() -> Response:
    """Ask for login and password."""
    if visitor() is not None:
        return redirect(within(request.args.get("next")), 303)  # type: ignore[return-value]
    return page("web/sign_in.html", form=SignIn(next=request.args.get("next", "")))


@blp.post("/sign-in", endpoint="sign_in")
@page_for_anybody
def let_in() -> Any:
    """Let in whoever knows the password; the same pace as the API's, by address and by login."""
    door = parts()
    door.throttles["login"].take(client_address(request.environ, door.settings.trusted_proxies))
    form = SignIn()
    given = {"login": form.login.data or "", "password": form.password.data or ""}
    problems = Credentials().validate(given)
    if problems:
        form.form_errors.append(_("Please fill in both your login and your password."))
        return page("web/sign_in.html", 422, form=form)
    try:
        actor = _who_knows(Credentials().load(given))
    except Unauthenticated:
        form.form_errors.append(_("The login or the password is not right."))
        return page("web/sign_in.html", 422, form=form)
    sign_in(actor)
    return redirect(within(form.next.data), 303)


def _who_knows(given: dict[str, str]) -> Actor:
    parts().logins.take(given["login"])
    with transaction(current_service().engine) as db:
        account = sessions.find_login(db, given["login"])
    return sessions.check_password(account, given["password"])


@blp.post("/sign-out")
@page_for_anybody
def leave() -> Response:
    """End the session, at once and everywhere this cookie went."""
    sign_out()
    return go("door.home", said=_("You are signed out."), kind="info")


@blp.post("/language")
@page_for_anybody
def choose_language() -> Response:
    """Keep the chosen language in the cookie, before and after signing in."""
    chosen = request.form.get("language", "")
    if chosen in LOCALES:
        session[LANGUAGE] = chosen
    return redirect(within(request.form.get("next")), 303)  # type: ignore[return-value]


@blp.get("/call/session")
@page_for_anybody
def call_session() -> Response:
    """Tell a script whose session this is and the token to call with: what waits on a phone outlives its page."""
    actor = signed_in()
    told = {"person": actor.id, "role": actor.role, "language": language(), "csrf": generate_csrf()}
    return respond(Answer(told))


@blp.get("/assets/<digest>/<path:name>")
@still
def asset(digest: str, name: str) -> Response:
    """Give a style, a script or a picture; its address changes with its content, so it may be kept for good."""
    found = assets().answer(digest, name)
    if found is None:
        raise NotFound()
    return found


def within(target: str | None) -> str:
    """Return an address of this site to go on to; the first page for everything that could lead elsewhere."""
    if target and _WITHIN.fullmatch(target) and not urlsplit(target).netloc:
        return target
    return url_for("door.home")
