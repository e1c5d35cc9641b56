"""What the routes about the import of residents take and give."""

import marshmallow as ma

from services.kit.http import Line, StrictSchema
from services.kit.identity import LOCALES


class ResidentQuery(StrictSchema):
    """Whom to find: by part of a login, which may be a telephone number, by homes or by ids; one of them is needed."""

    q = Line(least=2, most=64, load_default=None)
    unit_ids = ma.fields.List(
        ma.fields.UUID(), data_key="unit_id", load_default=(), validate=ma.validate.Length(max=100)
    )
    ids = ma.fields.List(ma.fields.UUID(), data_key="id", load_default=(), validate=ma.validate.Length(max=100))
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(min=1, max=100))


class ResidentOut(ma.Schema):
    """A resident as the desk finds them."""

    id = ma.fields.UUID(required=True)
    login = ma.fields.String(required=True)
    locale = ma.fields.String(required=True, validate=ma.validate.OneOf(LOCALES))
    units = ma.fields.List(ma.fields.UUID(), required=True)


class ResidentsOut(ma.Schema):
    """Residents by login."""

    items = ma.fields.List(ma.fields.Nested(ResidentOut), required=True)


class TemplateQuery(StrictSchema):
    """As what."""

    format = ma.fields.String(load_default="xlsx", validate=ma.validate.OneOf(("xlsx", "csv")))


class ImportQuery(StrictSchema):
    """Whether only to look."""

    dry_run = ma.fields.Boolean(load_default=True)


class TableUpload(StrictSchema):
    """A table: XLSX, or CSV in UTF-8, UTF-16 or GB 18030."""

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class FindingOut(ma.Schema):
    """What is wrong in a row, as the spreadsheet numbers it; `column` is null where it is the row as a whole."""

    row = ma.fields.Integer(required=True)
    column = ma.fields.String(required=True, allow_none=True)
    detail = ma.fields.String(required=True)


class LettersSent(ma.Schema):
    """How many links are on their way by e-mail, how many could not be sent, and why."""

    sent = ma.fields.Integer(required=True)
    unsent = ma.fields.Integer(required=True)
    because = ma.fields.String(required=True, allow_none=True)


class ResidentImport(ma.Schema):
    """What a table of residents changes, or changed; `letters` is null where nothing was applied."""

    applied = ma.fields.Boolean(required=True)
    rows = ma.fields.Integer(required=True)
    new = ma.fields.Integer(required=True)
    more_homes = ma.fields.Integer(required=True)
    unchanged = ma.fields.Integer(required=True)
    findings = ma.fields.List(ma.fields.Nested(FindingOut), required=True)
    ignored = ma.fields.List(ma.fields.String(), required=True)
    letters = ma.fields.Nested(LettersSent, required=True, allow_none=True)
