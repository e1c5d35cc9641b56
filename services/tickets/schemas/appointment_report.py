"""What the report on appointments is asked for and answers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.queries.reports.appointments import APPOINTMENT_GROUPINGS
from services.tickets.schemas.figures import AskedAgain, Share, count, listed
from services.tickets.schemas.reports import Period


class AppointmentQuery(Period):
    """Windows by when both sides agreed to them."""

    group_by = fields.String(load_default="member", validate=OneOf(APPOINTMENT_GROUPINGS))


class AppointmentTotal(ma.Schema):
    """How many windows were agreed to, and what became of them; `agreed` are to come, or last.

    `kept_share` is of those kept or missed. They count windows; `behind` lists the tickets, each once.
    """

    appointments = count()
    kept = count()
    missed = count()
    not_at_home = count()
    replaced = count()
    called_off = count()
    ended = count()
    agreed = count()
    kept_share = fields.Nested(Share, required=True)
    behind = listed()


class AppointmentGroup(AppointmentTotal):
    """The windows of one member, community or work type; a member is whoever had the job when the window was over."""

    key = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)


class AppointmentReport(AskedAgain):
    """Whether somebody came when it was agreed, most missed first."""

    community_id = fields.UUID(required=True, allow_none=True)
    group_by = fields.String(required=True)
    interval = fields.String(required=True)
    groups = fields.List(fields.Nested(AppointmentGroup), required=True)
    total = fields.Nested(AppointmentTotal, required=True)
