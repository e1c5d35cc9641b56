"""Who is at the browser: one signed cookie that holds an opaque token, and the token's row in the database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import Flask, g, session

from gateway.commands import web_sessions
from gateway.commands.sessions import actor_of
from services.kit.database import transaction
from services.kit.errors import Unauthenticated
from services.kit.http import current_service
from services.kit.identity import Actor

# A name that begins so is only kept by a browser that got it from this host itself, over TLS and for every path.
COOKIE = "__Host-doorstep"
TOKEN = "session"  # noqa: S105 (the name of the value, not the value)
LANGUAGE = "language"
# Kept for one request like the visitor, whose area's words count.
SENTENCES = "sentences"


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in at a browser: the actor the services see, and how the page may call them."""

    actor: Actor
    login: str
    badge: str | None

    @property
    def name(self) -> str:
        """The badge of staff, the login of a resident."""
        return self.badge or self.login


def configure(app: Flask, signing_key: str) -> None:
    """Let the application sign its cookie, with a key that is made from the signing key and tells nothing about it."""
    app.secret_key = HKDF(SHA256(), 32, salt=None, info=b"doorstep web cookie").derive(signing_key.strip().encode())
    app.config.update(
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        # The longest session; each one's own end is in its row.
        PERMANENT_SESSION_LIFETIME=max(web_sessions.LIFETIMES.values(), default=timedelta(days=1)),
    )


def visitor() -> Visitor | None:
    """Return who is signed in at this browser, as their account is now; None for a stranger."""
    if "visitor" not in g:
        g.visitor = _visitor(session.get(TOKEN))
        if g.visitor is None:
            session.pop(TOKEN, None)
        else:
            g.actor = g.visitor.actor
    found: Visitor | None = g.visitor
    return found


def signed_in() -> Actor:
    """Return who is signed in; raises Unauthenticated."""
    found = visitor()
    if found is None:
        raise Unauthenticated("Please sign in.", "请先登录。")
    return found.actor


def sign_in(actor: Actor) -> None:
    """Begin a session for somebody whose password was right; of what the cookie held, only the language stays."""
    language = session.get(LANGUAGE)
    sign_out()
    with transaction(current_service().engine) as db:
        session[TOKEN] = web_sessions.begin(db, actor)
    session.permanent = True
    if language:
        session[LANGUAGE] = language


def sign_out() -> None:
    """End the session, its row first, and forget what the cookie held except the language."""
    token, language = session.get(TOKEN), session.get(LANGUAGE)
    if isinstance(token, str):
        with transaction(current_service().engine) as db:
            web_sessions.end(db, token)
    session.clear()
    if language:
        session[LANGUAGE] = language
    for name in ("visitor", "actor", SENTENCES):
        g.pop(name, None)


def _visitor(token: Any) -> Visitor | None:
    if not isinstance(token, str):
        return None
    with transaction(current_service().engine) as db:
        account = web_sessions.account_of(db, token)
    return None if account is None else Visitor(actor_of(account), account["login"], account["badge"])
