"""The jobs behind a figure, one of them with its clocks, why a clock came out as it did, and the files to take out."""

import uuid

import orjson
from flask import Response, abort, current_app, request

from gateway.web.desk import Refused, desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import asked
from gateway.web.page import page

A_PAGE = 50
VOICES = ("satisfaction", "gaps", "recovery", "told")
TABLES = frozenset({"sla", "pauses", "acts", "attainment", "waits", *VOICES})
KINDS = ("csv", "xlsx")
# What a list can be narrowed to, as its page names it; other words of the query are the service's to refuse.
FILTERS = ("community_id", "need_level", "work_type", "clock", "verdict", "promise", "quality", "rule", "crew_id",
           "policy_version", "told_later", "status", "urgency")  # fmt: skip


@blp.get("/tickets")
@page_for("manager")
def tickets() -> Response:
    """List the jobs that a figure counts, by the words of the report's link."""
    query = {name: request.args.getlist(name) for name in request.args}
    found = desk().get(asked("/tickets", query | {"limit": [str(A_PAGE)]}))
    places = {one["id"]: one["name"] for one in desk().get("/communities")["items"]}
    return page(
        "management/tickets.html",
        found=found,
        places=places,
        narrowed={name: request.args[name] for name in FILTERS if request.args.get(name)},
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
    return file_of(asked(f"/reports/{name}", query | {"format": [kind]}))


def file_of(path: str) -> Response:
    """Hand on a file as the desk gives it out; raises Refused."""
    status, headers, content = desk().raw("GET", path)
    if status >= 400:
        raise Refused(status, orjson.loads(content), headers)
    answer = current_app.response_class(content, mimetype=headers.get("Content-Type"))
    answer.headers["Content-Disposition"] = headers.get("Content-Disposition", "attachment")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
