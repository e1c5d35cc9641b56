"""What the answers of all reports are made of."""

import marshmallow as ma
from marshmallow import fields


def count() -> fields.Integer:
    """Return a number of things."""
    return fields.Integer(required=True)


def share() -> fields.Float:
    """Return a number that there may be nothing to make of."""
    return fields.Float(required=True, allow_none=True)


def links() -> fields.Dict:
    """Return the addresses of lists, by what they list."""
    return fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Share(ma.Schema):
    """How many of how many, with the interval; null where there is nothing to have a share of."""

    n = fields.Integer(required=True)
    count = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class Listed(ma.Schema):
    """The address of the list of tickets behind a figure, and how many are in it."""

    tickets = count()
    link = fields.String(required=True)


def listed() -> fields.Dict:
    """Return the lists of tickets behind figures, by the figure."""
    return fields.Dict(keys=fields.String(), values=fields.Nested(Listed), required=True)


class AskedAgain(ma.Schema):
    """What a report was asked for, and when."""

    asof = fields.AwareDateTime(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True, data_key="from")
    until = fields.AwareDateTime(required=True, allow_none=True, data_key="to")
