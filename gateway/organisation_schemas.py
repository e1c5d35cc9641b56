"""What is said of an organisation, and what its admins may change of that."""

import re

import marshmallow as ma

from services.kit.http import Line, StrictSchema
from services.kit.identity import LOCALES

# Digits as people write them, and the number of an extension behind them.
_TELEPHONE = re.compile(r"\+?\d[\d ()-]{1,30}(\s?(转|ext\.?|#)\s?\d{1,6})?")


def telephone() -> Line:
    """Return a field for a telephone number that people call; null takes it away."""
    told = "Digits, spaces, ( ) - and + only, and an extension behind them, such as 0532-8888 1234 ext 5."
    return Line(most=40, allow_none=True, validate=[ma.validate.Regexp(_TELEPHONE.pattern + r"\Z", error=told)])


class OrganisationChange(StrictSchema):
    """What admins may change; what is left out stays."""

    name = Line(most=100)
    name_en = Line(most=100, allow_none=True)
    locale = ma.fields.String(validate=ma.validate.OneOf(LOCALES))
    phone = telephone()
    emergency_phone = telephone()


class OrganisationOut(ma.Schema):
    """An organisation. `locale` is the language of new accounts; `revision` is also its ETag."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    name_en = ma.fields.String(required=True, allow_none=True)
    locale = ma.fields.String(required=True)
    phone = ma.fields.String(required=True, allow_none=True)
    emergency_phone = ma.fields.String(required=True, allow_none=True)
    revision = ma.fields.Integer(required=True)


class OwnOrganisation(ma.Schema):
    """The caller's organisation by its name in their language, and where it is called."""

    id = ma.fields.UUID(required=True)
    name = ma.fields.String(required=True)
    phone = ma.fields.String(required=True, allow_none=True)
    emergency_phone = ma.fields.String(required=True, allow_none=True)


class OrganisationChanged(ma.Schema):
    """Who changed what, when: each fact by its name with what it was and what it became."""

    id = ma.fields.UUID(required=True)
    author_id = ma.fields.UUID(required=True)
    at = ma.fields.AwareDateTime(required=True)
    changes = ma.fields.Dict(
        keys=ma.fields.String(), values=ma.fields.List(ma.fields.String(allow_none=True)), required=True
    )


class OrganisationChanges(ma.Schema):
    """One page of changes, the latest first; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(OrganisationChanged), required=True)
