"""What is shown of who saw what."""

import marshmallow as ma
from marshmallow import fields

from services.kit.http import Page


class LooksQuery(Page):
    """Whose looks, and at which home's; without anything, all of them."""

    viewer_id = fields.UUID(load_default=None)
    unit_id = fields.UUID(load_default=None)


class LookedAt(ma.Schema):
    """One look: `reason` is a purpose that was named, or null where a ticket was (`ticket_id`), or none was asked."""

    id = fields.UUID(required=True)
    what = fields.String(required=True)
    viewer_id = fields.UUID(required=True)
    viewer_role = fields.String(required=True)
    viewer_name = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    ticket_id = fields.UUID(required=True, allow_none=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    subject = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class LookedAtPage(ma.Schema):
    """One page of looks; the next page's address is in the Link header."""

    items = fields.List(fields.Nested(LookedAt), required=True)
