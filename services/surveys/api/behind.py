"""The lists behind the reports' figures, for the managers of the community; what was said is shown on record."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from services.kit.http import Answer, access, page_link, respond
from services.kit.identity import current_actor
from services.surveys.api.reporting import asked_of, reading, reporting
from services.surveys.models import AnsweredBy
from services.surveys.queries import readings
from services.surveys.reports import behind as lists
from services.surveys.reports.visits import CAME, COMPLAINTS
from services.surveys.schemas.behind import AllCounted, BalanceQuery, DeedsQuery, VisitsQuery

behind = Blueprint("behind-figures", __name__, description="What each figure of the reports counts, job by job")

QUALITY = "quality"
_SHOWN = ("answered_by", "solved", "satisfaction", "comment")
_SHAPE = ("ticket_id", "ticket_number", "community_id", "unit_id", "at", "kind", "state", "late_seconds", "said")


@behind.route("/reports/satisfaction/behind", methods=["GET"])
@access("manager")
@behind.arguments(VisitsQuery, location="query")
@behind.alt_response(200, schema=AllCounted)
def list_visits(query: dict[str, Any]) -> Response:
    """List what a figure of satisfaction counts. What households said is put on record; opinions lead to nobody."""
    figure, limit, after = (query.pop(name) for name in ("figure", "limit", "after"))
    with reporting() as db:
        rows, more = lists.visits_behind(db, asked_of(db, query), figure, limit, after)
    if figure in CAME or figure == COMPLAINTS:
        return _answer(rows, more)
    return _answer(_on_record(rows, proxies=figure.startswith("proxies")), more)


@behind.route("/reports/gaps/behind", methods=["GET"])
@access("manager")
@behind.arguments(DeedsQuery, location="query")
@behind.alt_response(200, schema=AllCounted)
def list_deeds(query: dict[str, Any]) -> Response:
    """List the clocks, jobs or promises that a count of the gaps counts."""
    figure, clock, limit, after = (query.pop(name) for name in ("figure", "clock", "limit", "after"))
    with reporting() as db:
        rows, more = lists.deeds_behind(db, asked_of(db, query), figure, clock, limit, after)
    return _answer(rows, more)


@behind.route("/reports/recovery/behind", methods=["GET"])
@access("dispatcher", "manager")
@behind.arguments(BalanceQuery, location="query")
@behind.alt_response(200, schema=AllCounted)
def list_balance(query: dict[str, Any]) -> Response:
    """List the services that a household called good, bad or neither; what it said is put on record."""
    figure, unit, limit, after = (query.pop(name) for name in ("figure", "unit_id", "limit", "after"))
    with reporting() as db:
        rows, more = lists.balance_behind(db, asked_of(db, query), figure, str(unit), limit, after)
    return _answer(_on_record(rows), more)


def _on_record(rows: Sequence[dict[str, Any]], *, proxies: bool = False) -> list[dict[str, Any]]:
    """Return the visits with what was said about each, in a transaction that has put it on record before."""
    actor, speaker = current_actor(), AnsweredBy.PROXY if proxies else AnsweredBy.HOUSEHOLD
    visits = [readings.Visit(row["survey_id"], row["ticket_id"], row["community_id"]) for row in rows]
    with reading() as db:
        readings.put_on_record(db, actor, actor.role, visits, QUALITY)
        words = readings.words_about(db, [visit.id for visit in visits])
    said = {
        survey: {name: one[name] for name in _SHOWN}
        for survey, several in words.items()
        for one in several
        if one["answered_by"] == speaker
    }
    return [{**row, "said": said.get(row["survey_id"])} for row in rows]


def _answer(rows: Sequence[dict[str, Any]], more: str | None) -> Response:
    return respond(Answer({"items": [{name: row[name] for name in _SHAPE} for row in rows]}, headers=page_link(more)))
