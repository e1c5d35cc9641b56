"""The shape of the report on complaints."""

import marshmallow as ma
from marshmallow import fields

from services.tickets.queries.reports.complaints import STEPS


class ComplaintShare(ma.Schema):
    """How many of how many, with the interval; null where there is nothing to have a share of."""

    n = fields.Integer(required=True)
    count = fields.Integer(required=True)
    share = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)


class ComplaintShareOpen(ComplaintShare):
    """A share beside what is not decided yet."""

    open = fields.Integer(required=True)


class StepSeconds(ma.Schema):
    """How long a step took, of the complaints in which it ended."""

    n = fields.Integer(required=True)
    median_seconds = fields.Float(required=True, allow_none=True)
    p90_seconds = fields.Float(required=True, allow_none=True)


ComplaintSteps = ma.Schema.from_dict(
    {name: fields.Nested(StepSeconds, required=True) for name in STEPS}, name="ComplaintSteps"
)


class ComplaintFigures(ma.Schema):
    """The figures of some complaints."""

    n = fields.Integer(required=True)
    identified = fields.Integer(required=True)
    unidentified = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    escalated = fields.Integer(required=True)
    escalated_unjudged = fields.Integer(required=True)
    settled_on_first_contact = fields.Nested(ComplaintShare, required=True)
    avoidable_escalations = fields.Nested(ComplaintShare, required=True)
    justified = fields.Nested(ComplaintShare, required=True)
    approvals_in_time = fields.Nested(ComplaintShareOpen, required=True)
    steps = fields.Nested(ComplaintSteps, required=True)


class ComplaintGroup(ComplaintFigures):
    """The figures of one group; its key is null for complaints that nobody identified."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class Lesson(ma.Schema):
    """What was learnt from a complaint."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    community_id = fields.UUID(required=True)
    cause = fields.String(required=True)
    outcome = fields.String(required=True, allow_none=True)
    reviewed_at = fields.AwareDateTime(required=True)
    lesson = fields.String(required=True)


class ComplaintReport(ma.Schema):
    """Complaints by time of filing. `interval` names the interval of every share."""

    asof = fields.AwareDateTime(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True, data_key="from")
    until = fields.AwareDateTime(required=True, allow_none=True, data_key="to")
    community_id = fields.UUID(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    emotion = fields.String(required=True, allow_none=True)
    group_by = fields.String(required=True)
    interval = fields.String(required=True)
    groups = fields.List(fields.Nested(ComplaintGroup), required=True)
    total = fields.Nested(ComplaintFigures, required=True)
    lessons = fields.List(fields.Nested(Lesson), required=True)
    more_lessons = fields.Boolean(required=True)
