"""What the routes about the import of residents take and give."""

import marshmallow as ma

from services.kit.http import StrictSchema


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
