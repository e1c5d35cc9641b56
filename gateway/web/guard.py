"""Who may open a page: every page declares it, and the visitor, the form and the pace are checked before it runs."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, redirect, request, url_for
from flask_wtf.csrf import CSRFProtect

from gateway.forward import REFUSAL
from gateway.limits import client_address
from gateway.parts import parts
from gateway.web import session
from services.kit.errors import Forbidden, Unauthenticated
from services.kit.http import public
from services.kit.identity import ROLE_NAMES_ZH, ROLES

View = TypeVar("View", bound=Callable[..., Any])
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# What a browser says of a request that our own page, or the address bar, made.
OURS = frozenset({"same-origin", "none"})
PHOTO_BYTES = 20 * 1024 * 1024

csrf = CSRFProtect()


def page_for(*roles: str) -> Callable[[View], View]:
    """Declare whose page this is: strangers are sent to sign in, other roles get the page that says why not."""
    unknown = set(roles) - set(ROLES)
    if unknown or not roles:
        raise ValueError(f"page_for() needs roles we know, not {sorted(unknown)}")
    return functools.partial(_declare, frozenset(roles))


def page_for_anybody(view: View) -> View:
    """Declare that a page is open without signing in."""
    return _declare(frozenset(), view)


def declared(view: Callable[..., Any]) -> frozenset[str] | None:
    """Return the roles of a page, none for anybody, or None where it declares nothing."""
    return getattr(view, "__page__", None)


def _declare(roles: frozenset[str], view: View) -> View:
    # To the bearer check of the API a page is open: a page never reads an Authorization header.
    public(view)
    view.__page__ = roles  # type: ignore[attr-defined]
    return view


def of_pages() -> bool:
    """True while a page is being answered, and not the API."""
    return request.blueprint in current_app.extensions["doorstep.pages"]


def configure(app: Flask, blueprints: frozenset[str]) -> None:
    """Check every request for a page of these blueprints before its view runs."""
    app.extensions["doorstep.pages"] = blueprints
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_SSL_STRICT=False)
    csrf.init_app(app)

    @app.before_request
    def check() -> Any:
        # A refusal of the forwarder is about to be answered: the body, for one, was not read.
        if request.endpoint is None or not of_pages() or REFUSAL in request.environ:
            return None
        roles = declared(current_app.view_functions[request.endpoint])
        if roles is None:
            raise RuntimeError(f"{request.endpoint} declares no page_for")
        if getattr(current_app.view_functions[request.endpoint], "__still__", False):
            return None
        return _check(roles)


def still(view: View) -> View:
    """Declare that a page is the same for everybody: nobody's session is looked up for it and nothing is counted."""
    view.__still__ = True  # type: ignore[attr-defined]
    return page_for_anybody(view)


def _check(roles: frozenset[str]) -> Response | None:
    files = body_limit(current_app, request.path)
    request.max_content_length = files or current_app.config["MAX_CONTENT_LENGTH"]
    if files is not None:
        # A table that was looked through comes back in a field of its form.
        request.max_form_memory_size = files
    door = parts()
    visitor = session.visitor()
    key = visitor.actor.id if visitor else client_address(request.environ, door.settings.trusted_proxies)
    door.throttles["default"].take(key)
    if visitor is None and roles:
        return _to_sign_in()
    if request.method not in SAFE:
        came_from_us()
        csrf.protect()
    if visitor is not None and roles and visitor.actor.role not in roles:
        raise Forbidden(
            f"This page is not for your role ({visitor.actor.role}).",
            f"此页面不对您的角色（{ROLE_NAMES_ZH[visitor.actor.role]}）开放。",
        )
    return None


def body_limit(app: Flask, path: str) -> int | None:
    """Return the largest body of a page that takes files, in bytes; None for every other page, and for what is none."""
    named = path.endswith(("/photos", "/import"))
    return PHOTO_BYTES if named and app.url_map.bind("").test(path, "POST") else None


def came_from_us() -> None:
    """Refuse what another site's page made a browser send, where the browser says so; raises Forbidden."""
    if request.headers.get("Sec-Fetch-Site", "none") not in OURS:
        raise Forbidden("This came from another site and was not carried out.", "该请求来自其他网站，未予执行。")


def _to_sign_in() -> Response:
    if "text/html" not in request.headers.get("Accept", "text/html") and "*/*" not in request.headers["Accept"]:
        raise Unauthenticated("Please sign in.", "请先登录。")
    target = request.full_path.rstrip("?") if request.method in SAFE else None
    return redirect(url_for("door.sign_in_form", next=target), 303)  # type: ignore[return-value]
