"""Tables of services that know communities and homes by their ids alone, with the names in a column beside."""

import csv
import io
import re
from collections.abc import Sequence

import orjson
from flask import Response, current_app
from flask_babel import gettext

from gateway.web.desk import Refused, desk
from gateway.web.management.asking import PLACES, asked
from services.kit.tables import CSV, XLSX, Cell, Sheet, as_csv, as_xlsx

_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e-?\d+)?")
# Homes that are asked about at once.
AT_ONCE = 100
_WRITERS = {"csv": (as_csv, CSV), "xlsx": (as_xlsx, XLSX)}


def table_with_names(name: str, path: str, kind: str) -> Response:
    """Hand on a report as a table in one of the two formats; raises Refused."""
    status, headers, content = desk().raw("GET", path)
    if status >= 400:
        raise Refused(status, orjson.loads(content), headers)
    heading, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    names = _names({cell for row in rows for cell in row if _ID.fullmatch(cell)})
    places = [n for n in range(len(heading)) if any(row[n] in names for row in rows)]
    cells = [_beside(row, places, [names.get(row[n]) for n in places]) for row in rows]
    write, content_type = _WRITERS[kind]
    sheet = Sheet(name, [str(cell) for cell in _beside(heading, places, [gettext("Name")] * len(places))], cells)
    answer = current_app.response_class(write(sheet), content_type=content_type)
    answer.headers["Content-Disposition"] = headers.get("Content-Disposition", "attachment").replace(".csv", f".{kind}")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _names(ids: set[str]) -> dict[str, str]:
    """Return what the communities and homes among these ids are called."""
    found = {one["id"]: one["name"] for one in desk().get(PLACES)["items"]}
    homes = sorted(ids - set(found))
    for first in range(0, len(homes), AT_ONCE):
        some = desk().get(asked("/units", {"id": homes[first : first + AT_ONCE], "limit": AT_ONCE}))
        found |= {one["id"]: f"{one['building']} {one['name']}" for one in some["items"]}
    return found


def _beside(row: Sequence[str], places: Sequence[int], said: Sequence[str | None]) -> list[Cell]:
    """Return a row with what is said beside each of its places; what is a number is one."""
    beside = dict(zip(places, said, strict=True))
    cells: list[Cell] = []
    for n, text in enumerate(row):
        cells.append(float(text) if _NUMBER.fullmatch(text) else text or None)
        if n in beside:
            cells.append(beside[n])
    return cells
