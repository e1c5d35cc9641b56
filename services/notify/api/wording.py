"""Where staff ask, before they send a text to a resident, what is better said otherwise."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit import wording
from services.kit.http import Answer, access, respond
from services.kit.http.problems import wants
from services.kit.identity import STAFF
from services.notify.schemas.wording import Advice, Draft

blp = Blueprint("wording", __name__, description="Advice on the wording of what residents read")


@blp.route("/wording", methods=["POST"])
@access(*STAFF)
@blp.arguments(Draft)
@blp.alt_response(200, schema=Advice)
def check_wording(draft: dict[str, Any]) -> Response:
    """Say what is better said otherwise, why, and how. Ask it before sending a comment, a refusal or a reply."""
    language = wants()
    found = [
        {
            "start": finding.start,
            "end": finding.end,
            "text": finding.phrase,
            "kind": finding.kind,
            "reason": finding.reason[language],
            "better": finding.better[language],
        }
        for finding in wording.check(draft["text"], draft.get("locale"))
    ]
    return respond(Answer({"ok": not found, "findings": found}, headers={"Content-Language": language}))
