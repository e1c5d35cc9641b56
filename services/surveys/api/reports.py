"""The reports of what households say, and of the gaps between what is expected, promised and delivered."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit import exports as taken_out
from services.kit.http import Answer, access, page_link, respond, scoped
from services.kit.http.problems import wants
from services.kit.http.sheets import JSON, also_as_table, sheet_response
from services.kit.identity import current_actor
from services.kit.tables import Sheet
from services.surveys.api.reporting import asked_of, reporting
from services.surveys.models import exports
from services.surveys.reports import Asked, gaps_report, recovery_page, satisfaction_report, tables
from services.surveys.schemas.figures import (
    GapsQuery,
    GapsReport,
    RecoveryQuery,
    RecoveryReport,
    SatisfactionQuery,
    SatisfactionReport,
)

reports = Blueprint("survey-reports", __name__, description="What households say, and the five gaps")


@reports.route("/reports/satisfaction", methods=["GET"])
@access("manager", "admin")
@reports.arguments(SatisfactionQuery, location="query")
@reports.alt_response(200, schema=SatisfactionReport)
@also_as_table(reports)
def read_satisfaction(query: dict[str, Any]) -> Response:
    """Read who was asked, who answered, and what they said: each figure with its n and interval, and what is behind."""
    form, grouping = query.pop("format"), query.pop("group_by")
    with reporting() as db:
        asked = asked_of(db, query)
        report = satisfaction_report(db, asked, grouping)
    return report_response(report, form, tables.satisfaction_table, asked)


@reports.route("/reports/gaps", methods=["GET"])
@access("manager", "admin")
@reports.arguments(GapsQuery, location="query")
@reports.alt_response(200, schema=GapsReport)
@also_as_table(reports)
def read_gaps(query: dict[str, Any]) -> Response:
    """Read the five gaps of service quality per community, with what it would take to close each."""
    form = query.pop("format")
    with reporting() as db:
        asked = asked_of(db, query)
        report = gaps_report(db, asked)
    return report_response(report, form, tables.gaps_table, asked)


@reports.route("/reports/recovery", methods=["GET"])
@access("dispatcher", "manager", "admin")
@reports.arguments(RecoveryQuery, location="query")
@reports.alt_response(200, schema=RecoveryReport)
@also_as_table(reports)
def read_recovery(query: dict[str, Any]) -> Response:
    """Read which households are owed good services for bad ones they told of, the most first; a table has them all."""
    form, limit, after = (query.pop(name) for name in ("format", "limit", "after"))
    with reporting() as db:
        asked = asked_of(db, query)
        page, more = recovery_page(db, asked, limit if form == JSON else None, after)
    return report_response(page, form, tables.recovery_table, asked, page_link(more))


def report_response(
    report: Mapping[str, Any], form: str, table_of: Callable[[Mapping[str, Any], str, str], Sheet], asked: Asked,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Return a report as JSON, or as a table, which is put on record before it is handed over."""
    if form == JSON:
        return respond(Answer(report, headers=dict(headers or {})))
    sheet = table_of(report, wants(), asked.zone)
    with scoped() as db:
        taken_out.note(db, exports, current_actor(), sheet.name, asked.community_id)
    return sheet_response(sheet, form, report["asof"][:10])
