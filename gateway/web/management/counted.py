"""What a figure of voices and notices counts, one by one, each with its job; the files of those reports, too."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask import Response, abort, request
from flask_babel import lazy_gettext as _l

from gateway.web.desk import Told, desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES, asked
from gateway.web.management.named import table_with_names
from gateway.web.management.tickets import KINDS
from gateway.web.page import page

A_PAGE = 20
# The reports whose figures lead here, and the page of each, below which this one is.
REPORTS = {
    "satisfaction": ("management.satisfaction", _l("Satisfaction")),
    "gaps": ("management.gaps", _l("Five gaps")),
    "recovery": ("management.recovery", _l("Recovery")),
    "told": ("management.told", _l("Told in time")),
}
FIGURES = {
    "asked": _l("asked"),
    "concluded": _l("answered, or may answer no more"),
    "answered": _l("answered themselves"),
    "proxy": _l("answered by somebody else"),
    "silent": _l("silent"),
    "open": _l("may still answer"),
    "withdrawn": _l("taken back"),
    "solved": _l("it is solved"),
    "unsolved": _l("it is not solved"),
    "rated": _l("gave a mark"),
    "satisfied": _l("content (4 or 5 of 5)"),
    "happy": _l("solved, and content"),
    "unhappy": _l("not solved, or a mark of 1 or 2"),
    "complaints": _l("complaints filed"),
    "complaints_solved": _l("complaints solved, too late"),
    "complaints_solved_in_time": _l("complaints solved in time"),
    "proxies": _l("said in their place"),
    "urgent_repairs": _l("urgent repairs"),
    "jobs_filed": _l("jobs filed"),
    "jobs_open": _l("jobs still open"),
    "clocks_decided": _l("deadlines decided"),
    "clocks_met": _l("deadlines met"),
    "clocks_missed": _l("deadlines missed"),
    "clocks_ended_late": _l("missed, and ended since"),
    "clocks_running_late": _l("missed, and still running"),
    "clocks_unknown": _l("deadlines not known"),
    "promises": _l("promises"),
    "promises_judged": _l("promises kept or broken"),
    "promises_kept": _l("promises kept"),
    "promises_broken": _l("promises broken"),
    "promises_open": _l("promises not due yet"),
    "promises_replaced": _l("replaced by another promise"),
    "promises_withdrawn": _l("withdrawn with the request"),
    "good": _l("good services"),
    "bad": _l("bad services"),
    "neither": _l("neither good nor bad"),
    "n": _l("to be told"),
    "told": _l("were told"),
    "in_time": _l("told in time"),
    "late": _l("told late"),
    "waiting": _l("not told yet"),
    "overdue": _l("not told yet, and overdue"),
    "undelivered": _l("reached nobody"),
    "read": _l("read"),
}
STATES = {
    "filed": _l("filed"), "met": _l("met"), "breached": _l("missed"), "unknown": _l("cannot be told"),
    "kept": _l("kept"), "broken": _l("broken"), "replaced": _l("replaced"),
}  # fmt: skip
# Whom a notice was for, where that is no role.
AUDIENCES = {"owner": _l("whoever has the job"), "former": _l("whoever had the job")}
# What a list can be narrowed to, as its page names it; other words of the query are the service's to refuse.
NARROWED = ("clock", "group", "urgency", "kind")


@blp.get("/<any(satisfaction,gaps,recovery,told):report>/behind")
@page_for("manager")
def counted(report: str) -> Response:
    """List what a figure counts, by the words of the report's link, each with the job it is about."""
    query = {name: request.args.getlist(name) for name in request.args}
    found = desk().get(asked(f"/reports/{report}/behind", query | {"limit": [str(A_PAGE)]}))
    jobs, homes = (_ids(found["items"], name) for name in ("ticket_id", "unit_id"))
    told = desk().several(
        {
            "places": PLACES,
            **({"jobs": asked("/tickets", {"id": jobs, "limit": A_PAGE})} if jobs else {}),
            **({"homes": asked("/units", {"id": homes, "limit": A_PAGE})} if homes else {}),
        }
    )
    endpoint, name = REPORTS[report]
    figure = request.args.get("figure", "")
    return page(
        "management/counted.html",
        report=report,
        report_name=name,
        report_page=endpoint,
        figure=figure_name(figure),
        states=FIGURES | STATES,
        audiences=AUDIENCES,
        found=found,
        narrowed={name: request.args[name] for name in NARROWED if request.args.get(name)},
        group_by=request.args.get("group_by"),
        names={one["id"]: one["name"] for one in told["places"]["items"]},
        jobs=_by_id(told.get("jobs")),
        homes=_by_id(told.get("homes")),
    )


def _by_id(found: Told | None) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in found["items"]} if found else {}


def figure_name(figure: str) -> str:
    """Return what a figure is called; of a mark, and of what others said, from its parts."""
    theirs, own = figure.startswith("proxies_"), figure.removeprefix("proxies_")
    mark = own.removeprefix("rated_")
    said = f"{FIGURES['rated']}: {mark}" if mark != own else str(FIGURES.get(own, own))
    return f"{FIGURES['proxies']}: {said}" if theirs else said


def _ids(rows: Iterable[dict[str, Any]], name: str) -> list[str]:
    """Return each id of a kind once, in the order of the list."""
    return list(dict.fromkeys(str(row[name]) for row in rows if row.get(name)))


@blp.get("/campaigns/<uuid:campaign_id>/report.<string:kind>")
@page_for("manager")
def campaign_table(campaign_id: uuid.UUID, kind: str) -> Response:
    """Give out what came of a campaign as a table."""
    if kind not in KINDS:
        abort(404)
    return table_with_names("campaign", f"/campaigns/{campaign_id}/report?format=csv", kind)
