"""What the report on acts told later is asked for and answers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.queries.reports.acts import ACT_GROUPINGS
from services.tickets.schemas.figures import AskedAgain, listed
from services.tickets.schemas.reports import Period


class ActQuery(Period):
    """Acts by when they were heard of."""

    group_by = fields.String(load_default="member", validate=OneOf(ACT_GROUPINGS))


class ActTotal(ma.Schema):
    """Acts told later: how many, how many of them count from their own time, by how much, and why others do not.

    They count acts; `tickets` counts each ticket once, and `behind` lists those behind each figure.
    """

    acts = fields.Integer(required=True)
    tickets = fields.Integer(required=True)
    counted_back = fields.Integer(required=True)
    known_late = fields.Integer(required=True)
    previous_step = fields.Integer(required=True)
    too_long_ago = fields.Integer(required=True)
    clock_turned_back = fields.Integer(required=True)
    when_heard = fields.Integer(required=True)
    backdated_seconds = fields.Float(required=True)
    longest_seconds = fields.Float(required=True)
    largest_skew_seconds = fields.Float(required=True)
    behind = listed()


class ActGroup(ActTotal):
    """The acts of one member, action, community or work type."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class ActReport(AskedAgain):
    """Who told acts later."""

    community_id = fields.UUID(required=True, allow_none=True)
    group_by = fields.String(required=True)
    groups = fields.List(fields.Nested(ActGroup), required=True)
    total = fields.Nested(ActTotal, required=True)
