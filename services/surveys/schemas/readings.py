"""What the routes take and give by which staff read what households said, and who read it."""

import marshmallow as ma

from services.kit.exports import REPORT
from services.kit.http import Page
from services.surveys.answering import SPOKESPEOPLE, AnsweredBy, Channel
from services.surveys.models.readings import PURPOSES, READERS
from services.surveys.queries.readings import ANSWERS


class ReadingQuery(Page):
    """Of which ticket or community, and why somebody reads: without a ticket they name a purpose."""

    ticket_id = ma.fields.UUID(load_default=None)
    community_id = ma.fields.UUID(load_default=None)
    purpose = ma.fields.String(load_default=None, validate=ma.validate.OneOf(PURPOSES[1:]))


class WordsSaid(ma.Schema):
    """One answer with its words; `comment` is null where nothing was written, or it was erased."""

    survey_id = ma.fields.UUID(required=True)
    ticket_id = ma.fields.UUID(required=True)
    ticket_number = ma.fields.String(required=True)
    completion = ma.fields.Integer(required=True)
    community_id = ma.fields.UUID(required=True)
    answered_by = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in AnsweredBy]))
    channel = ma.fields.String(required=True, validate=ma.validate.OneOf([one.value for one in Channel]))
    recorded_by = ma.fields.UUID(required=True, allow_none=True)
    spoken_by = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf([*SPOKESPEOPLE, None]))
    late = ma.fields.Boolean(required=True)
    solved = ma.fields.Boolean(required=True)
    satisfaction = ma.fields.Integer(required=True, allow_none=True)
    comment = ma.fields.String(required=True, allow_none=True)
    answered_at = ma.fields.AwareDateTime(required=True)


class AllWordsSaid(ma.Schema):
    """One page of answers; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(WordsSaid), required=True)


class ReadingsQuery(Page):
    """Readings of which ticket or home, and whose; without anything, all of them."""

    ticket_id = ma.fields.UUID(load_default=None)
    unit_id = ma.fields.UUID(load_default=None)
    viewer_id = ma.fields.UUID(load_default=None)


class ReadingView(ma.Schema):
    """Somebody read what was said, about which ticket and why, or took out a report (`subject`) as a table."""

    id = ma.fields.UUID(required=True)
    what = ma.fields.String(required=True, validate=ma.validate.OneOf((ANSWERS, REPORT)))
    community_id = ma.fields.UUID(required=True, allow_none=True)
    survey_id = ma.fields.UUID(required=True, allow_none=True)
    ticket_id = ma.fields.UUID(required=True, allow_none=True)
    unit_id = ma.fields.UUID(required=True, allow_none=True)
    subject = ma.fields.String(required=True, allow_none=True)
    viewer_id = ma.fields.UUID(required=True)
    viewer_role = ma.fields.String(required=True, validate=ma.validate.OneOf((*READERS, "admin")))
    viewer_name = ma.fields.String(required=True, allow_none=True)
    purpose = ma.fields.String(required=True, allow_none=True, validate=ma.validate.OneOf((*PURPOSES, None)))
    at = ma.fields.AwareDateTime(required=True)


class Readings(ma.Schema):
    """One page of who read; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(ReadingView), required=True)
