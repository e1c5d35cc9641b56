"""The shapes of what goes in and comes out of the tickets API."""

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, Prose, StrictSchema
from services.tickets import catalogue, lifecycle
from services.tickets.commands.filing import CHANNELS
from services.tickets.sla.policy import KINDS


class YesOrNo(fields.Boolean):
    """true or false and nothing that merely counts as one: to Python 0 is False, to a client it is a mistake."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


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
    visible = YesOrNo(load_default=True)


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


class Because(ma.Schema):
    """A word found in the text and what it says."""

    word = fields.String(required=True)
    says = fields.String(required=True)


class Owner(ma.Schema):
    """Who is accountable: a person or a desk."""

    kind = fields.String(required=True, validate=OneOf(("person", "desk")))
    desk = fields.String(required=True, allow_none=True)
    id = fields.UUID(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class Ticket(ma.Schema):
    """A ticket as the caller may see it. `actions` are open to the caller now."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    title = fields.String(required=True)
    description = fields.String(required=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True, allow_none=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    requester_id = fields.UUID(required=True)
    filed_by = fields.UUID(required=True)
    channel = fields.String(required=True)
    catalogue_code = fields.String(required=True)
    catalogue_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    topic = fields.String(required=True, validate=OneOf(catalogue.TOPICS))
    work_type = fields.String(required=True, validate=OneOf(catalogue.WORK_TYPES))
    need_level = fields.Integer(required=True, allow_none=True, validate=Range(1, 5))
    need = fields.String(required=True, allow_none=True)
    standard = fields.String(required=True, validate=OneOf(catalogue.STANDARDS))
    value_tier = fields.String(required=True, validate=OneOf(catalogue.VALUE_TIERS))
    realm = fields.String(required=True)
    urgency = fields.String(required=True, validate=OneOf(catalogue.URGENCIES))
    confidence = fields.Float(required=True)
    because = fields.List(fields.Nested(Because), required=True)
    waiting_reason = fields.String(required=True, allow_none=True)
    owner = fields.Nested(Owner, required=True)
    version = fields.Integer(required=True)
    completions = fields.Integer(required=True)
    promised_at = fields.AwareDateTime(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    first_completed_at = fields.AwareDateTime(required=True, allow_none=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    changed_at = fields.AwareDateTime(required=True)
    actions = fields.List(fields.String(), required=True)


class Tickets(ma.Schema):
    """A page of tickets."""

    tickets = fields.List(fields.Nested(Ticket), required=True)


class Entry(ma.Schema):
    """A step in a ticket's history, chained by hash to the one before."""

    seq = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    action = fields.String(required=True)
    from_status = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    actor_id = fields.UUID(required=True)
    actor_role = fields.String(required=True)
    actor_name = fields.String(required=True, allow_none=True)
    data = fields.Dict(required=True)
    note = fields.String(required=True, allow_none=True)
    previous_hash = fields.String(required=True)
    hash = fields.String(required=True)


class History(ma.Schema):
    """A ticket's steps in order."""

    history = fields.List(fields.Nested(Entry), required=True)


class Clock(ma.Schema):
    """One clock: contract time has its pauses taken off, lived time has not."""

    clock = fields.String(required=True, validate=OneOf(KINDS))
    generation = fields.Integer(required=True)
    state = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    target_seconds = fields.Integer(required=True)
    basis = fields.String(required=True)
    warnings_at = fields.List(fields.AwareDateTime(), required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    stopped_at = fields.AwareDateTime(required=True, allow_none=True)
    paused_at = fields.AwareDateTime(required=True, allow_none=True)
    pauses = fields.List(fields.List(fields.AwareDateTime(allow_none=True)), required=True)
    breached_at = fields.AwareDateTime(required=True, allow_none=True)
    contract_seconds = fields.Float(required=True, allow_none=True)
    lived_seconds = fields.Float(required=True)
    remaining_seconds = fields.Float(required=True, allow_none=True)
    unknown_because = fields.String(required=True, allow_none=True)


class Clocks(ma.Schema):
    """A ticket's clocks as they stand now."""

    clocks = fields.List(fields.Nested(Clock), required=True)


class CommentView(ma.Schema):
    """What somebody wrote."""

    id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    author_id = fields.UUID(required=True)
    author_role = fields.String(required=True)
    kind = fields.String(required=True)
    visible = fields.Boolean(required=True)
    body = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class Comments(ma.Schema):
    """What was written about a ticket, oldest first."""

    comments = fields.List(fields.Nested(CommentView), required=True)


class PhotoView(ma.Schema):
    """A photo of a ticket."""

    id = fields.UUID(required=True)
    ticket_id = fields.UUID(required=True)
    author_id = fields.UUID(required=True)
    author_role = fields.String(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)
    sha256 = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class Photos(ma.Schema):
    """A ticket's photos, oldest first."""

    photos = fields.List(fields.Nested(PhotoView), required=True)


class Job(ma.Schema):
    """A job in the pool and why it is where it is."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True)
    title = fields.String(required=True)
    location = fields.String(required=True, allow_none=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    catalogue_code = fields.String(required=True)
    work_type = fields.String(required=True)
    need_level = fields.Integer(required=True, allow_none=True)
    urgency = fields.String(required=True)
    skills = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)
    filed_at = fields.AwareDateTime(required=True)
    next_due_at = fields.AwareDateTime(required=True, allow_none=True)
    next_due_clock = fields.String(required=True, allow_none=True)
    because = fields.List(fields.String(), required=True)


class Pool(ma.Schema):
    """Jobs to take, most pressing first."""

    jobs = fields.List(fields.Nested(Job), required=True)


class CatalogueItem(ma.Schema):
    """An item of the service catalogue."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    topic = fields.String(required=True)
    work_type = fields.String(required=True)
    need_level = fields.Integer(required=True)
    standard = fields.String(required=True)
    value_tier = fields.String(required=True)
    realm = fields.String(required=True)
    urgency = fields.String(required=True)
    skills = fields.List(fields.String(), required=True)
    sla_class = fields.String(required=True)


class CatalogueView(ma.Schema):
    """The service catalogue."""

    items = fields.List(fields.Nested(CatalogueItem), required=True)


class VerdictView(ma.Schema):
    """What triage makes of a text."""

    topic = fields.String(required=True)
    catalogue_code = fields.String(required=True)
    work_type = fields.String(required=True)
    need_level = fields.Integer(required=True, allow_none=True)
    urgency = fields.String(required=True)
    confidence = fields.Float(required=True)
    because = fields.List(fields.Nested(Because), required=True)


class CommunityName(ma.Schema):
    """A community by name."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class CommunityView(CommunityName):
    """A community."""

    timezone = fields.String(required=True)


class Communities(ma.Schema):
    """The communities the caller may act in."""

    communities = fields.List(fields.Nested(CommunityView), required=True)


class UnitView(ma.Schema):
    """A home."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    building = fields.String(required=True)
    community = fields.Nested(CommunityName, required=True)


class Units(ma.Schema):
    """A page of homes."""

    units = fields.List(fields.Nested(UnitView), required=True)


class StaffMember(ma.Schema):
    """Somebody who can be given a job."""

    id = fields.UUID(required=True)
    role = fields.String(required=True)
    badge = fields.String(required=True, allow_none=True)
    skills = fields.List(fields.String(), required=True)
    community_ids = fields.List(fields.UUID(), required=True)


class Staff(ma.Schema):
    """Active staff."""

    staff = fields.List(fields.Nested(StaffMember), required=True)


class Share(ma.Schema):
    """The numbers behind a share; without anything decided there is no share."""

    met = fields.Integer(required=True)
    breached = fields.Integer(required=True)
    open_overdue = fields.Integer(required=True)
    open_in_time = fields.Integer(required=True)
    decided = fields.Integer(required=True)
    met_share = fields.Float(required=True, allow_none=True)


class LevelReport(ma.Schema):
    """One need level."""

    need_level = fields.Integer(required=True, allow_none=True)
    need = fields.String(required=True, allow_none=True)
    filed = fields.Integer(required=True)
    clocks = fields.Dict(keys=fields.String(), values=fields.Nested(Share), required=True)


class SlaReport(ma.Schema):
    """What was promised and what was kept."""

    asof = fields.AwareDateTime(required=True)
    since = fields.AwareDateTime(required=True, allow_none=True, data_key="from")
    until = fields.AwareDateTime(required=True, allow_none=True, data_key="to")
    community_id = fields.UUID(required=True, allow_none=True)
    levels = fields.List(fields.Nested(LevelReport), required=True)
    promises = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
