"""Residents found by the desk; and from a spreadsheet: a template, a look at what it would change, and the import."""

import functools
from collections.abc import Callable
from contextlib import closing
from typing import Any

import orjson
from flask import Response, request
from flask_smorest import Blueprint
from gevent import monkey
from gevent.threadpool import ThreadPool
from sqlalchemy import Connection

from gateway import letters, queries
from gateway.commands import residents as commands
from gateway.commands.invitations import note_sent
from gateway.parts import own_headers, parts
from gateway.resident_schemas import (
    ImportQuery,
    ResidentImport,
    ResidentQuery,
    ResidentsOut,
    TableUpload,
    TemplateQuery,
)
from gateway.residents import HEADINGS, Named, Unit, check_units, read_residents
from services.kit import tables
from services.kit.errors import DeskError, Invalid, Unavailable, invalid_field
from services.kit.http import Answer, access, one_effect, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import current_actor
from services.kit.tables.reading import MOST_BYTES

blp = Blueprint("residents", __name__, description="Residents found, and residents from a spreadsheet")

MOST_ROWS = 1_000
BODY_BYTES = 6 * 1024 * 1024
_AT_ONCE = 500
_WRITERS = {"csv": (tables.as_csv, tables.CSV), "xlsx": (tables.as_xlsx, tables.XLSX)}
_TEXT, _BYTES = {"type": "string"}, {"type": "string", "format": "binary"}


@functools.cache
def _pool() -> ThreadPool:
    # One, so that two tables at once do not take the process from everybody else.
    return ThreadPool(1)


def _large(view: Callable[..., Response]) -> Callable[..., Response]:
    """Let a view take a file."""

    @functools.wraps(view)
    def run(*args: Any, **kwargs: Any) -> Response:
        request.max_content_length = BODY_BYTES
        return view(*args, **kwargs)

    return run


@blp.route("/residents", methods=["GET"])
@access("dispatcher", "manager", "admin")
@blp.arguments(ResidentQuery, location="query")
@blp.alt_response(200, schema=ResidentsOut)
def find_residents(query: dict[str, Any]) -> Response:
    """Find the resident who is on the telephone or at the counter: by part of their login, by their homes or ids."""
    if query["q"] is None and not query["unit_ids"] and not query["ids"]:
        raise invalid_field("q", "Give part of a login, or homes (unit_id).", "请填写登录名的一部分，或房屋编号。")
    by = {name: [str(one) for one in query[name]] for name in ("unit_ids", "ids")}
    with scoped() as db:
        found = queries.residents_like(db, current_actor(), said=query["q"], **by, limit=query["limit"])
    items = [
        {"id": row["id"], "login": row["login"], "locale": row["locale"], "units": list(row["unit_ids"])}
        for row in found
    ]
    return respond(Answer({"items": items}))


@blp.route("/residents/template", methods=["GET"])
@access("admin", "manager")
@blp.arguments(TemplateQuery, location="query")
@blp.alt_response(200, schema=_TEXT, content_type="text/csv")
@blp.alt_response(200, schema=_BYTES, content_type=tables.XLSX)
def template(query: dict[str, Any]) -> Response:
    """Download the table to fill in."""
    chinese = wants().startswith("zh")
    write, kind = _WRITERS[query["format"]]
    heading = [one.zh if chinese else one.en for one in HEADINGS]
    content = write(tables.Sheet("住户" if chinese else "Residents", heading, []))
    disposition = f'attachment; filename="residents.{query["format"]}"'
    return Response(content, content_type=kind, headers={"Content-Disposition": disposition})


@blp.route("/residents/imports", methods=["POST"])
@access("admin", "manager")
@_large
@blp.arguments(ImportQuery, location="query")
@blp.arguments(TableUpload, location="files")
@blp.alt_response(200, schema=ResidentImport)
def import_residents(query: dict[str, Any], files: dict[str, Any]) -> Response:
    """Say whom a table of residents names and what is wrong in which row; with `dry_run=false`, open their accounts.

    Whoever has an e-mail address is sent their link; the others' links are printed. Sent again, the table changes
    nothing that it changed before, and letters go out that could not before.
    """
    with closing(files["file"]) as upload:
        return _import(upload, dry=query["dry_run"])


def _import(upload: Any, *, dry: bool) -> Response:
    # Read, and looked up elsewhere, while no transaction is open. A refusal is handed on to where an earlier answer is
    # looked for first.
    people: dict[str, Named] = {}
    try:
        table = _read(upload)
        with scoped() as db:
            usual = queries.organisation(db, current_actor().organisation_id)["locale"]
        people, findings = read_residents(table, usual)
        units = _units(people)
        findings += check_units(people, units)
    except DeskError as refusal:
        return _settle(refusal, people, {}, [], dry=True)
    response = _settle(table, people, units, findings, dry=dry)
    if dry or "Idempotency-Replayed" in response.headers:
        return response
    told = orjson.loads(response.get_data())
    return respond(Answer({**told, "letters": _send(people)}))


def _read(upload: Any) -> tables.Table:
    data = upload.read(MOST_BYTES + 1)
    upload.seek(0)  # The effect's key is compared by what was sent, and reads it again.

    def work() -> tables.Table:
        return tables.read_table(data, HEADINGS, most_rows=MOST_ROWS)

    # A table takes seconds of pure computing: other greenlets go on meanwhile.
    found: tables.Table = _pool().apply(work) if monkey.is_module_patched("threading") else work()
    return found


def _units(people: dict[str, Named]) -> dict[str, Unit]:
    """Ask the register of places for the units a table names, as far as they are within the caller's reach."""
    codes = sorted({code for one in people.values() for code in one.unit_codes})
    if not codes:
        return {}
    headers = {**own_headers(), "Content-Type": "application/json"}
    body = orjson.dumps({"codes": codes})
    status, answer = parts().upstreams["tickets"].fetch("POST", "/api/v1/units/find", headers, body)
    if status != 200:
        raise Unavailable(
            "The register of homes is not answering just now. Nothing was changed; please try again shortly.",
            "房屋登记暂时无法查询，未作任何更改，请稍后再试。",
        )
    return {one["code"]: Unit(one["id"], one["community_id"], one["closed"]) for one in orjson.loads(answer)["items"]}


@one_effect
def _settle(
    db: Connection,
    table: tables.Table | DeskError,
    people: dict[str, Named],
    units: dict[str, Unit],
    findings: list[tables.Finding],
    *,
    dry: bool,
) -> Answer:
    if isinstance(table, DeskError):
        raise table
    changes = commands.compare(db, current_actor(), people, units)
    found = sorted([*findings, *changes.findings], key=lambda one: one.row)
    said = [one.view(wants()) for one in found]
    if not dry:
        if said:
            raise Invalid(
                "Nothing was changed: some rows are not right yet.",
                "部分行有误，未作任何更改。",
                fields={"file": ["rows"]},
                findings=said,
            )
        commands.apply(db, current_actor(), changes, units)
    counts = {"new": len(changes.new), "more_homes": len(changes.more_homes), "unchanged": changes.unchanged}
    kept = {"findings": said, "ignored": list(table.ignored), "letters": None}
    return Answer({"applied": not dry, "rows": len(table.rows), **counts, **kept})


def _send(people: dict[str, Named]) -> dict[str, Any]:
    """Have the links of those sent who have an address; what cannot be sent now is said, and can be asked for again."""
    by = current_actor()
    with scoped() as db:
        known = commands.compare(db, by, people, {}).known
        waiting = [letters.Letter(*one) for one in commands.unsent(db, people, known)]
    sent: set[str] = set()
    because = None
    try:
        for start in range(0, len(waiting), _AT_ONCE):
            sent |= letters.hand_over(waiting[start : start + _AT_ONCE])
    except DeskError as refusal:
        because = refusal.sentence(wants())
    with scoped() as db:
        for invitation_id in sorted(sent):
            note_sent(db, by, invitation_id)
    return {"sent": len(sent), "unsent": len(waiting) - len(sent), "because": because}
