"""How somebody can be called about a report."""

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Regexp

from services.kit.http import Line, StrictSchema


def phone_number(**options: Any) -> Line:
    """Return the field of a telephone number as people write it: digits, spaces, hyphens, one plus in front."""
    return Line(most=30, validate=[Regexp(r"[+0-9][0-9 ()-]{4,28}\Z")], **options)


class ContactIn(StrictSchema):
    """The number to call about this report; null takes it away."""

    phone = phone_number(required=True, allow_none=True)


class Contact(ma.Schema):
    """The number to call about this report, null where none was left or it is not the caller's to see."""

    phone = fields.String(required=True, allow_none=True)
