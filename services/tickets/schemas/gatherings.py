"""What is said and shown of community events, volunteers and their hours."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.tickets.gathering import HOURS_STATES, NEED_LEVELS, PLACES, SKILLS, STATES
from services.tickets.schemas.households import NameView
from services.tickets.schemas.plans import in_our_time

MOST_PLACES = 10_000


class EventChange(StrictSchema):
    """What may be changed of an event; what is left out stays."""

    title = Line(most=120)
    description = Prose(most=4000)
    location = Line(most=200)
    need_level = fields.Integer(strict=True, validate=OneOf(NEED_LEVELS))
    starts_at = fields.AwareDateTime(validate=in_our_time)
    ends_at = fields.AwareDateTime(validate=in_our_time)
    sign_up_until = fields.AwareDateTime(validate=in_our_time)
    capacity = fields.Integer(strict=True, validate=Range(min=1, max=MOST_PLACES))


class NewEvent(EventChange):
    """An event of a community: a get-together of level 3, or one of esteem and growth, 4 and 5."""

    community_id = fields.UUID(required=True)
    title = Line(most=120, required=True)
    description = Prose(most=4000, required=True)
    location = Line(most=200, required=True)
    need_level = fields.Integer(strict=True, load_default=3, validate=OneOf(NEED_LEVELS))
    starts_at = fields.AwareDateTime(required=True, validate=in_our_time)
    ends_at = fields.AwareDateTime(required=True, validate=in_our_time)
    sign_up_until = fields.AwareDateTime(load_default=None, allow_none=True, validate=in_our_time)
    capacity = fields.Integer(strict=True, required=True, validate=Range(min=1, max=MOST_PLACES))


class EventQuery(Page):
    """Which events: those to come, or those that are over."""

    community_id = fields.UUID(load_default=None)
    past = fields.Boolean(load_default=False, truthy={"true"}, falsy={"false"})


class Attendance(StrictSchema):
    """Who came, or did not."""

    person_id = fields.UUID(required=True)
    attended = TrueOrFalse(required=True)


class VolunteerOffer(StrictSchema):
    """What somebody offers to do for their neighbours; no skill takes the offer back."""

    skills = fields.List(fields.String(validate=OneOf(tuple(SKILLS))), required=True, validate=Length(max=len(SKILLS)))
    note = Prose(most=500, allow_none=True, load_default=None)
    community_id = fields.UUID(load_default=None)


class NewHours(StrictSchema):
    """Time given; `person_id` only where the desk records it for somebody."""

    person_id = fields.UUID(load_default=None)
    gathering_id = fields.UUID(data_key="event_id", load_default=None)
    on_date = fields.Date(required=True)
    minutes = fields.Integer(strict=True, required=True, validate=Range(min=1, max=24 * 60))
    what = Line(most=200, required=True)


class HoursDecision(StrictSchema):
    """Whether hours are confirmed; declined ones need a reason."""

    confirmed = TrueOrFalse(required=True)
    reason = Prose(most=500, load_default=None)


class VolunteerQuery(Page):
    """Which volunteers."""

    skill = fields.String(load_default=None, validate=OneOf(tuple(SKILLS)))
    community_id = fields.UUID(load_default=None)


class HoursQuery(Page):
    """Which hours; a resident's are always their own."""

    state = fields.String(load_default=None, validate=OneOf(HOURS_STATES))
    person_id = fields.UUID(load_default=None)


class EventView(ma.Schema):
    """An event with how many have a place, wait and came; `my_place` is the caller's own."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    location = fields.String(required=True)
    need_level = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    sign_up_until = fields.AwareDateTime(required=True)
    capacity = fields.Integer(required=True)
    taken = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    attended = fields.Integer(required=True)
    my_place = fields.String(required=True, allow_none=True, validate=OneOf((*PLACES, None)))
    state = fields.String(required=True, validate=OneOf(STATES))
    version = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True)
    changed_at = fields.AwareDateTime(required=True)


class Events(ma.Schema):
    """A page of events."""

    items = fields.List(fields.Nested(EventView), required=True)


class SignUpView(ma.Schema):
    """Somebody who signed up."""

    person_id = fields.UUID(required=True)
    place = fields.String(required=True, validate=OneOf(PLACES))
    attended = fields.Boolean(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class SignUps(ma.Schema):
    """A page of who signed up, in the order of their turns."""

    items = fields.List(fields.Nested(SignUpView), required=True)


class SkillView(ma.Schema):
    """A skill with its name in each language."""

    code = fields.String(required=True, validate=OneOf(tuple(SKILLS)))
    name = fields.Nested(NameView, required=True)


class VolunteerView(ma.Schema):
    """What somebody offers, and the minutes they gave: confirmed by the desk, and waiting to be."""

    person_id = fields.UUID(required=True)
    community_id = fields.UUID(required=True, allow_none=True)
    skills = fields.List(fields.Nested(SkillView), required=True)
    note = fields.String(required=True, allow_none=True)
    offered_at = fields.AwareDateTime(required=True, allow_none=True)
    confirmed_minutes = fields.Integer(required=True)
    waiting_minutes = fields.Integer(required=True)


class Volunteers(ma.Schema):
    """A page of volunteers."""

    items = fields.List(fields.Nested(VolunteerView), required=True)


class HoursView(ma.Schema):
    """Time that somebody gave."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    event_id = fields.UUID(required=True, allow_none=True)
    on_date = fields.Date(required=True)
    minutes = fields.Integer(required=True)
    what = fields.String(required=True)
    state = fields.String(required=True, validate=OneOf(HOURS_STATES))
    recorded_by = fields.UUID(required=True)
    recorded_at = fields.AwareDateTime(required=True)
    decided_by = fields.UUID(required=True, allow_none=True)
    decided_at = fields.AwareDateTime(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


class Hours(ma.Schema):
    """A page of hours."""

    items = fields.List(fields.Nested(HoursView), required=True)
