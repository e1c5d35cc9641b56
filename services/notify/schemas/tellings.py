"""What the routes about promptness, calls and incidents take and give."""

from typing import Any

import marshmallow as ma

from services.kit.http import Page, Prose, StrictSchema
from services.notify.commands.phone_tasks import OUTCOMES
from services.notify.queries.tellings import GROUPINGS, PERCENTS

_KEY: dict[str, Any] = {"required": True, "allow_none": True}


class ToldQuery(StrictSchema):
    """A period by when things happened (`to` not included), what it is narrowed to, and how it is grouped."""

    since = ma.fields.AwareDateTime(data_key="from", load_default=None)
    until = ma.fields.AwareDateTime(data_key="to", load_default=None)
    group_by = ma.fields.String(load_default="urgency", validate=ma.validate.OneOf(tuple(GROUPINGS)))
    community_id = ma.fields.UUID(load_default=None)
    urgency = ma.fields.String(load_default=None, validate=ma.validate.Length(max=20))
    kind = ma.fields.String(load_default=None, validate=ma.validate.Length(max=60))


Seconds = ma.Schema.from_dict(
    {f"p{percent}": ma.fields.Float(required=True, allow_none=True) for percent in PERCENTS}, name="ToldSeconds"
)


class ToldRow(ma.Schema):
    """One group. In time, late, waiting and undelivered add up to n; overdue are the waiting past their time."""

    group = ma.fields.Raw(required=True, allow_none=True)
    n = ma.fields.Integer(required=True)
    in_time = ma.fields.Integer(required=True)
    late = ma.fields.Integer(required=True)
    waiting = ma.fields.Integer(required=True)
    overdue = ma.fields.Integer(required=True)
    undelivered = ma.fields.Integer(required=True)
    read = ma.fields.Integer(required=True)
    in_time_share = ma.fields.Float(required=True, allow_none=True)
    seconds = ma.fields.Nested(Seconds, required=True)


class ToldReport(ma.Schema):
    """How quickly people were told; `terms_version` says by which targets the newest of them were measured."""

    items = ma.fields.List(ma.fields.Nested(ToldRow), required=True)
    group_by = ma.fields.String(required=True)
    terms_version = ma.fields.Integer(required=True)


class PhoneTasksQuery(Page):
    """Which calls to list; without a state all that are still to be made."""

    state = ma.fields.String(load_default=None, validate=ma.validate.OneOf(("open", "claimed", "done")))


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
