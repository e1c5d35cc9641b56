"""What the question about a wording takes and gives."""

from typing import Any

import marshmallow as ma

from services.kit import wording
from services.kit.http import Prose, StrictSchema
from services.kit.identity import LOCALES


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
