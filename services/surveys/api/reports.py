"""The reports of what households say, and of the gaps between what is expected, promised and delivered."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, access, page_link, respond
from services.kit.identity import current_actor
from services.surveys.api.reporting import reporting
from services.surveys.reports import Asked, gaps_report, recovery_page, satisfaction_report
from services.surveys.schemas.figures import Between, GapsReport, RecoveryQuery, RecoveryReport, SatisfactionReport

reports = Blueprint("survey-reports", __name__, description="What households say, and the five gaps")


@reports.route("/reports/satisfaction", methods=["GET"])
@access("manager", "admin")
@reports.arguments(Between, location="query")
@reports.alt_response(200, schema=SatisfactionReport)
def read_satisfaction(query: dict[str, Any]) -> Response:
    """Read who was asked, who answered, and what they said: each figure with its n and interval."""
    with reporting() as db:
        return respond(Answer(satisfaction_report(db, _asked(query))))


@reports.route("/reports/gaps", methods=["GET"])
@access("manager", "admin")
@reports.arguments(Between, location="query")
@reports.alt_response(200, schema=GapsReport)
def read_gaps(query: dict[str, Any]) -> Response:
    """Read the five gaps of service quality per community, with what it would take to close each."""
    with reporting() as db:
        return respond(Answer(gaps_report(db, _asked(query))))


@reports.route("/reports/recovery", methods=["GET"])
@access("dispatcher", "manager", "admin")
@reports.arguments(RecoveryQuery, location="query")
@reports.alt_response(200, schema=RecoveryReport)
def read_recovery(query: dict[str, Any]) -> Response:
    """Read which households are owed good services for bad ones they told of, the most first."""
    limit, after = query.pop("limit"), query.pop("after")
    with reporting() as db:
        page, more = recovery_page(db, _asked(query), limit, after)
    return respond(Answer(page, headers=page_link(more)))


def _asked(query: dict[str, Any]) -> Asked:
    community = query["community_id"]
    return Asked(current_actor().organisation_id, query["since"], query["until"], str(community) if community else None)
