"""Confirming that an e-mail address is one's own: by a link that works once, or by asking for another letter."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import current_app, g
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, access, current_service, one_effect, public
from services.kit.http.problems import wants
from services.kit.identity import ROLES, current_actor, system_actor
from services.notify import commands
from services.notify.addresses import Confirmation, Confirmations
from services.notify.schemas.addresses import Asked, Confirmed, NothingMore

CONFIRMATIONS = "confirmations"
THANKS = {
    "zh-CN": "谢谢，邮箱已确认。以后的通知也会发送到这里。",
    "en": "Thank you, the address is confirmed. From now on we write to you there too.",
}

addresses = Blueprint("addresses", __name__, description="Confirming an e-mail address")


def by_link(view: Callable[..., Any]) -> Callable[..., Any]:
    """Verify the link's signature before anything else, and narrow the database to the person it was sent to."""

    @functools.wraps(view)
    def run(*args: Any, token: str, **kwargs: Any) -> Any:
        known: Confirmations = current_app.extensions[CONFIRMATIONS]
        link = known.read(token)
        g.actor = replace(system_actor(link.organisation_id), id=link.person_id)
        return view(*args, link=link, **kwargs)

    return run


@addresses.route("/confirmations/<token>", methods=["POST"])
@public
@by_link
@addresses.arguments(NothingMore, required=False)
@addresses.alt_response(200, schema=Confirmed)
@one_effect
def confirm_address(db: Connection, _body: dict[str, Any], link: Confirmation) -> Answer:
    """Confirm the address a letter went to. Looking at the link alone confirms nothing: mail programs look too."""
    commands.confirm(db, link, current_service().settings.secret)
    return Answer({"message": THANKS[wants()]})


@addresses.route("/preferences/email/confirmation", methods=["POST"])
@access(*ROLES)
@addresses.arguments(NothingMore, required=False)
@addresses.alt_response(202, schema=Asked)
@one_effect
def ask_again(db: Connection, _body: dict[str, Any]) -> Answer:
    """Send another letter to your address; links sent before work no more."""
    commands.ask_again(db, current_actor())
    return Answer({"asked": True}, 202)
