"""What the routes about promptness, calls and incidents take and give."""

from typing import Any

import marshmallow as ma

from services.kit.exports import REPORT
from services.kit.http import Line, Page, Prose, StrictSchema
from services.kit.http.sheets import InFormat
from services.notify.commands.phone_tasks import OUTCOMES
from services.notify.queries.tellings import FIGURES, GROUPINGS, PERCENTS

_KEY: dict[str, Any] = {"required": True, "allow_none": True}


class Between(StrictSchema):
    """A period by when things happened (`to` not included), and what it is narrowed to."""

    since = ma.fields.AwareDateTime(data_key="from", load_default=None)
    until = ma.fields.AwareDateTime(data_key="to", load_default=None)
    community_id = ma.fields.UUID(load_default=None)
    urgency = ma.fields.String(load_default=None, validate=ma.validate.Length(max=20))
    kind = ma.fields.String(load_default=None, validate=ma.validate.Length(max=60))


class ToldQuery(Between, InFormat):
    """How the report is grouped, and in which format."""

    group_by = ma.fields.String(load_default="urgency", validate=ma.validate.OneOf(tuple(GROUPINGS)))


class BehindQuery(Between, Page):
    """Which figure, and of which group where not of all."""

    figure = ma.fields.String(required=True, validate=ma.validate.OneOf(FIGURES))
    group_by = ma.fields.String(load_default=None, validate=ma.validate.OneOf(tuple(GROUPINGS)))
    group = Line(most=60, load_default=None)

    @ma.validates_schema
    def _both(self, data: dict[str, Any], **_: Any) -> None:
        if (data.get("group_by") is None) != (data.get("group") is None):
            raise ma.ValidationError("Give both `group_by` and `group`, or neither.", field_name="group")


Seconds = ma.Schema.from_dict(
    {f"p{percent}": ma.fields.Float(required=True, allow_none=True) for percent in PERCENTS}, name="ToldSeconds"
)


class ToldRow(ma.Schema):
    """One group. In time, late, waiting and undelivered add up to n; overdue are the waiting past their time, and told
    those in time or late, which `seconds` are of.

    `low` and `high` are where the true share lies 95 times in 100 (Wilson), `behind` the lists of what is counted.
    """

    group = ma.fields.Raw(required=True, allow_none=True)
    name = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), **_KEY)
    n = ma.fields.Integer(required=True)
    told = ma.fields.Integer(required=True)
    in_time = ma.fields.Integer(required=True)
    late = ma.fields.Integer(required=True)
    waiting = ma.fields.Integer(required=True)
    overdue = ma.fields.Integer(required=True)
    undelivered = ma.fields.Integer(required=True)
    read = ma.fields.Integer(required=True)
    in_time_share = ma.fields.Float(**_KEY)
    low = ma.fields.Float(**_KEY)
    high = ma.fields.Float(**_KEY)
    seconds = ma.fields.Nested(Seconds, required=True)
    behind = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), required=True)


class ToldReport(ma.Schema):
    """How quickly people were told; `terms_version` says by which targets the newest of them were measured."""

    asof = ma.fields.AwareDateTime(required=True)
    items = ma.fields.List(ma.fields.Nested(ToldRow), required=True)
    group_by = ma.fields.String(required=True)
    terms_version = ma.fields.Integer(required=True)


class Telling(ma.Schema):
    """One notice without its words: about what, for whom in which role, until when, and what came of it."""

    ticket_id = ma.fields.UUID(**_KEY)
    ticket_number = ma.fields.String(**_KEY)
    community_id = ma.fields.UUID(**_KEY)
    kind = ma.fields.String(required=True)
    name = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String(), **_KEY)
    audience = ma.fields.String(required=True)
    urgency = ma.fields.String(required=True)
    need_level = ma.fields.Integer(**_KEY)
    at = ma.fields.AwareDateTime(required=True)
    target_at = ma.fields.AwareDateTime(required=True)
    told_at = ma.fields.AwareDateTime(**_KEY)
    accepted_by = ma.fields.String(**_KEY)
    read_at = ma.fields.AwareDateTime(**_KEY)
    state = ma.fields.String(required=True, validate=ma.validate.OneOf(("in_time", "late", "waiting", "undelivered")))
    late_seconds = ma.fields.Float(**_KEY)


class TellingPage(ma.Schema):
    """One page of what a figure counts; the next page's address is in the Link header."""

    items = ma.fields.List(ma.fields.Nested(Telling), required=True)


class TakenOut(ma.Schema):
    """Somebody took a report (`subject`) out as a table."""

    id = ma.fields.UUID(required=True)
    what = ma.fields.String(required=True, validate=ma.validate.OneOf((REPORT,)))
    subject = ma.fields.String(required=True)
    community_id = ma.fields.UUID(**_KEY)
    ticket_id = ma.fields.UUID(**_KEY)
    viewer_id = ma.fields.UUID(required=True)
    viewer_role = ma.fields.String(required=True)
    viewer_name = ma.fields.String(**_KEY)
    at = ma.fields.AwareDateTime(required=True)


class TakenOutQuery(Page):
    """Who took out; without anybody, everybody."""

    viewer_id = ma.fields.UUID(load_default=None)


class TakenOutPage(ma.Schema):
    """One page of what was taken out, the latest first."""

    items = ma.fields.List(ma.fields.Nested(TakenOut), required=True)


class PhoneTasksQuery(Page):
    """Which calls to list; without a state all that are still to be made."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(("open", "claimed", "done")))
    ticket_id = ma.fields.UUID(load_default=None)


class PhoneTaskView(ma.Schema):
    """A call to make: whom, about what, in whose language, and how it went."""

    id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    ticket_id = ma.fields.UUID(**_KEY)
    community_id = ma.fields.UUID(**_KEY)
    kind = ma.fields.String(required=True)
    audience = ma.fields.String(required=True)
    locale = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    state = ma.fields.String(required=True)
    attempts = ma.fields.Integer(required=True)
    outcome = ma.fields.String(**_KEY)
    claimed_by = ma.fields.UUID(**_KEY)
    claimed_at = ma.fields.AwareDateTime(**_KEY)
    call_from = ma.fields.AwareDateTime(**_KEY)
    created_at = ma.fields.AwareDateTime(required=True)
    done_at = ma.fields.AwareDateTime(**_KEY)


class PhoneTaskPage(ma.Schema):
    """Calls to make, the oldest first."""

    items = ma.fields.List(ma.fields.Nested(PhoneTaskView), required=True)


class Outcome(StrictSchema):
    """How a call went. `no_number` is for somebody the desk has no telephone number of."""

    outcome = ma.fields.String(required=True, validate=ma.validate.OneOf(OUTCOMES))


class IncidentsQuery(Page):
    """Which incidents to list; without `open` all of them."""

    open = ma.fields.Boolean(load_default=None)
    ticket_id = ma.fields.UUID(load_default=None)


class IncidentView(ma.Schema):
    """An emergency nobody was told of (`undelivered`) or nobody acknowledged."""

    id = ma.fields.UUID(required=True)
    person_id = ma.fields.UUID(required=True)
    ticket_id = ma.fields.UUID(**_KEY)
    community_id = ma.fields.UUID(**_KEY)
    kind = ma.fields.String(required=True)
    audience = ma.fields.String(required=True)
    cause = ma.fields.String(required=True)
    opened_at = ma.fields.AwareDateTime(required=True)
    closed_at = ma.fields.AwareDateTime(**_KEY)
    closed_by = ma.fields.UUID(**_KEY)
    remark = ma.fields.String(**_KEY)


class IncidentPage(ma.Schema):
    """Incidents, the newest first."""

    items = ma.fields.List(ma.fields.Nested(IncidentView), required=True)


class Remark(StrictSchema):
    """What was done about an incident."""

    remark = Prose(required=True, most=1000)
