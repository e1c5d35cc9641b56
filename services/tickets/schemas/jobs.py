"""What a crew member's phone keeps of their jobs, and what it is told where the desk refuses what was done."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.kit.http import Line, StrictSchema
from services.tickets import lifecycle
from services.tickets.schemas.complaints import ComplaintView
from services.tickets.schemas.looked_up import Job
from services.tickets.schemas.output import Clock, CommentView, Owner, PhotoView, Ticket
from services.tickets.schemas.plans import CheckpointView

WHYS = (
    "stale", "status_changed", "step_changed", "taken", "not_yours", "not_now", "already_done", "overtaken",
    "not_allowed", "invalid", "conflict", "forbidden",
)  # fmt: skip


class Waitable(ma.Schema):
    """What a job may wait for under its policy, and how long at the most."""

    reason = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    longest_seconds = fields.Integer(required=True)


class JobClock(Clock):
    """A clock without what changes with every second."""

    class Meta:
        exclude = ("contract_seconds", "lived_seconds", "pause_seconds", "remaining_seconds")


class JobRemark(CommentView):
    """What somebody wrote about a job."""

    class Meta:
        exclude = ("ticket_id",)


class JobPhoto(PhotoView):
    """A photo of a job."""

    class Meta:
        exclude = ("ticket_id", "size_bytes", "sha256")


class MyJob(ma.Schema):
    """A job with everything that is needed about it where there is no signal."""

    ticket = fields.Nested(Ticket, required=True)
    etag = fields.String(required=True)
    timezone = fields.String(required=True)
    building_name = fields.String(required=True, allow_none=True)
    household = fields.String(required=True, allow_none=True)
    clocks = fields.List(fields.Nested(JobClock), required=True)
    pauses = fields.List(fields.Nested(Waitable), required=True)
    longest_back_seconds = fields.Integer(required=True)
    phone = fields.String(required=True, allow_none=True)
    checklist = fields.List(fields.Nested(CheckpointView), required=True)
    remarks = fields.List(fields.Nested(JobRemark), required=True)
    photos = fields.List(fields.Nested(JobPhoto), required=True)


class MyJobs(ma.Schema):
    """One's own open jobs, the nearest deadline first."""

    items = fields.List(fields.Nested(MyJob), required=True)


class LabelQuery(StrictSchema):
    """What the label at a checkpoint says: its code, or the address its picture holds."""

    code = Line(required=True, most=300)


class FoundCheckpoint(CheckpointView):
    """A checkpoint with the round it belongs to."""

    ticket_id = fields.UUID(required=True)


class FoundCheckpoints(ma.Schema):
    """The checkpoints of one's own rounds that have a label, those not looked at yet first."""

    items = fields.List(fields.Nested(FoundCheckpoint), required=True)


class Wanted(ma.Schema):
    """What was asked for; `done_at` is the phone's time put right by what its clock says now."""

    action = fields.String(required=True)
    acted_at = fields.AwareDateTime(required=True, allow_none=True)
    sent_at = fields.AwareDateTime(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    expected_status = fields.String(required=True, allow_none=True)


class By(ma.Schema):
    """Who did something."""

    id = fields.UUID(required=True)
    role = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class GivenBy(By):
    """Who made the owner accountable, and how."""

    action = fields.String(required=True)


class LastStep(ma.Schema):
    """The last entry of a ticket's history."""

    action = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    by = fields.Nested(By, required=True)


class TicketNow(ma.Schema):
    """A ticket as it is now, in short; `was_yours_until` for somebody who lost it."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    version = fields.Integer(required=True)
    owner = fields.Nested(Owner, required=True)
    owner_since = fields.AwareDateTime(required=True)
    owner_by = fields.Nested(GivenBy, required=True)
    last = fields.Nested(LastStep, required=True)
    was_yours_until = fields.AwareDateTime(required=True, allow_none=True)
    waiting_reason = fields.String(required=True, allow_none=True)
    paused_until = fields.AwareDateTime(required=True, allow_none=True)
    actions = fields.List(fields.String(), required=True)


class Refusal(ma.Schema):
    """Why a step was refused, what was wanted, and what the ticket is now, so that somebody can choose.

    Of a complaint's step that is the complaint as it is now, too, where it is the caller's to read.
    """

    code = fields.String(required=True)
    detail = fields.String(required=True)
    why = fields.String(validate=OneOf(WHYS))
    wanted = fields.Nested(Wanted)
    ticket = fields.Nested(TicketNow)
    next_jobs = fields.List(fields.Nested(Job))
    complaint = fields.Nested(ComplaintView)
