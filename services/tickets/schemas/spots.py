"""The shapes of spots, and of what people without an account send and are told."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets import lifecycle
from services.tickets.catalogue import URGENCIES
from services.tickets.estate.codes import LONGEST_NAME
from services.tickets.estate.spots import KINDS
from services.tickets.schemas.contacts import phone_number
from services.tickets.schemas.output import Because


class NewSpot(StrictSchema):
    """A spot in a building, or out of doors in a community; at a `shared` one anybody may report something."""

    building_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)
    name = Line(required=True, most=LONGEST_NAME)
    name_en = Line(most=LONGEST_NAME, load_default=None)
    kind = fields.String(required=True, validate=OneOf(KINDS))
    shared = TrueOrFalse(load_default=True)


class SpotChange(StrictSchema):
    """What changes; the code of a closed spot opens nothing."""

    name = Line(most=LONGEST_NAME)
    name_en = Line(most=LONGEST_NAME, allow_none=True)
    kind = fields.String(validate=OneOf(KINDS))
    shared = TrueOrFalse()
    closed = TrueOrFalse()


class SpotQuery(Page):
    """What a list of spots is narrowed to."""

    community_id = fields.UUID(load_default=None)
    building_id = fields.UUID(load_default=None)


class SheetQuery(StrictSchema):
    """Whose spots are printed."""

    community_id = fields.UUID(load_default=None)
    building_id = fields.UUID(load_default=None)


class SpotName(ma.Schema):
    """What anybody may know of a spot."""

    community = fields.String(required=True)
    building = fields.String(required=True, allow_none=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    kind = fields.String(required=True, validate=OneOf(KINDS))
    shared = fields.Boolean(required=True)


class SpotView(SpotName):
    """A spot as staff see it; its code is a picture of `url`."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    building_id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True)
    url = fields.String(required=True)
    version = fields.Integer(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class Spots(ma.Schema):
    """A page of spots."""

    items = fields.List(fields.Nested(SpotView), required=True)


class PrintedSpot(SpotView):
    """A spot to print: `svg` is the picture of its code, an element to stand in a page."""

    svg = fields.String(required=True)


class Sheet(ma.Schema):
    """The open spots of a place, to print."""

    items = fields.List(fields.Nested(PrintedSpot), required=True)


class OpenThere(ma.Schema):
    """What is being done at a spot, without anybody's words."""

    catalogue_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    filed_at = fields.AwareDateTime(required=True)
    promised_at = fields.AwareDateTime(required=True, allow_none=True)


class Scanned(SpotName):
    """What is behind a code, and what is open there."""

    timezone = fields.String(required=True)
    open = fields.List(fields.Nested(OpenThere), required=True)


class VisitorsReport(StrictSchema):
    """What somebody found. Nothing of themselves is asked; a telephone number only to be called back."""

    description = Prose(required=True, most=1000)
    phone = phone_number(load_default=None)


class VisitorsReceipt(ma.Schema):
    """What became of a report; `follow_token` opens it at `follow_url` and nowhere else, so it is shown once."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    place = fields.String(required=True)
    catalogue_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    urgency = fields.String(required=True, validate=OneOf(URGENCIES))
    because = fields.List(fields.Nested(Because), required=True)
    filed_at = fields.AwareDateTime(required=True)
    follow_token = fields.String(required=True)
    follow_url = fields.String(required=True)


class TimelineStep(ma.Schema):
    """When a report came to a status."""

    at = fields.AwareDateTime(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))


class Followed(ma.Schema):
    """A report as whoever made it sees it."""

    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    place = fields.String(required=True, allow_none=True)
    community = fields.String(required=True)
    timezone = fields.String(required=True)
    catalogue_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    urgency = fields.String(required=True, validate=OneOf(URGENCIES))
    filed_at = fields.AwareDateTime(required=True)
    promised_at = fields.AwareDateTime(required=True, allow_none=True)
    timeline = fields.List(fields.Nested(TimelineStep), required=True)
    photos_left = fields.Integer(required=True)
    has_phone = fields.Boolean(required=True)


class VisitorsPhoto(ma.Schema):
    """A photo that was taken in."""

    id = fields.UUID(required=True)
    width = fields.Integer(required=True)
    height = fields.Integer(required=True)
    size_bytes = fields.Integer(required=True)
