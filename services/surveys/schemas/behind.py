"""What the lists behind figures are asked for, and what they answer."""

from typing import Any

import marshmallow as ma
from marshmallow import ValidationError, fields
from marshmallow.validate import OneOf

from services.kit.http import Page
from services.surveys.answering import AnsweredBy
from services.surveys.reports import visits
from services.surveys.reports.gap import BEHIND, CLOCKS
from services.surveys.reports.gap_deeds import DELIVERED
from services.surveys.reports.recovery import STEPS
from services.surveys.schemas.figures import Between

_OF_GAPS = tuple(dict.fromkeys(figure for figures in BEHIND.values() for figure in figures))


class _Behind(Between, Page):
    """A page of a list."""


class VisitsQuery(_Behind):
    """Which figure of satisfaction."""

    figure = fields.String(required=True, validate=OneOf(visits.FIGURES))


class DeedsQuery(_Behind):
    """Which count of the gaps, and of which clock where it counts clocks."""

    figure = fields.String(required=True, validate=OneOf(_OF_GAPS))
    clock = fields.String(load_default=None, validate=OneOf(DELIVERED))

    @ma.validates_schema
    def _of_clocks(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("clock") is not None and data.get("figure") not in CLOCKS:
            raise ValidationError("This figure counts no clocks of one kind.", field_name="clock")


class BalanceQuery(_Behind):
    """Which services of which household."""

    figure = fields.String(required=True, validate=OneOf(tuple(STEPS)))
    unit_id = fields.UUID(required=True)


class Said(ma.Schema):
    """What was said about a visit, shown on record: by the household, or in its place."""

    answered_by = fields.String(required=True, validate=OneOf([one.value for one in AnsweredBy]))
    solved = fields.Boolean(required=True)
    satisfaction = fields.Integer(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)


class Counted(ma.Schema):
    """One thing that a figure counts: a visit, a clock (`kind`), a promise or a job, and what came of it (`state`).

    `at` is when the household was asked or answered, the job was filed, or the time that was promised.
    """

    ticket_id = fields.UUID(required=True)
    ticket_number = fields.String(required=True, allow_none=True)
    community_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)
    kind = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    late_seconds = fields.Float(required=True, allow_none=True)
    said = fields.Nested(Said, required=True, allow_none=True)


class AllCounted(ma.Schema):
    """One page of what a figure counts, as many on all pages as the figure says."""

    items = fields.List(fields.Nested(Counted), required=True)
