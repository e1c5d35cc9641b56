"""What is said and shown of open reports with the same cause, and of requests that move with another."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.kit.http import Line, Prose, StrictSchema
from services.tickets import lifecycle
from services.tickets.schemas.acts import Act
from services.tickets.schemas.households import NameView

WHERES = ("home", "building", "shared_area", "community")


class SimilarQuery(StrictSchema):
    """Of which item, and where: a home, else the shared places of a community."""

    catalogue_code = Line(most=60, load_default=None)
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)


class Joining(Act):
    """The request that leads, and why the two have one cause."""

    to = fields.UUID(required=True)
    reason = Prose(most=1000, load_default=None)


class LeadView(ma.Schema):
    """An open report as whoever may join it sees it: no neighbour's name, words or home; those are for staff."""

    ticket_id = fields.UUID(required=True)
    announcement_id = fields.UUID(required=True, allow_none=True)
    catalogue_code = fields.String(required=True)
    catalogue_name = fields.Nested(NameView, required=True)
    where = fields.String(required=True, validate=OneOf(WHERES))
    building = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    since = fields.AwareDateTime(required=True)
    joined = fields.Integer(required=True)
    mine = fields.Boolean(required=True)
    number = fields.String(required=True, allow_none=True)
    title = fields.String(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)


class SimilarView(LeadView):
    """The same, with how alike it is: 1 is the same item in the same home."""

    score = fields.Float(required=True)


class SimilarReports(ma.Schema):
    """Open reports with what may be the same cause, the most alike first."""

    items = fields.List(fields.Nested(SimilarView), required=True)


class JoinedView(ma.Schema):
    """A request that moves with another."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    requester_id = fields.UUID(required=True)
    unit_name = fields.String(required=True, allow_none=True)


class JoinedReports(ma.Schema):
    """What a request moves with, and what moves with it: how many, and for staff which."""

    lead = fields.Nested(LeadView, required=True, allow_none=True)
    count = fields.Integer(required=True)
    joined = fields.List(fields.Nested(JoinedView), required=True)
