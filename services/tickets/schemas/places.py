"""The shapes of the register of places: what is added, changed and imported, and what is read of it."""

import marshmallow as ma
from marshmallow import fields
from marshmallow.validate import Length, OneOf, Regexp

from services.kit.http import Line, Page, StrictSchema, TrueOrFalse
from services.tickets.estate.codes import LONGEST_CODE, LONGEST_NAME
from services.tickets.schemas.terms import Document

PLACE_KINDS = ("community", "building", "unit", "spot")


class NewPlace(StrictSchema):
    """A place. Its code is what an import finds it by; one is made of names where none is given."""

    name = Line(required=True, most=LONGEST_NAME)
    code = Line(most=LONGEST_CODE, validate=[Regexp(r"\S+\Z")], load_default=None)


class NewCommunity(NewPlace):
    """A community, on a calendar of its own or `like` another: on that one's calendar and policy."""

    calendar = Document(load_default=None)
    like = fields.UUID(load_default=None)


class PlaceChange(StrictSchema):
    """A new name, or whether it is closed: nothing new is filed for a closed place, what was filed stays."""

    name = Line(most=LONGEST_NAME)
    closed = TrueOrFalse()


class ImportQuery(StrictSchema):
    """Whether to look only. Nothing is written unless `dry_run` is false."""

    dry_run = fields.Boolean(load_default=True)


class CodesIn(StrictSchema):
    """Codes of units, or their ids."""

    codes = fields.List(Line(most=120), load_default=list, validate=Length(max=5000))
    ids = fields.List(fields.UUID(), load_default=list, validate=Length(max=5000))


class UnitByCode(ma.Schema):
    """A unit by its code."""

    code = fields.String(required=True)
    id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    closed = fields.Boolean(required=True)


class UnitsByCode(ma.Schema):
    """The units that were found."""

    items = fields.List(fields.Nested(UnitByCode), required=True)


class TableUpload(StrictSchema):
    """A table: XLSX, or CSV in UTF-8, UTF-16 or GB 18030."""

    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class TemplateQuery(StrictSchema):
    """As what, and whether with the homes there are."""

    format = fields.String(load_default="xlsx", validate=OneOf(("xlsx", "csv")))
    filled = fields.Boolean(load_default=False)


class ChangesQuery(Page):
    """What the changes are narrowed to."""

    community_id = fields.UUID(load_default=None)


class RegisteredView(ma.Schema):
    """A place in the register; `version` goes into If-Match as "v1"."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    code = fields.String(required=True)
    version = fields.Integer(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class CommunityInRegister(RegisteredView):
    """A community."""

    timezone = fields.String(required=True)


class BuildingView(RegisteredView):
    """A building."""

    community_id = fields.UUID(required=True)
    units = fields.Integer(required=True)


class Buildings(ma.Schema):
    """A community's buildings."""

    items = fields.List(fields.Nested(BuildingView), required=True)


class UnitInRegister(RegisteredView):
    """A unit."""

    community_id = fields.UUID(required=True)
    building_id = fields.UUID(required=True)


class UnitsInRegister(ma.Schema):
    """A page of a building's units."""

    items = fields.List(fields.Nested(UnitInRegister), required=True)


class FindingView(ma.Schema):
    """What is wrong in a row, as the spreadsheet numbers it, and in which column (null: the row as a whole)."""

    row = fields.Integer(required=True)
    column = fields.String(required=True, allow_none=True)
    detail = fields.String(required=True)


class RenamedView(ma.Schema):
    """A place that the table calls otherwise."""

    kind = fields.String(required=True, validate=OneOf(("building", "unit")))
    code = fields.String(required=True)
    before = fields.String(required=True)
    after = fields.String(required=True)


class PlaceImport(ma.Schema):
    """What a table would change, or did."""

    applied = fields.Boolean(required=True)
    rows = fields.Integer(required=True)
    new_buildings = fields.Integer(required=True)
    new_units = fields.Integer(required=True)
    renamed = fields.List(fields.Nested(RenamedView), required=True)
    unchanged = fields.Integer(required=True)
    findings = fields.List(fields.Nested(FindingView), required=True)
    ignored = fields.List(fields.String(), required=True)


class PlaceChangeView(ma.Schema):
    """Who changed what: `data` has the earlier and the later value by field."""

    id = fields.Integer(required=True)
    at = fields.AwareDateTime(required=True)
    author_id = fields.UUID(required=True)
    community_id = fields.UUID(required=True)
    kind = fields.String(required=True, validate=OneOf(PLACE_KINDS))
    place_id = fields.UUID(required=True)
    action = fields.String(required=True)
    data = fields.Dict(required=True)


class PlaceChanges(ma.Schema):
    """A page of changes, the latest first."""

    items = fields.List(fields.Nested(PlaceChangeView), required=True)
