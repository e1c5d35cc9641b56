"""What is said and shown of shifts and of who is on duty."""

from datetime import date, timedelta
from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, Range, Regexp

from services.kit.http import Page, StrictSchema, TrueOrFalse
from services.tickets.schemas.plans import in_our_time

FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
MOST_DAYS = 31
# The length is said too, because `$` lets a line break pass.
_CLOCK = [Regexp(r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Length(equal=5)]


def _day(**more: Any) -> fields.Date:
    return fields.Date(validate=Range(min=FIRST, max=LAST), **more)


class _Clock(fields.Time):
    """A time of the day as a wall clock shows it: 08:30."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        for check in _CLOCK:
            if not isinstance(value, str):
                raise self.make_error("invalid", input=value, obj_type="time")
            check(value)
        return super()._deserialize(value, attr, data, **kwargs)


class ShiftChange(StrictSchema):
    """What may be changed of a shift; what is left out stays. `last_on` ends it, null takes the end away."""

    first_on = _day()
    last_on = _day(allow_none=True)
    begins = _Clock()
    ends = _Clock(metadata={"description": "At or before `begins`: on the next day."})
    rrule = fields.String(
        allow_none=True,
        validate=Length(min=1, max=300),
        metadata={"description": "RFC 5545, such as FREQ=WEEKLY;BYDAY=MO,TU; without it the shift is on one day."},
    )


class ShiftIn(ShiftChange):
    """A shift of a crew member in a community, on its wall clock."""

    community_id = fields.UUID(required=True)
    person_id = fields.UUID(required=True)
    first_on = _day(required=True)
    begins = _Clock(required=True)
    ends = _Clock(required=True)


class DaysOff(StrictSchema):
    """Days on which a shift does not begin (`off` true), or takes place again (false); both ends count."""

    since = _day(required=True)
    until = _day(required=True)
    off = TrueOrFalse(required=True)

    @ma.validates_schema
    def in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The days are in order, and no more than a year of them."""
        if "since" in data and "until" in data:
            if data["until"] < data["since"]:
                raise ma.ValidationError("Begins after it ends.", "until")
            if data["until"] - data["since"] > timedelta(days=366):
                raise ma.ValidationError("Longer than maximum length 366.", "until")


class ShiftsQuery(Page):
    """Which shifts to list; crews see their own."""

    community_id = fields.UUID(load_default=None)
    person_id = fields.UUID(load_default=None)


class ShiftView(ma.Schema):
    """A shift; dates and times are those on the wall of its community."""

    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    timezone = fields.String(required=True)
    person_id = fields.UUID(required=True)
    badge = fields.String(required=True, allow_none=True)
    first_on = fields.Date(required=True)
    last_on = fields.Date(required=True, allow_none=True)
    begins = fields.String(required=True)
    ends = fields.String(required=True)
    rrule = fields.String(required=True, allow_none=True)
    days_off = fields.List(fields.Date(), required=True)
    changed_by = fields.UUID(required=True)
    changed_at = fields.AwareDateTime(required=True)
    version = fields.Integer(required=True)


class Shifts(ma.Schema):
    """One page of shifts; the next page's address is in the Link header."""

    items = fields.List(fields.Nested(ShiftView), required=True)


class DutyQuery(StrictSchema):
    """When, and where; without a moment, now."""

    at = fields.AwareDateTime(load_default=None, validate=in_our_time)
    community_id = fields.UUID(load_default=None)


class _WindowView(ma.Schema):
    person_id = fields.UUID(required=True)
    badge = fields.String(required=True, allow_none=True)
    shift_id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    begins_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)


class OnDuty(_WindowView):
    """A crew member on duty."""

    skills = fields.List(fields.String(), required=True)


class DutyView(ma.Schema):
    """Who is on duty at a moment, whoever goes first first."""

    at = fields.AwareDateTime(required=True)
    items = fields.List(fields.Nested(OnDuty), required=True)


class RosterQuery(StrictSchema):
    """Between which moments, and where; 31 days at most."""

    since = fields.AwareDateTime(required=True, validate=in_our_time)
    until = fields.AwareDateTime(required=True, validate=in_our_time)
    community_id = fields.UUID(load_default=None)

    @ma.validates_schema
    def in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        """The moments are in order, and no further apart than a page can show."""
        if "since" in data and "until" in data:
            if data["until"] <= data["since"]:
                raise ma.ValidationError("Begins after it ends.", "until")
            if data["until"] - data["since"] > timedelta(days=MOST_DAYS):
                raise ma.ValidationError(f"Longer than maximum length {MOST_DAYS}.", "until")


class Roster(ma.Schema):
    """Every time on duty, in order."""

    items = fields.List(fields.Nested(_WindowView), required=True)
