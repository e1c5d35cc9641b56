"""What the routes about devices take and give."""

import marshmallow as ma

from services.kit.http import StrictSchema
from services.notify.channels.push import is_key, is_secret
from services.notify.outward import LONGEST_URL


def _point(value: str) -> None:
    if not is_key(value):
        raise ma.ValidationError("Not a P-256 public key in base64url.")


def _secret(value: str) -> None:
    if not is_secret(value):
        raise ma.ValidationError("Not 16 bytes in base64url.")


class PushKeys(StrictSchema):
    """The browser's keys, as PushSubscription.toJSON() gives them."""

    p256dh = ma.fields.String(required=True, validate=[ma.validate.Length(max=100), _point])
    auth = ma.fields.String(required=True, validate=[ma.validate.Length(max=40), _secret])


class PushSubscription(StrictSchema):
    """A device, as PushSubscription.toJSON() gives it."""

    endpoint = ma.fields.String(required=True, validate=ma.validate.Length(min=1, max=LONGEST_URL))
    expirationTime = ma.fields.Integer(load_default=None, allow_none=True)
    keys = ma.fields.Nested(PushKeys, required=True)


class SubscriptionView(ma.Schema):
    """A device of yours; its address is not shown again."""

    id = ma.fields.UUID(required=True)
    host = ma.fields.String(required=True)
    created_at = ma.fields.AwareDateTime(required=True)
    disabled_at = ma.fields.AwareDateTime(required=True, allow_none=True)


class SubscriptionPage(ma.Schema):
    """Your devices."""

    items = ma.fields.List(ma.fields.Nested(SubscriptionView), required=True)


class PushKey(ma.Schema):
    """The key to subscribe with (`applicationServerKey`)."""

    key = ma.fields.String(required=True)
