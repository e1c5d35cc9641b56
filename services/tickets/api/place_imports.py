"""Homes from a spreadsheet: a template, a look at what a table would change, and the import."""

import threading
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit import tables
from services.kit.errors import DeskError, Unavailable
from services.kit.http import Answer, access, one_effect, scoped
from services.kit.http.problems import wants
from services.kit.identity import current_actor
from services.kit.tables.reading import MOST_BYTES
from services.tickets.commands import place_imports as commands
from services.tickets.estate.importing import HEADINGS, Changes
from services.tickets.queries.places import homes_as_rows
from services.tickets.schemas import places as shapes

place_imports = Blueprint("place_imports", __name__, description="Homes from a spreadsheet")

MOST_ROWS = 10_000
# The columns that are filled where the template is to have what there is.
_FILLED = ("community", "building", "building_code", "unit", "unit_code")
_WRITERS = {"csv": (tables.as_csv, tables.CSV), "xlsx": (tables.as_xlsx, tables.XLSX)}
_TEXT, _BYTES = {"type": "string"}, {"type": "string", "format": "binary"}
# A table takes seconds to read; two at once would take the process from everybody else.
_ONE_AT_A_TIME = threading.Lock()


@place_imports.route("/places/template", methods=["GET"])
@access("admin")
@place_imports.arguments(shapes.TemplateQuery, location="query")
@place_imports.alt_response(200, schema=_TEXT, content_type="text/csv")
@place_imports.alt_response(200, schema=_BYTES, content_type=tables.XLSX)
def template(query: dict[str, Any]) -> Response:
    """Download the table to fill in: empty, or with the open homes there are, to be changed and imported again."""
    chinese = wants().startswith("zh")
    named = [one for one in HEADINGS if not query["filled"] or one.code in _FILLED]
    rows: list[tuple[str, ...]] = []
    if query["filled"]:
        with scoped() as db:
            rows = homes_as_rows(db, current_actor())
    write, kind = _WRITERS[query["format"]]
    content = write(
        tables.Sheet("房屋" if chinese else "Homes", [one.zh if chinese else one.en for one in named], rows)
    )
    name = f'attachment; filename="homes.{query["format"]}"'
    return Response(content, content_type=kind, headers={"Content-Disposition": name})


@place_imports.route("/places/imports", methods=["POST"])
@access("admin")
@place_imports.arguments(shapes.ImportQuery, location="query")
@place_imports.arguments(shapes.TableUpload, location="files")
@place_imports.alt_response(200, schema=shapes.PlaceImport)
def import_places(query: dict[str, Any], files: dict[str, Any]) -> Response:
    """Say what a table of homes would change and what is wrong in which row; with `dry_run=false`, change it."""
    # The file is read while no transaction is open. A refusal is handed on to where an earlier answer to the same
    # Idempotency-Key is looked for first.
    try:
        table = _read(files["file"])
    except DeskError as refusal:
        return _settle(refusal, dry=True)
    return _settle(table, dry=query["dry_run"])


def _read(upload: Any) -> tables.Table:
    if not _ONE_AT_A_TIME.acquire(timeout=5):
        raise Unavailable(
            "Another table is being read just now. Nothing was changed; please send this one again shortly.",
            "正在读取另一个表格，未作任何更改，请稍后重新发送。",
        )
    try:
        data = upload.read(MOST_BYTES + 1)
        upload.seek(0)  # The effect's key is compared by what was sent, and reads it again.
        return tables.read_table(data, HEADINGS, most_rows=MOST_ROWS)
    finally:
        _ONE_AT_A_TIME.release()


@one_effect
def _settle(db: Connection, table: tables.Table | DeskError, *, dry: bool) -> Answer:
    if isinstance(table, DeskError):
        raise table
    actor = current_actor()
    if dry:
        changes, findings = commands.preview_import(db, actor, table)
    else:
        changes, findings = commands.import_places(db, actor, table, wants()), []
    said = [one.view(wants()) for one in findings]
    counted = {"rows": len(table.rows), **_counted(changes)}
    return Answer({"applied": not dry, **counted, "findings": said, "ignored": list(table.ignored)})


def _counted(changes: Changes) -> dict[str, Any]:
    return {
        "new_buildings": len(changes.buildings),
        "new_units": len(changes.units),
        "renamed": [
            {"kind": kind, "code": one.code, "before": before, "after": one.name}
            for kind, one, before in changes.renamed
        ],
        "unchanged": changes.unchanged,
    }
