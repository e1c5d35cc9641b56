"""Reports as tables for spreadsheets: the formats there are, how a table is answered, and how a route says so."""

from collections.abc import Callable

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields
from marshmallow.validate import OneOf

from services.kit.http.fields import StrictSchema
from services.kit.tables import CSV, XLSX, Sheet, as_csv, as_xlsx

JSON = "json"
_WRITERS = {"csv": (as_csv, CSV), "xlsx": (as_xlsx, XLSX)}
FORMATS = (JSON, *_WRITERS)
_TEXT = {"type": "string"}
_BYTES = {"type": "string", "format": "binary"}

View = Callable[..., Response]


class InFormat(StrictSchema):
    """The query of a report: as JSON, or as a table for a spreadsheet."""

    format = fields.String(load_default=JSON, validate=OneOf(FORMATS))


def sheet_response(sheet: Sheet, form: str, day: str) -> Response:
    """Return a table as a file named after it and the day it was made."""
    write, kind = _WRITERS[form]
    headers = {"Content-Disposition": f'attachment; filename="{sheet.name}-{day}.{form}"'}
    return Response(write(sheet), content_type=kind, headers=headers)


def also_as_table(blueprint: Blueprint) -> Callable[[View], View]:
    """Document that a report is also answered as a table."""

    def documented(view: View) -> View:
        as_text = blueprint.alt_response(200, schema=_TEXT, content_type="text/csv")
        as_bytes = blueprint.alt_response(200, schema=_BYTES, content_type=XLSX)
        documented_view: View = as_text(as_bytes(view))
        return documented_view

    return documented
