"""Where staff ask, before they send a text to a resident, what is better said otherwise."""

from typing import Any

import marshmallow as ma
from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, Prose, StrictSchema, access, respond
from services.kit.http.problems import wants
from services.kit.identity import LOCALES, STAFF
from services.notify import wording

blp = Blueprint("wording", __name__, description="Advice on the wording of what residents read")


class AsWritten(Prose):
    """Prose that keeps the blanks around it, so that places in it are those of the text as the sender has it."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return value if super()._deserialize(value, *args, **kwargs) else ""


class Draft(StrictSchema):
    """A text that somebody is about to send."""

    text = AsWritten(required=True, most=wording.MOST_CHARACTERS)
    locale = ma.fields.String(
        validate=ma.validate.OneOf(LOCALES),
        metadata={"description": "The language of the text; without it phrases of both languages are looked for."},
    )


class FindingView(ma.Schema):
    """A phrase that is better said otherwise."""

    start = ma.fields.Integer(required=True, metadata={"description": "In characters (code points) of the text."})
    end = ma.fields.Integer(required=True, metadata={"description": "Where the phrase has ended."})
    text = ma.fields.String(required=True, metadata={"description": "The phrase as it was written."})
    kind = ma.fields.String(required=True, validate=ma.validate.OneOf(wording.KINDS))
    reason = ma.fields.String(required=True)
    better = ma.fields.String(required=True)


class Advice(ma.Schema):
    """What the check makes of a text; `ok` where it found nothing. Advice hinders nobody from sending."""

    ok = ma.fields.Boolean(required=True)
    findings = ma.fields.List(ma.fields.Nested(FindingView), required=True)


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
