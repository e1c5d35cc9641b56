"""What the routes about erasures take and give."""

import marshmallow as ma

from gateway.models import REASONS
from services.kit.http import StrictSchema


class ErasureIn(StrictSchema):
    """Whom to erase, and why: a code, for words about it would be words about the person."""

    account_id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(REASONS))


class ErasureOut(ma.Schema):
    """An erasure: ids and a moment."""

    id = ma.fields.UUID(required=True)
    account_id = ma.fields.UUID(required=True)
    reason = ma.fields.String(required=True, validate=ma.validate.OneOf(REASONS))
    requested_by = ma.fields.UUID(required=True)
    at = ma.fields.AwareDateTime(required=True)


class ErasuresOut(ma.Schema):
    """One page of erasures; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(ErasureOut), required=True)
