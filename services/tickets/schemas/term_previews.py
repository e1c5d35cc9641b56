"""The shapes of previews of terms: what would change for what is filed from their writing on."""

import marshmallow as ma
from marshmallow import fields

from services.kit.http import StrictSchema, TrueOrFalse
from services.tickets.schemas.terms import Document
from services.tickets.sla.comparing import CHANGES


class NewDocument(StrictSchema):
    """A calendar or a policy that may come."""

    document = Document(required=True)


class PackSwitch(StrictSchema):
    """Whether a pack would be on."""

    on = TrueOrFalse(required=True)


class TargetLength(ma.Schema):
    """How long a clock may run: `seconds` or `days`, in clock or working time, with `sundown` at least that long."""

    seconds = fields.Integer()
    days = fields.Integer()
    basis = fields.String(required=True)
    sundown = fields.Boolean(required=True)


class PlaceOfTarget(ma.Schema):
    """A class of service, an urgency and a kind of clock."""

    sla_class = fields.String(required=True)
    urgency = fields.String(required=True)
    clock = fields.String(required=True)


class TargetChange(PlaceOfTarget):
    """A target of the table; the due moments are those of a clock that starts `at`, null where nobody can say."""

    change = fields.String(required=True, validate=ma.validate.OneOf(CHANGES))
    before = fields.Nested(TargetLength, required=True, allow_none=True)
    after = fields.Nested(TargetLength, required=True, allow_none=True)
    due_before = fields.AwareDateTime(required=True, allow_none=True)
    due_after = fields.AwareDateTime(required=True, allow_none=True)


class BesideTable(PlaceOfTarget):
    """A rule that asks for less time than the table for some requests, of a pack or, where it is null, of one's own."""

    pack = fields.String(required=True, allow_none=True)
    pack_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True, allow_none=True)
    in_force = fields.Date(required=True, allow_none=True)
    rule = fields.String(required=True)
    rule_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    source = fields.String(required=True, allow_none=True)
    target = fields.Nested(TargetLength, required=True)
    table = fields.Nested(TargetLength, required=True, allow_none=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)


class NamedChange(ma.Schema):
    """A rule of one's own that is new, gone or changed."""

    code = fields.String(required=True)
    name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    change = fields.String(required=True)


class PackChange(NamedChange):
    """A pack that is new, gone or of another version."""

    source = fields.String(required=True)


class SettingChange(ma.Schema):
    """What the policy says beside targets, by the name of its field such as `switches.day`."""

    field = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class TermsPreview(ma.Schema):
    """What would change from the `version` in force; `keeping` open tickets keep the terms that they run by."""

    community_id = fields.UUID(required=True)
    version = fields.String(required=True)
    at = fields.AwareDateTime(required=True)
    same = fields.Boolean(required=True)
    targets = fields.List(fields.Nested(TargetChange), required=True)
    keeping = fields.Integer(required=True)


class PolicyPreview(TermsPreview):
    """What another policy would change."""

    rules = fields.List(fields.Nested(NamedChange), required=True)
    packs = fields.List(fields.Nested(PackChange), required=True)
    beside = fields.List(fields.Nested(BesideTable), required=True)
    settings = fields.List(fields.Nested(SettingChange), required=True)


class TermVersion(ma.Schema):
    """A version of a calendar or of a policy of one's own, who wrote it, and why."""

    kind = fields.String(required=True, validate=ma.validate.OneOf(("calendar", "policy")))
    version = fields.String(required=True)
    note = fields.String(required=True, allow_none=True)
    author_id = fields.UUID(required=True, allow_none=True)
    author_name = fields.String(required=True, allow_none=True)
    at = fields.AwareDateTime(required=True)


class TermVersions(ma.Schema):
    """One page of versions, the latest first; the next page's address is in the Link header."""

    items = fields.List(fields.Nested(TermVersion), required=True)


class BeforeAndAfter(ma.Schema):
    """A figure or a name before and after."""

    before = fields.Raw(required=True)
    after = fields.Raw(required=True)


class CalendarPreview(TermsPreview):
    """What another calendar would change: open hours of an ordinary week, and when what is filed now would be due."""

    week_seconds = fields.Nested(BeforeAndAfter, required=True)
    timezone = fields.Nested(BeforeAndAfter, required=True)
    warnings = fields.List(fields.String(), required=True)
