"""What is said and shown of the dispatchers' board."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf, Range

from services.kit.http import Page
from services.kit.http.paging import DEFAULT_LIMIT
from services.tickets import catalogue, lifecycle
from services.tickets.queries.reports import NONE
from services.tickets.schemas.output import Appointment, Owner

# So many that a desk with a busy day sees all of it at once.
MOST = 250


class BoardQuery(Page):
    """A page of the board, of one community or of all the caller looks after; `need_level` “none”: without a level."""

    limit = fields.Integer(strict=False, load_default=DEFAULT_LIMIT, validate=Range(min=1, max=MOST))
    community_id = fields.UUID(load_default=None)
    need_level = fields.String(load_default=None, validate=OneOf((*map(str, catalogue.NEED_LEVELS), NONE)))


class BoardTicket(ma.Schema):
    """An open ticket in brief, with the nearest deadline that still runs; `joined` tickets move with it."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.OPEN))
    title = fields.String(required=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    unit_name = fields.String(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    work_type = fields.String(required=True, validate=OneOf(catalogue.WORK_TYPES))
    need_level = fields.Integer(required=True, allow_none=True)
    urgency = fields.String(required=True, validate=OneOf(catalogue.URGENCIES))
    owner = fields.Nested(Owner, required=True)
    waiting_reason = fields.String(required=True, allow_none=True)
    paused_until = fields.AwareDateTime(required=True, allow_none=True)
    objected_at = fields.AwareDateTime(required=True, allow_none=True)
    urges = fields.Integer(required=True)
    urged_at = fields.AwareDateTime(required=True, allow_none=True)
    promised_at = fields.AwareDateTime(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True)
    acknowledged_at = fields.AwareDateTime(required=True, allow_none=True)
    next_due_at = fields.AwareDateTime(required=True, allow_none=True)
    next_due_clock = fields.String(required=True, allow_none=True)
    appointment = fields.Nested(Appointment, required=True, allow_none=True)
    joined_to = fields.UUID(required=True, allow_none=True)
    joined = fields.Integer(required=True)
    version = fields.Integer(required=True)


class BoardCount(ma.Schema):
    """How many open tickets have a status and a need level; how many of them nobody has, and how many are late."""

    status = fields.String(required=True, validate=OneOf(lifecycle.OPEN))
    need_level = fields.Integer(required=True, allow_none=True)
    n = fields.Integer(required=True)
    unclaimed = fields.Integer(required=True)
    overdue = fields.Integer(required=True)


class Board(ma.Schema):
    """A page of open tickets, what nobody has first, then the nearest deadline; counts are of every need level."""

    items = fields.List(fields.Nested(BoardTicket), required=True)
    counts = fields.List(fields.Nested(BoardCount), required=True)
