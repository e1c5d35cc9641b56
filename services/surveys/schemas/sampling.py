"""What the routes about drawing households take and give."""

import marshmallow as ma

from services.kit.http import StrictSchema

_PERCENT = ma.validate.Range(min=0, max=100)


class SamplingIn(StrictSchema):
    """How many in a hundred are called at completion, and of those silent for some days."""

    phone_percent = ma.fields.Integer(strict=True, required=True, validate=_PERCENT)
    silent_percent = ma.fields.Integer(strict=True, required=True, validate=_PERCENT)
    silent_after_days = ma.fields.Integer(strict=True, required=True, validate=ma.validate.Range(min=1, max=60))


class SamplingOut(ma.Schema):
    """The rule in force. `always` names whom is called about without a lot; `method` is how a lot is drawn."""

    community_id = ma.fields.UUID(required=True, allow_none=True)
    phone_percent = ma.fields.Integer(required=True)
    silent_percent = ma.fields.Integer(required=True)
    silent_after_days = ma.fields.Integer(required=True)
    always = ma.fields.List(ma.fields.String(), required=True)
    method = ma.fields.String(required=True)
    version = ma.fields.Integer(required=True)
    since = ma.fields.DateTime(required=True, allow_none=True)
