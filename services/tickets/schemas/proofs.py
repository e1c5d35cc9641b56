"""What the API answers about one clock's story: documentation, proved by tests, because answers are built by hand."""

import marshmallow as ma
from marshmallow import fields

from services.tickets.schemas.output import Clock


class StoryLine(ma.Schema):
    """One moment of a clock's story; `until` is the end of what lasted. `says` has a sentence by language."""

    at = fields.AwareDateTime(required=True)
    until = fields.AwareDateTime(required=True, allow_none=True)
    what = fields.String(required=True)
    says = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class ClockStory(ma.Schema):
    """A clock as it stands now, and why; the last line is the sum."""

    clock = fields.Nested(Clock, required=True)
    timeline = fields.List(fields.Nested(StoryLine), required=True)
