"""What the routes about endpoints of other systems take and give."""

import marshmallow as ma

from services.kit.http import Page, StrictSchema, TrueOrFalse
from services.notify.commands.webhooks import EVENT_TYPES
from services.notify.outward import LONGEST_URL


def _url() -> ma.fields.String:
    return ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=LONGEST_URL))


def _types() -> ma.fields.List:
    return ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(EVENT_TYPES)),
        required=True,
        validate=ma.validate.Length(min=1, max=len(EVENT_TYPES)),
    )


class WebhookInput(StrictSchema):
    """An endpoint to send events to."""

    url = _url()
    event_types = _types()


class WebhookChange(StrictSchema):
    """What is left out stays as it is; `active` switches an endpoint off and on again."""

    url = ma.fields.String(validate=ma.validate.Length(min=1, max=LONGEST_URL))
    event_types = ma.fields.List(
        ma.fields.String(validate=ma.validate.OneOf(EVENT_TYPES)),
        validate=ma.validate.Length(min=1, max=len(EVENT_TYPES)),
    )
    active = TrueOrFalse()


class WebhookView(ma.Schema):
    """An endpoint; `disabled_cause` is gone, exhausted or manager."""

    id = ma.fields.UUID(required=True)
    url = ma.fields.String(required=True)
    event_types = ma.fields.List(ma.fields.String(), required=True)
    community_ids = ma.fields.List(ma.fields.UUID(), required=True)
    active = ma.fields.Boolean(required=True)
    disabled_cause = ma.fields.String(required=True, allow_none=True)
    created_at = ma.fields.AwareDateTime(required=True)


class NewWebhook(WebhookView):
    """The endpoint with its secret, which is shown this once."""

    secret = ma.fields.String(required=True)


class WebhookPage(ma.Schema):
    """Endpoints, the newest first."""

    items = ma.fields.List(ma.fields.Nested(WebhookView), required=True)


class HookDeliveriesQuery(Page):
    """Which deliveries to list; without a state all."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(("queued", "sent", "failed")))


class HookDeliveryView(ma.Schema):
    """One event for one endpoint; `id` is its webhook-id."""

    id = ma.fields.UUID(required=True)
    event_id = ma.fields.UUID(required=True)
    type = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    attempts = ma.fields.Integer(required=True)
    next_attempt_at = ma.fields.AwareDateTime(required=True, allow_none=True)
    created_at = ma.fields.AwareDateTime(required=True)
    sent_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class HookDeliveryPage(ma.Schema):
    """Deliveries, the newest first."""

    items = ma.fields.List(ma.fields.Nested(HookDeliveryView), required=True)


class AttemptView(ma.Schema):
    """One attempt: the status that came back, or why there was none."""

    id = ma.fields.UUID(required=True)
    at = ma.fields.AwareDateTime(required=True)
    status = ma.fields.Integer(required=True, allow_none=True)
    problem = ma.fields.String(required=True, allow_none=True)
    milliseconds = ma.fields.Integer(required=True)


class AttemptPage(ma.Schema):
    """Attempts of one delivery, the oldest first."""

    items = ma.fields.List(ma.fields.Nested(AttemptView), required=True)
