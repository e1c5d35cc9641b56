"""What the gateway hands over to have links sent."""

import marshmallow as ma

from services.kit.http import Line, StrictSchema
from services.kit.identity import LOCALES
from services.notify.schemas.notices import email_checks

MOST = 500


class LetterIn(StrictSchema):
    """An invitation, whose account it is for, and where to; without an address, to the one the person confirmed."""

    token = Line(most=200, required=True)
    person_id = ma.fields.UUID(required=True)
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(("join", "reset")))
    expires_at = ma.fields.AwareDateTime(required=True)
    locale = ma.fields.String(required=True, validate=ma.validate.OneOf(LOCALES))
    email = ma.fields.Email(allow_none=True, load_default=None, validate=email_checks())


class LettersIn(StrictSchema):
    """Invitations to be sent."""

    items = ma.fields.List(ma.fields.Nested(LetterIn), required=True, validate=ma.validate.Length(min=1, max=MOST))


class LetterOut(ma.Schema):
    """Whether a letter is on its way: not where nobody knows an address."""

    person_id = ma.fields.UUID(required=True)
    queued = ma.fields.Boolean(required=True)


class ReachedOut(ma.Schema):
    """Whether somebody confirmed an address; the address itself is their own affair."""

    confirmed = ma.fields.Boolean(required=True)


class LettersOut(ma.Schema):
    """What is on its way. `by_mail` is false where the installation sends no e-mail at all."""

    by_mail = ma.fields.Boolean(required=True)
    items = ma.fields.List(ma.fields.Nested(LetterOut), required=True)
