"""What the tickets API takes in: bodies and queries, unknown fields refused."""

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets import catalogue, lifecycle
from services.tickets.commands.filing import CHANNELS


class NewTicket(StrictSchema):
    """A request. Only the description is needed."""

    description = Prose(required=True, most=5000)
    title = Line(most=120, load_default=None)
    catalogue_code = Line(most=60, load_default=None)
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)
    location = Line(most=200, load_default=None)
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    channel = fields.String(load_default="api", validate=OneOf(CHANNELS))
    on_behalf_of = fields.UUID(load_default=None)


class TriageText(StrictSchema):
    """A text to triage without filing it."""

    text = Prose(required=True, most=5000)


class Nothing(StrictSchema):
    """A step that needs no more words."""


class Assignment(StrictSchema):
    """To whom, and what they should know."""

    to = fields.UUID(required=True)
    note = Prose(most=1000, load_default=None)


class Reason(StrictSchema):
    """Why."""

    reason = Prose(required=True, most=1000)


class MaybeReason(StrictSchema):
    """Why, if they care to say."""

    reason = Prose(most=1000, load_default=None)


class Pause(StrictSchema):
    """What the job waits for."""

    reason = fields.String(required=True, validate=OneOf(lifecycle.WAITING_REASONS))
    note = Prose(most=1000, load_default=None)


class Note(StrictSchema):
    """What was done."""

    note = Prose(most=2000, load_default=None)


class Comment(StrictSchema):
    """A comment; `visible` false keeps it among staff."""

    body = Prose(required=True, most=2000)
    visible = TrueOrFalse(load_default=True)


class Promise(StrictSchema):
    """The time the resident is told."""

    promised_at = fields.AwareDateTime(required=True)
    note = Prose(most=1000, load_default=None)


class Override(StrictSchema):
    """What triage decided wrongly, and why."""

    reason = Prose(required=True, most=1000)
    catalogue_code = Line(most=60, load_default=None)
    need_level = fields.Integer(load_default=None, strict=True, validate=Range(1, 5))
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))


class PhotoUpload(StrictSchema):
    """A photo: JPEG, PNG, WebP or HEIC."""

    photo = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class TicketQuery(Page):
    """What a list of tickets is narrowed to. `owner` takes an id, or `me`."""

    status = fields.String(load_default=None, validate=OneOf(lifecycle.STATUSES))
    urgency = fields.String(load_default=None, validate=OneOf(catalogue.URGENCIES))
    need_level = fields.Integer(load_default=None, validate=Range(1, 5))
    work_type = fields.String(load_default=None, validate=OneOf(catalogue.WORK_TYPES))
    community_id = fields.UUID(load_default=None)
    owner = fields.String(load_default=None, validate=Length(max=36))


class ReportQuery(StrictSchema):
    """The period, by filing time, and one community."""

    since = fields.AwareDateTime(data_key="from", load_default=None)
    until = fields.AwareDateTime(data_key="to", load_default=None)
    community_id = fields.UUID(load_default=None)
