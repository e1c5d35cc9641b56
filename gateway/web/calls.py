"""What scripts of a page call with its cookie: `/call/api/v1/…` is answered like that call with the person's token.

Only this path turns a cookie into a token; `/api/v1` itself never reads one. What changes anything needs the page's
CSRF token in X-CSRF-Token, and comes from our own pages where the browser says where it comes from.
"""

import io
from typing import Any

from flask import Flask, request
from flask_wtf.csrf import CSRFError

from gateway.web import session
from gateway.web.desk import token_of
from gateway.web.guard import SAFE, came_from_us, csrf
from services.kit.errors import Forbidden, Unauthenticated

PREFIX = "/call"


def with_token(app: Flask, environ: dict[str, Any]) -> dict[str, Any]:
    """Return the environment of the API call that this is, as the person of the cookie.

    Raises Unauthenticated without a session, and Forbidden for what another site, or no page of ours, sent.
    """
    # The check needs no body, and must leave it to the forwarder.
    head = {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0", "CONTENT_TYPE": ""}
    head.pop("HTTP_TRANSFER_ENCODING", None)
    with app.request_context(head):
        visitor = session.visitor()
        if visitor is None:
            raise Unauthenticated("Your session has ended. Please sign in again.", "登录已失效，请重新登录。")
        came_from_us()
        if request.method not in SAFE:
            _has_csrf_token()
        token = token_of(visitor.actor)
    call = {key: value for key, value in environ.items() if key != "HTTP_COOKIE"}
    call["PATH_INFO"] = environ["PATH_INFO"].removeprefix(PREFIX)
    call["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return call


def _has_csrf_token() -> None:
    try:
        csrf.protect()
    except CSRFError as problem:
        raise Forbidden(
            "The page's token (X-CSRF-Token) is missing or not of this session. Load the page again.",
            "页面令牌（X-CSRF-Token）缺失或已失效，请重新打开页面。",
        ) from problem
