"""Tables of homes and of residents: looked through row by row first, and only then written."""

import base64
import io
import zlib
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from gateway.web.admin.area import blp
from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.page import page

# As the desk takes them; what was packed is unpacked no further than this.
MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True)
class Kind:
    """What a table is of: where the desk takes it, and what this page says of it."""

    path: str
    title: LazyString
    lead: LazyString


KINDS = {
    "residents": Kind(
        "/residents",
        _l("Import residents"),
        _l("Each row is a resident in a home. Whoever is new gets an account and an invitation."),
    ),
    "places": Kind(
        "/places",
        _l("Import homes"),
        _l("Each row is a home. Buildings and homes that are new are added; known ones may get another name."),
    ),
}
COLUMNS = {
    "unit_code": _l("Home code"),
    "login": _l("Login"),
    "email": _l("E-mail"),
    "phone": _l("Phone"),
    "language": _l("Language"),
    "community": _l("Community"),
    "building": _l("Building"),
    "building_code": _l("Building code"),
    "entrance": _l("Entrance"),
    "unit": _l("Home"),
}


@blp.get("/residents/import")
@page_for("admin", "manager")
def residents_import() -> Response:
    """Ask for a table of residents."""
    return _page("residents")


@blp.post("/residents/import", endpoint="import_residents")
@page_for("admin", "manager")
def take_residents() -> Response:
    """Look a table of residents through, or write it."""
    return _take("residents")


@blp.get("/places/import")
@page_for("admin")
def places_import() -> Response:
    """Ask for a table of homes."""
    return _page("places")


@blp.post("/places/import", endpoint="import_places")
@page_for("admin")
def take_places() -> Response:
    """Look a table of homes through, or write it."""
    return _take("places")


@blp.get("/residents/template.<kind>")
@page_for("admin", "manager")
def residents_template(kind: str) -> Response:
    """Download the table of residents to fill in."""
    return _template("residents", kind)


@blp.get("/places/template.<kind>")
@page_for("admin")
def places_template(kind: str) -> Response:
    """Download the table of homes to fill in, or with the homes there are."""
    return _template("places", kind, filled="true" if request.args.get("filled") else "false")


def _template(what: str, kind: str, **query: Any) -> Response:
    if kind not in ("xlsx", "csv"):
        raise NotFound()
    status, headers, content = desk().raw("GET", f"{KINDS[what].path}/template", format=kind, **query)
    kept = {name: headers[name] for name in ("Content-Type", "Content-Disposition") if name in headers}
    return Response(content, status, kept)


def _take(what: str) -> Response:
    """Without a script a file cannot be chosen twice: what was looked through is kept, packed, in the next form."""
    given = _given()
    if given is None:
        return _page(what, 422, refused=_("Choose a file first."))
    write = "write" in request.form
    kept = {"packed": _packed(given), "name": given.filename or "table"}
    try:
        told = desk().upload(f"{KINDS[what].path}/imports?dry_run={'false' if write else 'true'}", "file", given)
    except Refused as refused:
        if refused.status not in (400, 409, 413, 422):
            raise
        findings = refused.more.get("findings", [])
        said = refused.sentence if findings else refused.errors.get("file") or refused.sentence
        return _page(what, 422, refused=said, findings=findings)
    findings = told["findings"]
    return _page(what, 422 if findings else 200, told=told, findings=findings, kept=None if findings else kept)


def _given() -> FileStorage | None:
    file, packed = request.files.get("file"), request.form.get("packed")
    if file is not None and file.filename:
        return file
    if not packed:
        return None
    try:
        reader = zlib.decompressobj()
        content = reader.decompress(base64.b64decode(packed, validate=True), MOST_BYTES)
    except (ValueError, zlib.error):
        return None
    return FileStorage(io.BytesIO(content), filename=request.form.get("name") or "table")


def _packed(file: FileStorage) -> str:
    content = file.stream.read(MOST_BYTES + 1)
    file.stream.seek(0)
    return base64.b64encode(zlib.compress(content)).decode()


def _page(what: str, status: int = 200, **found: Any) -> Response:
    values = {"told": None, "findings": [], "refused": None, "kept": None} | found
    return page("admin/import.html", status, what=what, kind=KINDS[what], columns=COLUMNS, **values)
