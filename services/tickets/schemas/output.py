"""What the tickets API answers about tickets: documentation, proved by tests, because answers are built by hand."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf, Range

from services.tickets import appointments, catalogue, lifecycle
from services.tickets.sla.targets import ALL_KINDS


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


class Window(ma.Schema):
    """A time in which somebody comes: from `from` to before `to`."""

    begins_at = fields.AwareDateTime(required=True, data_key="from")
    ends_at = fields.AwareDateTime(required=True, data_key="to")


class Proposal(Window):
    """A window that one side proposes."""

    by = fields.String(required=True, validate=OneOf(appointments.SIDES))


class Appointment(ma.Schema):
    """What stands: a proposal, what both agreed to, or both; `version` is what an answer says it saw."""

    version = fields.Integer(required=True)
    proposed = fields.Nested(Proposal, required=True, allow_none=True)
    agreed = fields.Nested(Window, required=True, allow_none=True)


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
    catalogue_version = fields.Integer(required=True)
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
    circumstances = fields.List(fields.String(), required=True)
    waiting_reason = fields.String(required=True, allow_none=True)
    paused_until = fields.AwareDateTime(required=True, allow_none=True)
    objected_at = fields.AwareDateTime(required=True, allow_none=True)
    urges = fields.Integer(required=True)
    urged_at = fields.AwareDateTime(required=True, allow_none=True)
    made_safe_at = fields.AwareDateTime(required=True, allow_none=True)
    owner = fields.Nested(Owner, required=True)
    about_ticket_id = fields.UUID(required=True, allow_none=True)
    joined_to = fields.UUID(required=True, allow_none=True)
    spot_id = fields.UUID(required=True, allow_none=True)
    version = fields.Integer(required=True)
    completions = fields.Integer(required=True)
    policy_version = fields.String(required=True)
    calendar_version = fields.Integer(required=True)
    promised_at = fields.AwareDateTime(required=True, allow_none=True)
    appointment = fields.Nested(Appointment, required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    first_completed_at = fields.AwareDateTime(required=True, allow_none=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)
    changed_at = fields.AwareDateTime(required=True)
    actions = fields.List(fields.String(), required=True)


class Tickets(ma.Schema):
    """A page of tickets."""

    items = fields.List(fields.Nested(Ticket), required=True)


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

    items = fields.List(fields.Nested(Entry), required=True)


class Clock(ma.Schema):
    """One clock: contract time has its pauses taken off, lived time has not.

    With `sundown` it is due by the end of the day on which it started, and `target_seconds` is how long that came to.
    `known_at` is when the desk heard of what stopped it, where a phone told that later; with `known_late` it was met,
    and looked missed until then.
    """

    clock = fields.String(required=True, validate=OneOf(ALL_KINDS))
    generation = fields.Integer(required=True)
    state = fields.String(required=True)
    started_at = fields.AwareDateTime(required=True)
    target_seconds = fields.Integer(required=True)
    sundown = fields.Boolean(required=True)
    basis = fields.String(required=True)
    rule = fields.String(required=True)
    warnings_at = fields.List(fields.AwareDateTime(), required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    stopped_at = fields.AwareDateTime(required=True, allow_none=True)
    paused_at = fields.AwareDateTime(required=True, allow_none=True)
    paused_until = fields.AwareDateTime(required=True, allow_none=True)
    pauses = fields.List(fields.List(fields.AwareDateTime(allow_none=True)), required=True)
    breached_at = fields.AwareDateTime(required=True, allow_none=True)
    contract_seconds = fields.Float(required=True, allow_none=True)
    lived_seconds = fields.Float(required=True)
    pause_seconds = fields.Float(required=True)
    remaining_seconds = fields.Float(required=True, allow_none=True)
    unknown_because = fields.String(required=True, allow_none=True)
    known_at = fields.AwareDateTime(required=True, allow_none=True)
    backdated_seconds = fields.Float(required=True)
    known_late = fields.Boolean(required=True)


class TicketResolution(ma.Schema):
    """How long it took to solve: the first time, and in all, which goes on until it is done."""

    first_contract_seconds = fields.Float(required=True, allow_none=True)
    first_lived_seconds = fields.Float(required=True, allow_none=True)
    total_contract_seconds = fields.Float(required=True, allow_none=True)
    total_lived_seconds = fields.Float(required=True)
    done = fields.Boolean(required=True)


class Clocks(ma.Schema):
    """A ticket's clocks as they stand now, and what they say of its resolution."""

    items = fields.List(fields.Nested(Clock), required=True)
    resolution = fields.Nested(TicketResolution, required=True, allow_none=True)


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

    items = fields.List(fields.Nested(CommentView), required=True)


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

    items = fields.List(fields.Nested(PhotoView), required=True)
