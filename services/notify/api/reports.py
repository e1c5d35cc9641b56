"""How quickly people were told: the report, as a table too, what each figure counts, and who took it out."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit import clock
from services.kit import exports as taken_out
from services.kit.http import Answer, access, respond, scoped
from services.kit.http.problems import wants
from services.kit.http.sheets import JSON, also_as_table, sheet_response
from services.kit.identity import current_actor
from services.notify.api.pages import page, position
from services.notify.models import exports
from services.notify.promptness import terms
from services.notify.queries import tellings
from services.notify.queries.exports import list_exports
from services.notify.queries.tellings import Asked
from services.notify.schemas.tellings import (
    BehindQuery,
    TakenOut,
    TakenOutPage,
    TakenOutQuery,
    Telling,
    TellingPage,
    ToldQuery,
    ToldReport,
)
from services.notify.told_table import told_table

reports = Blueprint("told-reports", __name__, description="Told in time")

ANSWERABLE = ("manager", "admin")


@reports.route("/reports/told", methods=["GET"])
@access(*ANSWERABLE)
@reports.arguments(ToldQuery, location="query")
@reports.alt_response(200, schema=ToldReport)
@also_as_table(reports)
def report_told(query: dict[str, Any]) -> Response:
    """Report how quickly people were told, by community, urgency, kind, need level or channel."""
    form, grouping, asked, now = query.pop("format"), query.pop("group_by"), _asked(query), clock.now()
    with scoped() as db:
        items = tellings.report_told(db, asked, grouping, now)
        if form != JSON:
            taken_out.note(db, exports, current_actor(), "told", asked.community_id)
    report = {"asof": now.isoformat(), "items": items, "group_by": grouping, "terms_version": terms().version}
    if form == JSON:
        return respond(Answer(report))
    return sheet_response(told_table(report, asked.said(), wants()), form, report["asof"][:10])


@reports.route("/reports/told/behind", methods=["GET"])
@access(*ANSWERABLE)
@reports.arguments(BehindQuery, location="query")
@reports.alt_response(200, schema=TellingPage)
def list_told(query: dict[str, Any]) -> Response:
    """List the notices that a figure counts, without their words and without whom they were for."""
    figure, limit, after = (query.pop(name) for name in ("figure", "limit", "after"))
    group = tellings.in_group(query.pop("group_by"), query.pop("group"))
    with scoped() as db:
        found = tellings.list_told(db, _asked(query), figure, group, clock.now(), position(after), limit + 1)
    return page(found, limit, Telling)


@reports.route("/reports/told/exports", methods=["GET"])
@access("manager")
@reports.arguments(TakenOutQuery, location="query")
@reports.alt_response(200, schema=TakenOutPage)
def list_taken_out(query: dict[str, Any]) -> Response:
    """List who took the report out as a table, the latest first."""
    viewer_id = str(query["viewer_id"]) if query["viewer_id"] else None
    with scoped() as db:
        found = list_exports(db, position(query["after"]), query["limit"] + 1, viewer_id)
    return page(found, query["limit"], TakenOut)


def _asked(query: dict[str, Any]) -> Asked:
    community = query["community_id"]
    return Asked(**(query | {"community_id": str(community) if community else None}))
