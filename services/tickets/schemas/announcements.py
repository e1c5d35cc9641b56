"""What is said and shown of announcements and their readers."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets.announcing import KINDS, STATES
from services.tickets.schemas.households import NameView
from services.tickets.schemas.plans import in_our_time

MOST_PLACES = 2_000
_KIND = OneOf(tuple(KINDS))


def _ids(**kwargs: object) -> fields.List:
    return fields.List(fields.UUID(), validate=Length(max=MOST_PLACES), **kwargs)  # type: ignore[arg-type]


def _yes_or_no() -> fields.Boolean:
    return fields.Boolean(load_default=None, truthy={"true"}, falsy={"false"})


class AnnouncementChange(StrictSchema):
    """What may be changed; what is left out stays. Once published, only the words and the times."""

    kind = fields.String(validate=_KIND)
    planned = TrueOrFalse()
    building_ids = _ids()
    unit_ids = _ids()
    starts_at = fields.AwareDateTime(validate=in_our_time)
    ends_at = fields.AwareDateTime(allow_none=True, validate=in_our_time)
    title_zh = Line(most=120, allow_none=True)
    body_zh = Prose(most=4000, allow_none=True)
    title_en = Line(most=120, allow_none=True)
    body_en = Prose(most=4000, allow_none=True)
    ticket_id = fields.UUID(allow_none=True)
    late_because = Prose(most=500, load_default=None)


class NewAnnouncement(StrictSchema):
    """An announcement; without buildings and units it is for the whole community. Words in one language at least."""

    community_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    planned = TrueOrFalse(load_default=True)
    building_ids = _ids(load_default=())
    unit_ids = _ids(load_default=())
    starts_at = fields.AwareDateTime(required=True, validate=in_our_time)
    ends_at = fields.AwareDateTime(load_default=None, allow_none=True, validate=in_our_time)
    title_zh = Line(most=120, load_default=None, allow_none=True)
    body_zh = Prose(most=4000, load_default=None, allow_none=True)
    title_en = Line(most=120, load_default=None, allow_none=True)
    body_en = Prose(most=4000, load_default=None, allow_none=True)
    ticket_id = fields.UUID(load_default=None, allow_none=True)


class Publication(StrictSchema):
    """When to publish, by default now; and why later than the notice period asks, where that is so."""

    publish_at = fields.AwareDateTime(load_default=None, allow_none=True, validate=in_our_time)
    late_because = Prose(most=500, load_default=None)


class NoticeQuery(StrictSchema):
    """What is to be announced and when: by default at once."""

    community_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=_KIND)
    planned = fields.Boolean(load_default=True, truthy={"true"}, falsy={"false"})
    starts_at = fields.AwareDateTime(required=True, validate=in_our_time)
    publish_at = fields.AwareDateTime(load_default=None, validate=in_our_time)


class Notice(ma.Schema):
    """Whether it comes in time, and by which rule; everything is null where no rule asks for notice."""

    rule = fields.String(required=True, allow_none=True)
    source = fields.String(required=True, allow_none=True)
    required_seconds = fields.Integer(required=True, allow_none=True)
    earliest_start = fields.AwareDateTime(required=True, allow_none=True)
    in_time = fields.Boolean(required=True, allow_none=True)


class AnnouncementQuery(Page):
    """Which announcements. `current` are those published and not over; the others are past, withdrawn or to come.

    `published`, also those withdrawn since, between `published_from` and `published_to`, which is not included. For the
    desk: `bound` are those that a notice period binds, `in_time` those of them that kept it or did not.
    """

    community_id = fields.UUID(load_default=None)
    kind = fields.String(load_default=None, validate=_KIND)
    state = fields.String(load_default=None, validate=OneOf(STATES))
    current = _yes_or_no()
    published = _yes_or_no()
    published_from = fields.AwareDateTime(load_default=None)
    published_to = fields.AwareDateTime(load_default=None)
    bound = _yes_or_no()
    in_time = _yes_or_no()


class PlaceName(ma.Schema):
    """A building or a home by name."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)


class WordingAdvice(ma.Schema):
    """A phrase that is better said otherwise. Advice: it keeps nobody from publishing."""

    field = fields.String(required=True)
    text = fields.String(required=True)
    kind = fields.String(required=True)
    reason = fields.Nested(NameView, required=True)
    better = fields.Nested(NameView, required=True)


class AnnouncementView(ma.Schema):
    """An announcement. What is the desk's own matter is null for others; `read_at` is the resident's own."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    kind = fields.String(required=True, validate=_KIND)
    kind_name = fields.Nested(NameView, required=True)
    planned = fields.Boolean(required=True)
    state = fields.String(required=True, validate=OneOf(STATES))
    overdue = fields.Boolean(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    over_at = fields.AwareDateTime(required=True, allow_none=True)
    title_zh = fields.String(required=True, allow_none=True)
    body_zh = fields.String(required=True, allow_none=True)
    title_en = fields.String(required=True, allow_none=True)
    body_en = fields.String(required=True, allow_none=True)
    whole_community = fields.Boolean(required=True)
    buildings = fields.List(fields.Nested(PlaceName), required=True)
    units = fields.List(fields.Nested(PlaceName), required=True)
    ticket_id = fields.UUID(required=True, allow_none=True)
    joined = fields.Integer(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)
    is_read = fields.Boolean(required=True)
    version = fields.Integer(required=True)
    publish_at = fields.AwareDateTime(required=True, allow_none=True)
    rule = fields.String(required=True, allow_none=True)
    required_seconds = fields.Integer(required=True, allow_none=True)
    in_time = fields.Boolean(required=True, allow_none=True)
    late_because = fields.String(required=True, allow_none=True)
    withdrawn_because = fields.String(required=True, allow_none=True)
    remind_at = fields.AwareDateTime(required=True, allow_none=True)
    reminded_at = fields.AwareDateTime(required=True, allow_none=True)
    households_told = fields.Integer(required=True, allow_none=True)
    households_read = fields.Integer(required=True, allow_none=True)
    wording = fields.List(fields.Nested(WordingAdvice), required=True, allow_none=True)


class Announcements(ma.Schema):
    """A page of announcements."""

    items = fields.List(fields.Nested(AnnouncementView), required=True)


class AnnouncementStep(ma.Schema):
    """What was done about an announcement, with the times, reasons and words it had then."""

    version = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    actor_id = fields.UUID(required=True)
    action = fields.String(required=True)
    data = fields.Dict(required=True)


class AnnouncementSteps(ma.Schema):
    """The steps of an announcement in order."""

    items = fields.List(fields.Nested(AnnouncementStep), required=True)


class ReaderCounts(ma.Schema):
    """Homes concerned: told, read since the last change, not read, and those where nobody has an account."""

    households = fields.Integer(required=True)
    told = fields.Integer(required=True)
    read = fields.Integer(required=True)
    unread = fields.Integer(required=True)
    without_account = fields.Integer(required=True)


class ReadersOfBuilding(ReaderCounts):
    """The same of one building."""

    building_id = fields.UUID(required=True)
    name = fields.String(required=True)


class UnreadHome(ma.Schema):
    """A home in which nobody has read it."""

    unit_id = fields.UUID(required=True)
    unit_name = fields.String(required=True)
    building_id = fields.UUID(required=True)
    without_account = fields.Boolean(required=True)
    reminded_at = fields.AwareDateTime(required=True, allow_none=True)


class Readers(ReaderCounts):
    """Who has read an announcement; `unread_units` are the first 500 homes, by name."""

    buildings = fields.List(fields.Nested(ReadersOfBuilding), required=True)
    unread_units = fields.List(fields.Nested(UnreadHome), required=True)


class Reminded(ma.Schema):
    """How many homes were reminded."""

    households = fields.Integer(required=True)
    reminded_at = fields.AwareDateTime(required=True)
