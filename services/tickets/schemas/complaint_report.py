"""What the report on complaints is asked for and answers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.complaints.codes import CAUSES, EMOTIONS
from services.tickets.queries.reports.complaints import COMPLAINT_GROUPINGS, STEPS
from services.tickets.schemas.figures import AskedAgain, Share, listed
from services.tickets.schemas.reports import Period


class ComplaintReportQuery(Period):
    """Complaints by time of filing, what they are narrowed to, and what they are grouped by."""

    cause = fields.String(load_default=None, validate=OneOf(tuple(CAUSES)))
    emotion = fields.String(load_default=None, validate=OneOf(tuple(EMOTIONS)))
    group_by = fields.String(load_default="community", validate=OneOf(COMPLAINT_GROUPINGS))


class ShareOpen(Share):
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
    """The figures of some complaints; `behind` lists those of each, once however often a remedy was approved."""

    n = fields.Integer(required=True)
    identified = fields.Integer(required=True)
    unidentified = fields.Integer(required=True)
    closed = fields.Integer(required=True)
    escalated = fields.Integer(required=True)
    escalated_unjudged = fields.Integer(required=True)
    settled_on_first_contact = fields.Nested(Share, required=True)
    avoidable_escalations = fields.Nested(Share, required=True)
    justified = fields.Nested(Share, required=True)
    approvals_in_time = fields.Nested(ShareOpen, required=True)
    steps = fields.Nested(ComplaintSteps, required=True)
    behind = listed()


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


class ComplaintReport(AskedAgain):
    """Complaints by time of filing. `interval` names the interval of every share."""

    community_id = fields.UUID(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    emotion = fields.String(required=True, allow_none=True)
    group_by = fields.String(required=True)
    interval = fields.String(required=True)
    groups = fields.List(fields.Nested(ComplaintGroup), required=True)
    total = fields.Nested(ComplaintFigures, required=True)
    lessons = fields.List(fields.Nested(Lesson), required=True)
    more_lessons = fields.Boolean(required=True)
