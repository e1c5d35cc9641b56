"""The jobs behind a figure, one of them with its clocks, why a clock came out as it did, and the files to take out."""

import uuid
from collections.abc import Iterator
from typing import Any

import orjson
from flask import Response, abort, current_app, request

from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES, asked
from gateway.web.management.figures import GROUPS, figure_name, group_name
from gateway.web.management.named import table_with_names
from gateway.web.page import page

A_PAGE = 50
# Of services that have no names of places.
VOICES = ("satisfaction", "gaps", "recovery", "told")
OWN = ("sla", "appointments", "pauses", "acts", "attainment", "waits", "complaints", "announcements")
TABLES = frozenset({*OWN, *VOICES})
KINDS = ("csv", "xlsx")
# What a list can be narrowed to, as its page names it; other words of the query are the service's to refuse.
FILTERS = ("community_id", "need_level", "work_type", "clock", "verdict", "promise", "quality", "rule", "crew_id",
           "policy_version", "told_later", "status", "urgency", "item", "figure", "group", "cause",
           "emotion", "over")  # fmt: skip
# Where the names are that people gave to what a list is narrowed to, by the words that narrow it.
NAMED = {"crew_id": "/staff", "told_later": "/staff", "member": "/staff", "item": "/catalogue"}


@blp.get("/tickets")
@page_for("manager")
def tickets() -> Response:
    """List the jobs that a figure counts, by the words of the report's link."""
    query = {name: request.args.getlist(name) for name in request.args}
    narrowed = {name: request.args[name] for name in FILTERS if request.args.get(name)}
    by = request.args.get("group_by")
    names = {path: path for word, path in NAMED.items() if word in narrowed or word == by}
    told = desk().several({"found": asked("/tickets", query | {"limit": [str(A_PAGE)]}), "places": PLACES, **names})
    places = {one["id"]: one["name"] for one in told["places"]["items"]}
    named = places | {key: name for path in names for key, name in _named(told[path]["items"])}
    return page(
        "management/tickets.html",
        found=told["found"],
        places=places,
        narrowed=narrowed,
        named=named,
        figure=figure_name(narrowed["figure"]) if "figure" in narrowed else None,
        grouped=str(GROUPS.get(by, by)) if by else None,
        group=group_name(by, narrowed["group"], named) if "group" in narrowed else None,
        since=request.args.get("from"),
        until=request.args.get("to"),
    )


@blp.get("/tickets/<uuid:ticket_id>")
@page_for("manager")
def ticket(ticket_id: uuid.UUID) -> Response:
    """Show one job: what it is, its clocks with contract and lived time, and everything that was done."""
    of_it = f"/tickets/{ticket_id}"
    told = desk().several({"ticket": of_it, "clocks": f"{of_it}/clocks", "history": f"{of_it}/history"})
    return page("management/ticket.html", **told)


@blp.get("/tickets/<uuid:ticket_id>/clocks/<string:kind>/<int:generation>")
@page_for("manager")
def clock_story(ticket_id: uuid.UUID, kind: str, generation: int) -> Response:
    """Say why a clock came out as it did, line by line."""
    of_it = f"/tickets/{ticket_id}"
    told = desk().several({"ticket": of_it, "story": f"{of_it}/clocks/{kind}/{generation}"})
    return page("management/clock.html", **told)


@blp.get("/tickets/<uuid:ticket_id>/case-file")
@page_for("manager")
def case_file(ticket_id: uuid.UUID) -> Response:
    """Give out the signed bundle of a job, which anybody can check without us."""
    return file_of(f"/tickets/{ticket_id}/case-file")


@blp.get("/export/<string:name>.<string:kind>")
@page_for("manager")
def export(name: str, kind: str) -> Response:
    """Give out a report as a table, in the language of the page."""
    if name not in TABLES or kind not in KINDS:
        abort(404)
    query = {given: request.args.getlist(given) for given in request.args}
    if name in VOICES:
        return table_with_names(name, asked(f"/reports/{name}", query | {"format": ["csv"]}), kind)
    return file_of(asked(f"/reports/{name}", query | {"format": [kind]}))


def _named(items: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield people by id and items by code, each with its name."""
    for one in items:
        yield (one["code"], one["name"][language()]) if "code" in one else (one["id"], one["badge"] or "")


def file_of(path: str) -> Response:
    """Hand on a file as the desk gives it out; raises Refused."""
    status, headers, content = desk().raw("GET", path)
    if status >= 400:
        raise Refused(status, orjson.loads(content), headers)
    answer = current_app.response_class(content, mimetype=headers.get("Content-Type"))
    answer.headers["Content-Disposition"] = headers.get("Content-Disposition", "attachment")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
