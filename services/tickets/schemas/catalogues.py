"""The shapes of an organisation's own catalogue: its changes, their preview, and its versions."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Range

from services.kit.http import Line, Prose, StrictSchema, TrueOrFalse
from services.tickets import catalogue
from services.tickets.schemas.looked_up import CatalogueItem

_UNIQUE = "Contains the same twice."


def _no_twins(values: list[str]) -> None:
    if len(set(values)) < len(values):
        raise ma.ValidationError(_UNIQUE)


class ItemChange(StrictSchema):
    """What changes of an item, or all of a new one, whose code begins with own-."""

    code = Line(required=True, most=60)
    zh = Line(most=60)
    en = Line(most=80)
    need_level = fields.Integer(strict=True, validate=Range(1, 5))
    urgency = fields.String(validate=OneOf(catalogue.URGENCIES))
    skills = fields.List(
        fields.String(validate=OneOf(catalogue.SKILLS)), validate=[Length(min=1, max=len(catalogue.SKILLS)), _no_twins]
    )
    sla_class = fields.String(validate=OneOf(catalogue.SLA_CLASSES))
    active = TrueOrFalse()
    words = fields.List(Line(most=40), validate=[Length(max=100), _no_twins])
    work_type = fields.String(validate=OneOf(catalogue.WORK_TYPES))
    topic = fields.String(validate=OneOf(catalogue.TOPICS))
    standard = fields.String(validate=OneOf(catalogue.STANDARDS))
    value_tier = fields.String(validate=OneOf(catalogue.VALUE_TIERS))


class CatalogueChange(StrictSchema):
    """Items that change, and items that are to be as they ship again."""

    changes = fields.List(fields.Nested(ItemChange), load_default=(), validate=Length(max=200))
    revert = fields.List(Line(most=60), load_default=(), validate=[Length(max=200), _no_twins])


class NewCatalogue(CatalogueChange):
    """A change to publish, and why."""

    reason = Prose(required=True, most=1000)


class CataloguePreview(CatalogueChange):
    """A change to look at: by which texts, and how many of the latest requests."""

    texts = fields.List(Prose(most=2000), load_default=(), validate=Length(max=50))
    recent = fields.Integer(strict=True, load_default=200, validate=Range(0, 200))


class OfferedItem(CatalogueItem):
    """An item of the organisation's catalogue; `words` are what triage finds it by, for those who keep it."""

    active = fields.Boolean(required=True)
    own = fields.Boolean(required=True)
    changed = fields.Boolean(required=True)
    words = fields.List(fields.String())


class OwnCatalogue(ma.Schema):
    """The catalogue in force; version 0 is as it ships."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(OfferedItem), required=True)


class ItemFacts(CatalogueItem):
    """An item before or after a change."""

    active = fields.Boolean(required=True)


class ItemMoved(ma.Schema):
    """An item that changes; null where it is not there."""

    code = fields.String(required=True)
    before = fields.Nested(ItemFacts, required=True, allow_none=True)
    after = fields.Nested(ItemFacts, required=True, allow_none=True)


class Mapped(ma.Schema):
    """What a text is read as."""

    catalogue_code = fields.String(required=True)
    catalogue_name = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    need_level = fields.Integer(required=True, allow_none=True)
    urgency = fields.String(required=True)
    sla_class = fields.String(required=True)
    skills = fields.List(fields.String(), required=True)


class TextMoved(ma.Schema):
    """A text before and after."""

    text = fields.String(required=True)
    before = fields.Nested(Mapped, required=True)
    after = fields.Nested(Mapped, required=True)
    changed = fields.Boolean(required=True)


class RequestMoved(ma.Schema):
    """A request that would be read otherwise if it came in now."""

    id = fields.UUID(required=True)
    number = fields.String(required=True)
    title = fields.String(required=True)
    before = fields.Nested(Mapped, required=True)
    after = fields.Nested(Mapped, required=True)


class LatestMoved(ma.Schema):
    """Of how many of the latest requests how many would be read otherwise, and which."""

    asked = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    items = fields.List(fields.Nested(RequestMoved), required=True)


class Untouched(ma.Schema):
    """How many open tickets keep a changed item as they were filed with it."""

    code = fields.String(required=True)
    open = fields.Integer(required=True)


class CataloguePreviewed(ma.Schema):
    """What a change would do; nothing was written. `version` is what it was compared with."""

    version = fields.Integer(required=True)
    items = fields.List(fields.Nested(ItemMoved), required=True)
    texts = fields.List(fields.Nested(TextMoved), required=True)
    recent = fields.Nested(LatestMoved, required=True)
    untouched = fields.List(fields.Nested(Untouched), required=True)


class CatalogueVersion(ma.Schema):
    """A version: who published it when and why, which items it changed, and all that it has other than as shipped."""

    version = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    author_id = fields.UUID(required=True)
    reason = fields.String(required=True)
    changed = fields.List(fields.String(), required=True)
    document = fields.Dict(required=True)


class CatalogueVersions(ma.Schema):
    """A page of versions, the latest first."""

    items = fields.List(fields.Nested(CatalogueVersion), required=True)
