"""Signing in, renewing, signing out."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from gateway.commands import sessions
from gateway.parts import parts
from gateway.schemas import Credentials, RefreshIn, TokenOut
from services.kit import identity
from services.kit.database import transaction
from services.kit.http import Answer, current_service, public, respond

blp = Blueprint("sessions", __name__, description="Signing in, renewing, signing out")


@blp.route("/auth/token", methods=["POST"])
@public
@blp.arguments(Credentials)
@blp.alt_response(200, schema=TokenOut)
def sign_in(body: dict[str, Any]) -> Response:
    """Exchange a login and a password for tokens."""
    # Counted before anything is hashed, or guessing would cost us more than the guesser.
    parts().logins.take(body["login"])
    engine = current_service().engine
    with transaction(engine) as db:
        account = sessions.find_login(db, body["login"])
    actor = sessions.check_password(account, body["password"])
    with transaction(engine) as db:
        session = sessions.begin(db, actor)
    return tokens(session)


@blp.route("/auth/refresh", methods=["POST"])
@public
@blp.arguments(RefreshIn)
@blp.alt_response(200, schema=TokenOut)
def refresh(body: dict[str, Any]) -> Response:
    """Exchange a refresh token, once, for new tokens."""
    with transaction(current_service().engine) as db:
        session = sessions.refresh(db, body["refresh_token"])
    if session is None:
        raise sessions.ended()
    return tokens(session)


@blp.route("/auth/revoke", methods=["POST"])
@public
@blp.arguments(RefreshIn)
@blp.alt_response(204, description="Signed out, or there was nothing to sign out of.")
def revoke(body: dict[str, Any]) -> Response:
    """Sign out: the refresh token and every token it led to end."""
    with transaction(current_service().engine) as db:
        sessions.revoke(db, body["refresh_token"])
    return respond(Answer(None, 204))


def tokens(session: sessions.Session) -> Response:
    """Answer with the tokens of a session that has begun."""
    access_token = identity.mint(session.actor, parts().settings.signing_key, family=session.family)
    return respond(
        Answer(
            {
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": int(identity.ACCESS_LIFETIME.total_seconds()),
                "refresh_token": session.refresh_token,
            },
            headers={"Cache-Control": "no-store"},
        )
    )
