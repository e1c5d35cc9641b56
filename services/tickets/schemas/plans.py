"""What is said and shown of recurring plans, their due times and their rounds."""

from datetime import datetime

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, Prose, StrictSchema
from services.tickets import catalogue
from services.tickets.commands.rounds import RESULTS
from services.tickets.plans import kinds
from services.tickets.schemas.acts import Told
from services.tickets.schemas.households import NameView

MOST_CHECKPOINTS = 200
LONGEST_LEAD_HOURS = 24 * 60
LONGEST_LATE_HOURS = 24 * 30
FIRST_YEAR, LAST_YEAR = 2000, 2199


def in_our_time(value: datetime) -> None:
    """Refuse a moment that lies so far off that no calendar could be asked about it."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ma.ValidationError(f"Must lie within the years {FIRST_YEAR} to {LAST_YEAR}.")


def _start(**kwargs: object) -> fields.AwareDateTime:
    return fields.AwareDateTime(validate=in_our_time, **kwargs)  # type: ignore[arg-type]


class CheckpointIn(StrictSchema):
    """A place to look at. `code` is what its label says; `repair_code` the catalogue item where it fails."""

    name = Line(required=True, most=80)
    instruction = Prose(most=500, allow_none=True, load_default=None)
    code = Line(most=120, allow_none=True, load_default=None)
    repair_code = Line(most=60, allow_none=True, load_default=None)


class PlanChange(StrictSchema):
    """What may be changed of a plan; what is left out stays, and `checkpoints` are given whole."""

    title = Line(most=120)
    description = Prose(most=4000)
    catalogue_code = Line(most=60)
    urgency = fields.String(allow_none=True, validate=OneOf(catalogue.URGENCIES))
    resident_id = fields.UUID(allow_none=True)
    rrule = fields.String(validate=Length(min=1, max=300))
    starts_at = _start()
    ends_at = _start(allow_none=True)
    lead_hours = fields.Integer(strict=True, validate=Range(min=0, max=LONGEST_LEAD_HOURS))
    if_missed = fields.String(validate=OneOf(kinds.IF_MISSED))
    late_hours = fields.Integer(strict=True, validate=Range(min=0, max=LONGEST_LATE_HOURS))
    checkpoints = fields.List(fields.Nested(CheckpointIn), validate=Length(max=MOST_CHECKPOINTS))


class NewPlan(PlanChange):
    """A plan: what, where, and by which RRULE. Times are turned to the community's wall clock and stay on it."""

    kind = fields.String(required=True, validate=OneOf(tuple(kinds.KINDS)))
    unit_id = fields.UUID(load_default=None)
    community_id = fields.UUID(load_default=None)
    location = Line(most=200, load_default=None)
    title = Line(most=120, required=True)
    description = Prose(most=4000, required=True)
    catalogue_code = Line(most=60, required=True)
    rrule = fields.String(required=True, validate=Length(min=1, max=300))
    starts_at = _start(required=True)
    lead_hours = fields.Integer(strict=True, load_default=0, validate=Range(min=0, max=LONGEST_LEAD_HOURS))
    if_missed = fields.String(load_default=kinds.FILE, validate=OneOf(kinds.IF_MISSED))
    late_hours = fields.Integer(strict=True, load_default=24, validate=Range(min=0, max=LONGEST_LATE_HOURS))


class PlanQuery(Page):
    """What a list of plans is narrowed to."""

    state = fields.String(load_default=None, validate=OneOf(kinds.STATES))
    kind = fields.String(load_default=None, validate=OneOf(tuple(kinds.KINDS)))
    community_id = fields.UUID(load_default=None)


class PlanTimesQuery(StrictSchema):
    """A rule to look at before a plan has it; with `plan_id`, times that plan has on record already are left out."""

    community_id = fields.UUID(required=True)
    rrule = fields.String(required=True, validate=Length(min=1, max=300))
    starts_at = _start(required=True)
    ends_at = _start(load_default=None)
    plan_id = fields.UUID(load_default=None)


class PlanTimes(ma.Schema):
    """The rule as it would be kept, and the `next` times it is due, as the community's clocks will show."""

    rrule = fields.String(required=True)
    timezone = fields.String(required=True)
    next = fields.List(fields.AwareDateTime(), required=True)


class Tick(Told):
    """What was found at a checkpoint. One that failed needs a note; one with a label needs the `code` on it."""

    result = fields.String(required=True, validate=OneOf(RESULTS))
    note = Prose(most=1000, load_default=None)
    photo_id = fields.UUID(load_default=None)
    code = Line(most=120, load_default=None)


class PlannedPoint(ma.Schema):
    """A checkpoint of a plan."""

    n = fields.Integer(required=True)
    name = fields.String(required=True)
    instruction = fields.String(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    repair_code = fields.String(required=True, allow_none=True)


class PlanBrief(ma.Schema):
    """A plan in a list."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    unit_id = fields.UUID(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True, validate=OneOf(tuple(kinds.KINDS)))
    kind_name = fields.Nested(NameView, required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    catalogue_code = fields.String(required=True)
    urgency = fields.String(required=True, allow_none=True, validate=OneOf((*catalogue.URGENCIES, None)))
    resident_id = fields.UUID(required=True, allow_none=True)
    rrule = fields.String(required=True)
    timezone = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    lead_hours = fields.Integer(required=True)
    if_missed = fields.String(required=True, validate=OneOf(kinds.IF_MISSED))
    late_hours = fields.Integer(required=True)
    state = fields.String(required=True, validate=OneOf(kinds.STATES))
    next_at = fields.AwareDateTime(required=True, allow_none=True)
    file_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)
    created_by = fields.UUID(required=True)
    created_at = fields.AwareDateTime(required=True)
    changed_by = fields.UUID(required=True)
    changed_at = fields.AwareDateTime(required=True)


class PlanView(PlanBrief):
    """A plan with its checkpoints and the `next` times it is due, as the community's clocks will show."""

    checkpoints = fields.List(fields.Nested(PlannedPoint), required=True)
    next = fields.List(fields.AwareDateTime(), required=True)


class Plans(ma.Schema):
    """A page of plans."""

    items = fields.List(fields.Nested(PlanBrief), required=True)


class Occurrence(ma.Schema):
    """A time a plan was due: its ticket, or `because` of what there is none."""

    occurs_at = fields.AwareDateTime(required=True)
    outcome = fields.String(required=True, validate=OneOf(kinds.OUTCOMES))
    because = fields.String(required=True, allow_none=True, validate=OneOf((*kinds.BECAUSE, None)))
    ticket_id = fields.UUID(required=True, allow_none=True)
    number = fields.String(required=True, allow_none=True)
    status = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class Occurrences(ma.Schema):
    """A page of the times a plan was due."""

    items = fields.List(fields.Nested(Occurrence), required=True)


class CheckpointView(ma.Schema):
    """A checkpoint of a round and what was found there."""

    n = fields.Integer(required=True)
    name = fields.String(required=True)
    instruction = fields.String(required=True, allow_none=True)
    needs_code = fields.Boolean(required=True)
    result = fields.String(required=True, allow_none=True, validate=OneOf((*RESULTS, None)))
    note = fields.String(required=True, allow_none=True)
    photo_id = fields.UUID(required=True, allow_none=True)
    ticked_by = fields.UUID(required=True, allow_none=True)
    ticked_by_name = fields.String(required=True, allow_none=True)
    ticked_at = fields.AwareDateTime(required=True, allow_none=True)
    repair_ticket_id = fields.UUID(required=True, allow_none=True)


class Round(ma.Schema):
    """The checkpoints of a ticket, in order; how many nobody looked at yet, and how many failed."""

    items = fields.List(fields.Nested(CheckpointView), required=True)
    open = fields.Integer(required=True)
    failed = fields.Integer(required=True)
    plan_id = fields.UUID(required=True, allow_none=True)
    occurs_at = fields.AwareDateTime(required=True, allow_none=True)
