"""What goes in and comes out where complaints are settled."""

from typing import Any

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Page, Prose, StrictSchema, TrueOrFalse
from services.kit.identity import LOCALES
from services.tickets import lifecycle
from services.tickets.complaints.codes import CAUSES, EMOTIONS, OUTCOMES, SEVERITIES
from services.tickets.complaints.steps import ACTIONS, STAGES, STEPS
from services.tickets.schemas.acts import Act


class Escalation(Act):
    """Why it needs more authority, and to which manager; to the management desk without one."""

    reason = Prose(required=True, most=1000)
    to = fields.UUID(load_default=None)


class CaseAct(Act):
    """A step that a phone may tell later; `expected_step` is how far the complaint had come when it was taken."""

    expected_step = fields.String(load_default=None, validate=OneOf(STEPS))


class Identification(CaseAct):
    """Who complains, how they feel, why, what they want, and how it was said back to them."""

    emotion = fields.String(required=True, validate=OneOf(tuple(EMOTIONS)))
    cause = fields.String(required=True, validate=OneOf(tuple(CAUSES)))
    wanted = Line(required=True, most=300)
    restated = Prose(required=True, most=1000)
    complainant_id = fields.UUID(load_default=None)


class Judgement(CaseAct):
    """How severe it is, whether it is justified, and whether it could be settled at once."""

    severity = fields.String(required=True, validate=OneOf(tuple(SEVERITIES)))
    justified = TrueOrFalse(required=True)
    settle_at_once = TrueOrFalse(required=True)
    note = Prose(required=True, most=2000)
    department = Line(most=60, load_default=None)
    investigate_until = fields.AwareDateTime(load_default=None)


class Option(StrictSchema):
    """What could be done, and by when."""

    what = Line(required=True, most=200)
    by = fields.AwareDateTime(required=True)


class Offer(CaseAct):
    """Two options at least, so that there is something to choose."""

    options = fields.List(fields.Nested(Option), required=True, validate=Length(min=2, max=5))


class Choice(CaseAct):
    """The number of the option, counted from 1."""

    option = fields.Integer(required=True, strict=True, validate=Range(1, 5))


class Approval(StrictSchema):
    """What the manager wants remembered."""

    note = Prose(most=1000, load_default=None)


class Acting(CaseAct):
    """Who does it, and by when where that is another time than the chosen option's."""

    to = fields.UUID(load_default=None)
    promised_at = fields.AwareDateTime(load_default=None)


class Settlement(CaseAct):
    """What was done about it; the complainant reads it."""

    note = Prose(required=True, most=2000)


class Reply(CaseAct):
    """The answer to a complaint that was not justified, and the language of what is added to it."""

    text = Prose(required=True, most=2000)
    locale = fields.String(load_default="zh-CN", validate=OneOf(LOCALES))


class Review(StrictSchema):
    """What the return visit found, and what was learnt."""

    outcome = fields.String(required=True, validate=OneOf(OUTCOMES))
    lesson = Prose(most=2000, load_default=None)


class ComplaintQuery(Page):
    """What the list of complaints is narrowed to."""

    step = fields.String(load_default=None, validate=OneOf(STEPS))
    cause = fields.String(load_default=None, validate=OneOf(tuple(CAUSES)))
    emotion = fields.String(load_default=None, validate=OneOf(tuple(EMOTIONS)))
    community_id = fields.UUID(load_default=None)


def _maybe(kind: type[fields.Field], *args: Any, **kwargs: Any) -> fields.Field:
    return kind(*args, required=True, allow_none=True, **kwargs)


class OptionView(ma.Schema):
    """An option; `what` is null where the words were erased."""

    number = fields.Integer(required=True)
    what = _maybe(fields.String)
    by = fields.AwareDateTime(required=True)


class ComplaintView(ma.Schema):
    """A complaint's case. What staff think of it is null for residents; `actions` are open to the caller now."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    step = fields.String(required=True, validate=OneOf(STEPS))
    stage = fields.String(required=True, validate=OneOf(tuple(dict.fromkeys(STAGES.values()))))
    complainant_id = _maybe(fields.UUID)
    emotion = _maybe(fields.String)
    cause = _maybe(fields.String)
    severity = _maybe(fields.String)
    justified = _maybe(fields.Boolean)
    settle_at_once = _maybe(fields.Boolean)
    department = _maybe(fields.String)
    chosen = _maybe(fields.Integer)
    chosen_by_role = _maybe(fields.String)
    first_contact = _maybe(fields.Boolean)
    outcome = _maybe(fields.String)
    identified_at = _maybe(fields.AwareDateTime)
    investigate_until = _maybe(fields.AwareDateTime)
    assessed_at = _maybe(fields.AwareDateTime)
    offered_at = _maybe(fields.AwareDateTime)
    chosen_at = _maybe(fields.AwareDateTime)
    approval_due_at = _maybe(fields.AwareDateTime)
    approval_late_at = _maybe(fields.AwareDateTime)
    approved_at = _maybe(fields.AwareDateTime)
    acted_at = _maybe(fields.AwareDateTime)
    settled_at = _maybe(fields.AwareDateTime)
    reviewed_at = _maybe(fields.AwareDateTime)
    wanted = _maybe(fields.String)
    restated = _maybe(fields.String)
    assessment = _maybe(fields.String)
    earlier = _maybe(fields.List, fields.UUID())
    options = fields.List(fields.Nested(OptionView), required=True)
    promised_at = _maybe(fields.AwareDateTime)
    answer = _maybe(fields.String)
    lesson = _maybe(fields.String)
    actions = fields.List(fields.String(validate=OneOf(ACTIONS)), required=True)


class EarlierCase(ma.Schema):
    """An earlier complaint, and what is alike: the words (Jaccard, 0 to 1), the home, building or item."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True)
    filed_at = fields.AwareDateTime(required=True)
    step = _maybe(fields.String)
    cause = _maybe(fields.String)
    justified = _maybe(fields.Boolean)
    outcome = _maybe(fields.String)
    same_home = fields.Boolean(required=True)
    same_building = fields.Boolean(required=True)
    same_item = fields.Boolean(required=True)
    similarity = fields.Float(required=True)
    score = fields.Float(required=True)


class EarlierCases(ma.Schema):
    """The earlier complaints most like one, the most alike first."""

    items = fields.List(fields.Nested(EarlierCase), required=True)


class ListedComplaint(ma.Schema):
    """A complaint in a list; `new` is one that nobody identified yet."""

    ticket_id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.String(required=True, validate=OneOf(lifecycle.STATUSES))
    community_id = fields.UUID(required=True)
    community_name = fields.String(required=True)
    unit_id = _maybe(fields.UUID)
    catalogue_code = fields.String(required=True)
    owner_id = _maybe(fields.UUID)
    owner_desk = _maybe(fields.String)
    step = fields.String(required=True, validate=OneOf(STEPS))
    stage = fields.String(required=True)
    emotion = _maybe(fields.String)
    cause = _maybe(fields.String)
    severity = _maybe(fields.String)
    justified = _maybe(fields.Boolean)
    filed_at = fields.AwareDateTime(required=True)
    promised_at = _maybe(fields.AwareDateTime)
    approval_due_at = _maybe(fields.AwareDateTime)
    approval_late_at = _maybe(fields.AwareDateTime)


class ListedComplaints(ma.Schema):
    """A page of complaints."""

    items = fields.List(fields.Nested(ListedComplaint), required=True)
