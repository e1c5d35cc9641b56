"""Choosing a password: by an invitation's link, or knowing the password before."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from gateway import queries
from gateway.api.sessions import tokens
from gateway.commands import invitations, sessions
from gateway.commands.accounts import choose_password
from gateway.invitation_schemas import JoinIn, PasswordIn, TokenIn, WelcomeOut
from gateway.parts import parts
from gateway.passwords import check_worth, hash_password, matches
from gateway.schemas import TokenOut
from services.kit.database import transaction
from services.kit.errors import invalid_field
from services.kit.http import Answer, access, current_service, public, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import ROLES, current_actor
from services.kit.invitations import Invitations

blp = Blueprint("joining", __name__, description="Choosing a password")


@blp.route("/auth/invitation", methods=["POST"])
@public
@blp.arguments(TokenIn)
@blp.alt_response(200, schema=WelcomeOut)
def whose_invitation(body: dict[str, Any]) -> Response:
    """Tell whom an invitation's link is for; looking uses nothing up."""
    with transaction(current_service().engine) as db:
        found = invitations.look(db, _invitation(body["token"]))
        organisation = queries.organisation(db, found.account["organisation_id"])
    shown = {name: found.account[name] for name in ("login", "role", "locale")}
    return respond(
        Answer(
            {
                **shown,
                "organisation": queries.named(organisation, wants()),
                "purpose": found.invitation["purpose"],
                "expires_at": found.invitation["expires_at"].isoformat(),
            },
            headers={"Cache-Control": "no-store"},
        )
    )


@blp.route("/auth/invitation/accept", methods=["POST"])
@public
@blp.arguments(JoinIn)
@blp.alt_response(200, schema=TokenOut)
def join(body: dict[str, Any]) -> Response:
    """Choose a password by an invitation's link, once; whoever does is signed in."""
    invitation_id, engine = _invitation(body["token"]), current_service().engine
    with transaction(engine) as db:
        login = invitations.look(db, invitation_id).account["login"]
    check_worth(body["password"], login)
    # No database is held while hashing: it takes longer than everything else.
    hashed = hash_password(body["password"])
    with transaction(engine) as db:
        session = invitations.accept(db, invitation_id, hashed, body["locale"])
    current_service().waker.wake()
    return tokens(session)


@blp.route("/me/password", methods=["POST"])
@access(*ROLES)
@blp.arguments(PasswordIn)
@blp.alt_response(200, schema=TokenOut)
def change_password(body: dict[str, Any]) -> Response:
    """Change your password; every session ends, and the answer begins a new one."""
    with scoped() as db:
        account = queries.account(db, current_actor().id)
    parts().logins.take(account["login"])
    if not matches(body["current"], account["password_hash"]):
        raise invalid_field("current", "This is not your present password.", "当前密码不正确。")
    check_worth(body["password"], account["login"])
    hashed = hash_password(body["password"])
    with scoped() as db:
        changed = choose_password(db, account["id"], hashed, before=account["password_hash"])
        session = sessions.begin(db, sessions.actor_of(changed))
    current_service().waker.wake()
    return tokens(session)


def _invitation(token: str) -> str | None:
    return Invitations(current_service().settings.secret).read(token)
