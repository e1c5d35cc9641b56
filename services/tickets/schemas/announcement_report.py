"""What the report on announcements is asked for and answers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import OneOf

from services.tickets.queries.reports.announcements import ANNOUNCEMENT_GROUPINGS
from services.tickets.schemas.figures import AskedAgain, Share, count, links, listed
from services.tickets.schemas.reports import Period


class AnnouncementReportQuery(Period):
    """Announcements by when they were published."""

    group_by = fields.String(load_default="community", validate=OneOf(ANNOUNCEMENT_GROUPINGS))


class AnnouncementFigures(ma.Schema):
    """Announcements, homes and requests, each counted as itself.

    `bound` are those that a notice period binds, of which `in_time` is a share; `households_read` is one of the homes
    told, each counted once an announcement. `announcements` are addresses of lists of announcements, which say of each
    how many homes heard and read it; `joined` counts requests, and `behind` lists them.
    """

    published = count()
    bound = count()
    in_time = fields.Nested(Share, required=True)
    late = count()
    households_told = count()
    households_read = fields.Nested(Share, required=True)
    joined = count()
    announcements = links()
    behind = listed()


class AnnouncementGroup(AnnouncementFigures):
    """The announcements of one community, kind or month."""

    key = fields.String(required=True)
    name = fields.String(required=True, allow_none=True)


class LateAnnouncement(ma.Schema):
    """One that came later than its notice period asks."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    kind = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    published_at = fields.AwareDateTime(required=True)
    required_seconds = fields.Integer(required=True)
    late_because = fields.String(required=True, allow_none=True)


class AnnouncementReport(AskedAgain):
    """Which announcements came in time and were read, and the latest 100 that came too late."""

    community_id = fields.UUID(required=True, allow_none=True)
    group_by = fields.String(required=True)
    interval = fields.String(required=True)
    groups = fields.List(fields.Nested(AnnouncementGroup), required=True)
    total = fields.Nested(AnnouncementFigures, required=True)
    late_list = fields.List(fields.Nested(LateAnnouncement), required=True)
