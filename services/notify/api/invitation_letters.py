"""Letters with links to accounts, as the gateway has them sent."""

import uuid
from typing import Any, cast

from flask import Response, current_app
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import invalid_field
from services.kit.http import Answer, access, current_service, one_effect, respond, scoped
from services.kit.identity import current_actor
from services.kit.invitations import Invitations
from services.notify.commands.invitation_letters import confirmed_address, queue_letters
from services.notify.schemas.invitation_letters import LettersIn, LettersOut, ReachedOut

invitation_letters = Blueprint(
    "invitation-letters", __name__, description="Letters with links to accounts, handed over by the gateway"
)
BY_MAIL = "by_mail"


@invitation_letters.route("/invitation-letters", methods=["POST"])
@access("admin", "manager")
@invitation_letters.arguments(LettersIn)
@invitation_letters.alt_response(200, schema=LettersOut)
@one_effect
def send_letters(db: Connection, body: dict[str, Any]) -> Answer:
    """Send links to accounts by e-mail. Only who holds a link's token already can have it sent."""
    links = Invitations(current_service().settings.secret)
    wanted = [
        {**item, "invitation_id": links.read(item.pop("token")), "person_id": str(item["person_id"])}
        for item in body["items"]
    ]
    if any(one["invitation_id"] is None for one in wanted):
        raise invalid_field("token", "This is no invitation's token.", "该邀请标识无效。")
    by_mail = cast(bool, current_app.extensions[BY_MAIL])
    queued = queue_letters(db, current_actor(), wanted) if by_mail else [False] * len(wanted)
    items = [
        {"person_id": one["person_id"], "queued": is_queued} for one, is_queued in zip(wanted, queued, strict=True)
    ]
    return Answer({"by_mail": by_mail, "items": items})


@invitation_letters.route("/invitation-letters/<uuid:person_id>/reached", methods=["GET"])
@access("admin", "manager")
@invitation_letters.alt_response(200, schema=ReachedOut)
def show_reached(person_id: uuid.UUID) -> Response:
    """Say whether a letter to somebody would go to an address that they confirmed."""
    by_mail = cast(bool, current_app.extensions[BY_MAIL])
    with scoped() as db:
        found = by_mail and confirmed_address(db, current_actor(), str(person_id)) is not None
    return respond(Answer({"confirmed": found}))
