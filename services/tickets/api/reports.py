"""The managers' reports, as JSON or as a table for spreadsheets."""

from collections.abc import Callable
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, access, respond, scoped
from services.kit.http.problems import wants
from services.kit.http.sheets import JSON, also_as_table, sheet_response
from services.kit.identity import current_actor
from services.tickets import queries, schemas
from services.tickets.api.answers import words
from services.tickets.commands.exports import note_export
from services.tickets.queries.reports import Asked
from services.tickets.queries.reports.acts import act_report
from services.tickets.queries.reports.announcements import announcement_report
from services.tickets.queries.reports.appointments import appointment_report
from services.tickets.queries.reports.complaints import complaint_report
from services.tickets.schemas.act_report import ActQuery, ActReport
from services.tickets.schemas.announcement_report import AnnouncementReport, AnnouncementReportQuery
from services.tickets.schemas.appointment_report import AppointmentQuery, AppointmentReport
from services.tickets.schemas.complaint_report import ComplaintReport, ComplaintReportQuery

reports = Blueprint("reports", __name__, description="What managers audit the service by")


@reports.route("/reports/sla", methods=["GET"])
@access("manager", "admin")
@reports.arguments(schemas.SlaQuery, location="query")
@reports.alt_response(200, schema=schemas.SlaReport)
@also_as_table(reports)
def sla_report(query: dict[str, Any]) -> Response:
    """Read what was met and what was missed, with the numbers behind every share and links to the tickets."""
    return _answer("sla", query, lambda db, asked, grouping: queries.sla_report(db, asked, grouping))


@reports.route("/reports/pauses", methods=["GET"])
@access("manager", "admin")
@reports.arguments(schemas.PauseQuery, location="query")
@reports.alt_response(200, schema=schemas.PauseReport)
@also_as_table(reports)
def pause_report(query: dict[str, Any]) -> Response:
    """Read who let jobs wait, for what and how long."""
    return _answer("pauses", query, lambda db, asked, grouping: queries.pause_report(db, asked, grouping))


@reports.route("/reports/acts", methods=["GET"])
@access("manager", "admin")
@reports.arguments(ActQuery, location="query")
@reports.alt_response(200, schema=ActReport)
@also_as_table(reports)
def acts_told_later(query: dict[str, Any]) -> Response:
    """Read whose phones told acts later than they were done, how much later and how often."""
    return _answer("acts", query, act_report)


@reports.route("/reports/attainment", methods=["GET"])
@access("manager", "admin")
@reports.arguments(schemas.Period, location="query")
@reports.alt_response(200, schema=schemas.AttainmentReport)
@also_as_table(reports)
def attainment_report(query: dict[str, Any]) -> Response:
    """Read which need level each community attained, and what blocks the next."""
    return _answer("attainment", query, lambda db, asked, _: queries.attainment_report(db, current_actor(), asked))


@reports.route("/reports/waits", methods=["GET"])
@access("manager", "admin")
@reports.arguments(schemas.WaitQuery, location="query")
@reports.alt_response(200, schema=schemas.WaitReport)
@also_as_table(reports)
def wait_report(query: dict[str, Any]) -> Response:
    """Read how well the estimates of waits held: of those told with a probability, how many were right."""
    return _answer("waits", query, lambda db, asked, grouping: queries.wait_report(db, asked, grouping))


@reports.route("/reports/complaints", methods=["GET"])
@access("manager", "admin")
@reports.arguments(ComplaintReportQuery, location="query")
@reports.alt_response(200, schema=ComplaintReport)
@also_as_table(reports)
def complaints_told(query: dict[str, Any]) -> Response:
    """Read what was settled on first contact, what went up that need not have, how long steps took, what was learnt."""
    return _answer("complaints", query, complaint_report)


@reports.route("/reports/announcements", methods=["GET"])
@access("manager", "admin")
@reports.arguments(AnnouncementReportQuery, location="query")
@reports.alt_response(200, schema=AnnouncementReport)
@also_as_table(reports)
def announcements_in_time(query: dict[str, Any]) -> Response:
    """Read how many announcements came as long before as is asked, how many homes read them, and what was joined."""
    return _answer("announcements", query, announcement_report)


@reports.route("/reports/appointments", methods=["GET"])
@access("manager", "admin")
@reports.arguments(AppointmentQuery, location="query")
@reports.alt_response(200, schema=AppointmentReport)
@also_as_table(reports)
def appointments_kept(query: dict[str, Any]) -> Response:
    """Read in how many of the windows that were agreed to somebody came, and how sure that share is."""
    return _answer("appointments", query, appointment_report)


def _answer(name: str, query: dict[str, Any], read: Callable[..., dict[str, Any]]) -> Response:
    wanted, grouping = query.pop("format"), query.pop("group_by", None)
    with scoped() as db:
        zone = queries.zone_of(db, str(query["community_id"]) if query["community_id"] else None)
        asked = Asked(current_actor().organisation_id, zone=zone, locale=wants(), **words(query))
        report = read(db, asked, grouping)
        if wanted != JSON:
            community = str(query["community_id"]) if query["community_id"] else None
            note_export(db, current_actor(), "report", community_id=community, report=name)
    if wanted == JSON:
        return respond(Answer(report))
    return sheet_response(queries.table_of(name, report, wants(), zone), wanted, report["asof"][:10])
