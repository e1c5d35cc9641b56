"""What the routes about e-mail addresses take and give."""

import marshmallow as ma

from services.kit.http import StrictSchema


class NothingMore(StrictSchema):
    """A step that needs no words."""


class Confirmed(ma.Schema):
    """A sentence for whoever followed the link."""

    message = ma.fields.String(required=True)


class Asked(ma.Schema):
    """A letter is on its way."""

    asked = ma.fields.Boolean(required=True)
