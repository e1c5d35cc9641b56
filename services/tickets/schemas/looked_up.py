"""What the tickets API answers when the desk looks things up: pool, catalogue, places, staff, reports."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length

from services.kit.http import Line, Page
from services.tickets.schemas.joining import SimilarView
from services.tickets.schemas.output import Because


class Ready(ma.Schema):
    """A crew member on duty in a job's community, with a skill for it."""

    id = fields.UUID(required=True)
    badge = fields.String(required=True, allow_none=True)
    until = fields.AwareDateTime(required=True)


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
    on_duty = fields.List(fields.Nested(Ready), required=True)


class Pool(ma.Schema):
    """Jobs to take, most pressing first."""

    items = fields.List(fields.Nested(Job), required=True)


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


class VerdictView(ma.Schema):
    """What triage makes of a text."""

    topic = fields.String(required=True)
    catalogue_code = fields.String(required=True)
    work_type = fields.String(required=True)
    need_level = fields.Integer(required=True, allow_none=True)
    urgency = fields.String(required=True)
    confidence = fields.Float(required=True)
    because = fields.List(fields.Nested(Because), required=True)
    similar = fields.List(fields.Nested(SimilarView), required=True)


class CommunityName(ma.Schema):
    """A community by name."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class CommunityView(CommunityName):
    """A community."""

    timezone = fields.String(required=True)
    code = fields.String(required=True)
    version = fields.Integer(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class Communities(ma.Schema):
    """The communities the caller may act in."""

    items = fields.List(fields.Nested(CommunityView), required=True)


class UnitQuery(Page):
    """Which homes: all, those with these ids, or those whose community, building or number say each of these words.

    With a community those of it alone.
    """

    ids = fields.List(fields.UUID(), data_key="id", load_default=(), validate=Length(max=100))
    q = Line(most=80, load_default=None)
    community_id = fields.UUID(load_default=None)


class UnitView(ma.Schema):
    """A home."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    building = fields.String(required=True)
    community = fields.Nested(CommunityName, required=True)


class Units(ma.Schema):
    """A page of homes."""

    items = fields.List(fields.Nested(UnitView), required=True)


class StaffMember(ma.Schema):
    """Somebody who can be given a job."""

    id = fields.UUID(required=True)
    role = fields.String(required=True)
    badge = fields.String(required=True, allow_none=True)
    skills = fields.List(fields.String(), required=True)
    community_ids = fields.List(fields.UUID(), required=True)
    on_duty = fields.Boolean(
        required=True, allow_none=True, metadata={"description": "null where no shift of theirs is known."}
    )
    on_duty_until = fields.AwareDateTime(required=True, allow_none=True)


class Staff(ma.Schema):
    """Active staff."""

    items = fields.List(fields.Nested(StaffMember), required=True)
