"""What is said and shown of a home's record."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, StrictSchema
from services.kit.identity import LOCALES
from services.tickets.equipment import KINDS
from services.tickets.models.households import PERSONAL, PURPOSES, STAFF_PURPOSES

MOST_EQUIPMENT = 50


class Consent(StrictSchema):
    """Who of the household agreed, and when; a resident agrees for themselves, now where nothing is said."""

    by = fields.UUID()
    at = fields.AwareDateTime()


class CircumstanceIn(StrictSchema):
    """Something about who lives there. `consent` may be left out only where nothing about it changes."""

    kind = fields.String(required=True, validate=OneOf(PERSONAL))
    until = fields.AwareDateTime(required=True)
    consent = fields.Nested(Consent)


class EquipmentIn(StrictSchema):
    """A piece of equipment; `life_months` is how long it is expected to serve."""

    kind = fields.String(required=True, validate=OneOf(KINDS))
    model = Line(most=80, allow_none=True, load_default=None)
    installed_on = fields.Date(required=True)
    life_months = fields.Integer(required=True, strict=True, validate=Range(min=1, max=600))


class Salutation(StrictSchema):
    """How the household wants to be addressed, in each language."""

    zh = Line(data_key="zh-CN", most=40, allow_none=True)
    en = Line(most=40, allow_none=True)


class HouseholdChange(StrictSchema):
    """What may be changed; what is left out stays, and a list that is given takes the place of the one before."""

    salutation = fields.Nested(Salutation)
    circumstances = fields.List(fields.Nested(CircumstanceIn), validate=Length(max=len(PERSONAL)))
    equipment = fields.List(fields.Nested(EquipmentIn), validate=Length(max=MOST_EQUIPMENT))


class LookQuery(StrictSchema):
    """Why staff look: the ticket they are at work on, or a purpose."""

    ticket_id = fields.UUID(load_default=None)
    purpose = fields.String(load_default=None, validate=OneOf(STAFF_PURPOSES))


class LooksQuery(Page):
    """Whose looks to list: everybody's, or those of staff alone."""

    by = fields.String(load_default=None, validate=OneOf(("staff",)))


class SalutationView(ma.Schema):
    """The salutation in each language, null where none is known."""

    zh = fields.String(data_key="zh-CN", required=True, allow_none=True)
    en = fields.String(required=True, allow_none=True)


class NameView(ma.Schema):
    """A name in each language."""

    zh = fields.String(data_key="zh-CN", required=True)
    en = fields.String(required=True)


class ConsentView(ma.Schema):
    """Who agreed, and when."""

    by = fields.UUID(required=True)
    at = fields.AwareDateTime(required=True)


class CircumstanceView(ma.Schema):
    """One circumstance; it counts while `valid`."""

    kind = fields.String(required=True, validate=OneOf(PERSONAL))
    name = fields.Nested(NameView, required=True)
    valid = fields.Boolean(required=True)
    until = fields.AwareDateTime(required=True)
    consent = fields.Nested(ConsentView, required=True, allow_none=True)


class EquipmentView(ma.Schema):
    """A piece of equipment with its age; `due` once its expected life is over."""

    id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=OneOf(KINDS))
    name = fields.Nested(NameView, required=True)
    model = fields.String(required=True, allow_none=True)
    installed_on = fields.Date(required=True)
    life_months = fields.Integer(required=True)
    age_months = fields.Integer(required=True)
    due_on = fields.Date(required=True)
    due = fields.Boolean(required=True)


class PromiseMade(ma.Schema):
    """One promise; `latest_promised_at` is the time its ticket was promised last."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    became = fields.String(required=True)
    latest_promised_at = fields.AwareDateTime(required=True, allow_none=True)


class PromisesMade(ma.Schema):
    """How many promises were made and what became of them, and the latest of them."""

    made = fields.Integer(required=True)
    kept = fields.Integer(required=True)
    broken = fields.Integer(required=True)
    open = fields.Integer(required=True)
    replaced = fields.Integer(required=True)
    withdrawn = fields.Integer(required=True)
    items = fields.List(fields.Nested(PromiseMade), required=True)


class PastTicket(ma.Schema):
    """A ticket of the home in brief."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    catalogue_code = fields.String(required=True)
    work_type = fields.String(required=True)
    urgency = fields.String(required=True)
    completions = fields.Integer(required=True)
    satisfaction = fields.Integer(required=True, allow_none=True)
    filed_at = fields.AwareDateTime(required=True)
    completed_at = fields.AwareDateTime(required=True, allow_none=True)


class PastTickets(ma.Schema):
    """How many tickets the home has had, and the latest."""

    total = fields.Integer(required=True)
    open = fields.Integer(required=True)
    items = fields.List(fields.Nested(PastTicket), required=True)


class RecoveryFacts(ma.Schema):
    """Counts of the home's jobs. `good_since` counts those done well since the last that went wrong; null without."""

    completed = fields.Integer(required=True)
    complaints = fields.Integer(required=True)
    reopened = fields.Integer(required=True)
    late = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    answered_low = fields.Integer(required=True)
    gone_wrong = fields.Integer(required=True)
    good_since = fields.Integer(required=True, allow_none=True)


QuietHours = ma.Schema.from_dict(
    {
        "from": fields.String(required=True),
        "until": fields.String(required=True),
        "timezone": fields.String(required=True),
    },
    name="HouseholdQuietHours",
)


class ResidentView(ma.Schema):
    """How a resident wants to be told: `language` is null where it is not known, `channels` are those that work."""

    person_id = fields.UUID(required=True)
    language = fields.String(required=True, allow_none=True, validate=OneOf([*LOCALES, None]))
    channels = fields.List(fields.String(), required=True)
    quiet_hours = fields.Nested(QuietHours, required=True, allow_none=True)
    digest_at = fields.String(required=True, allow_none=True)


class HouseholdView(ma.Schema):
    """The record of a home. `residents` are for the desk; promises, tickets, recovery and consents not for crew."""

    unit_id = fields.UUID(required=True)
    unit_name = fields.String(required=True)
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    salutation = fields.Nested(SalutationView, required=True)
    circumstances = fields.List(fields.Nested(CircumstanceView), required=True)
    equipment = fields.List(fields.Nested(EquipmentView), required=True)
    residents = fields.List(fields.Nested(ResidentView), required=True, allow_none=True)
    promises = fields.Nested(PromisesMade, required=True, allow_none=True)
    tickets = fields.Nested(PastTickets, required=True, allow_none=True)
    recovery = fields.Nested(RecoveryFacts, required=True, allow_none=True)
    changed_at = fields.AwareDateTime(required=True, allow_none=True)
    version = fields.Integer(required=True)


class LookView(ma.Schema):
    """Somebody looked: who, when, and why."""

    id = fields.UUID(required=True)
    viewer_id = fields.UUID(required=True)
    viewer_role = fields.String(required=True)
    viewer_name = fields.String(required=True, allow_none=True)
    ticket_id = fields.UUID(required=True, allow_none=True)
    purpose = fields.String(required=True, allow_none=True, validate=OneOf(PURPOSES))
    at = fields.AwareDateTime(required=True)


class Looks(ma.Schema):
    """One page of who looked; the next page's address is in the Link header."""

    items = fields.List(fields.Nested(LookView), required=True)
