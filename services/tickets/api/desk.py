"""What the desk looks things up in: triage, pool, places, staff."""

from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.http import Answer, Page, access, one_effect, page_link, respond, scoped
from services.kit.http.problems import wants
from services.kit.identity import ROLES, current_actor
from services.tickets import queries, schemas, shelves, triage
from services.tickets.api.answers import words
from services.tickets.commands.contacts import note_first_looks
from services.tickets.queries.jobs import checkpoints_with
from services.tickets.queries.similar import similar_reports
from services.tickets.schemas.jobs import FoundCheckpoints, LabelQuery
from services.tickets.schemas.joining import SimilarQuery, SimilarReports
from services.tickets.schemas.looked_up import UnitQuery

desk = Blueprint("desk", __name__, description="Looking things up")


@desk.route("/triage", methods=["POST"])
@access(*ROLES)
@desk.arguments(schemas.TriageText)
@desk.alt_response(200, schema=schemas.VerdictView)
@one_effect
def read_words(db: Connection, body: dict[str, Any]) -> Answer:
    """Say what a text is about, and because of which words, without filing anything."""
    actor = current_actor()
    corrections, items = (
        queries.corrections_of(db, actor.organisation_id),
        shelves.in_force(db, actor.organisation_id)[1],
    )
    verdict = triage.triage(body["text"], locale=wants(), corrections=corrections, items=items)
    return Answer(
        {
            "topic": verdict.topic,
            "catalogue_code": verdict.catalogue_code,
            "work_type": verdict.work_type,
            "need_level": verdict.need_level,
            "urgency": verdict.urgency,
            "confidence": verdict.confidence,
            "because": list(verdict.because),
            "similar": similar_reports(db, actor, code=verdict.catalogue_code, text=body["text"], **_place_of(body)),
        }
    )


@desk.route("/similar", methods=["GET"])
@access(*ROLES)
@desk.arguments(SimilarQuery, location="query")
@desk.alt_response(200, schema=SimilarReports)
def similar(query: dict[str, Any]) -> Response:
    """List open reports and outages that a new report of an item at a place may have the same cause with."""
    with scoped() as db:
        found = similar_reports(db, current_actor(), code=query["catalogue_code"], **_place_of(query))
    return respond(Answer({"items": found}))


def _place_of(given: dict[str, Any]) -> dict[str, str | None]:
    place = words(given)
    return {name: place[name] for name in ("unit_id", "community_id")}


@desk.route("/pool", methods=["GET"])
@access("crew", "dispatcher", "manager")
@desk.arguments(Page, location="query")
@desk.alt_response(200, schema=schemas.Pool)
def pool(query: dict[str, Any]) -> Response:
    """List the jobs nobody has, most pressing first, each with why; crews see those they have the skills for."""
    with scoped() as db:
        jobs, more = queries.pool(db, current_actor(), query["limit"], query["after"], wants())
    return respond(Answer({"items": jobs}, 200, page_link(more)))


@desk.route("/jobs", methods=["GET"])
@access("crew")
@desk.alt_response(200, schema=schemas.MyJobs)
def my_jobs() -> Response:
    """Read one's own open jobs whole, to have them where there is no signal; with If-None-Match, only what changed.

    That one has a number to call is on record, once for each.
    """
    actor = current_actor()
    with scoped() as db:
        jobs = queries.jobs_of(db, actor)
        note_first_looks(db, actor, (job["ticket"] for job in jobs if job["phone"]))
    response = respond(Answer({"items": jobs}))
    response.add_etag()
    response.make_conditional(request)
    return response


@desk.route("/units", methods=["GET"])
@access(*ROLES)
@desk.arguments(UnitQuery, location="query")
@desk.alt_response(200, schema=schemas.Units)
def list_units(query: dict[str, Any]) -> Response:
    """List homes: a resident's own, or those of the communities staff look after; or those asked for, or found."""
    ids = tuple(map(str, query["ids"]))
    page = (query["limit"], query["after"])
    with scoped() as db:
        found, more = queries.places_of(db, current_actor(), *page, ids, query["q"], query["community_id"])
    return respond(Answer({"items": found}, 200, page_link(more)))


@desk.route("/communities", methods=["GET"])
@access(*ROLES)
@desk.alt_response(200, schema=schemas.Communities)
def list_communities() -> Response:
    """List the communities the caller may act in."""
    with scoped() as db:
        return respond(Answer({"items": queries.communities_of(db, current_actor())}))


@desk.route("/staff", methods=["GET"])
@access("crew", "dispatcher", "manager", "admin")
@desk.alt_response(200, schema=schemas.Staff)
def list_staff() -> Response:
    """List active staff, for whoever gives a job to somebody."""
    with scoped() as db:
        return respond(Answer({"items": queries.staff_of(db, current_actor())}))


@desk.route("/jobs/checkpoints", methods=["GET"])
@access("crew")
@desk.arguments(LabelQuery, location="query")
@desk.alt_response(200, schema=FoundCheckpoints)
def find_checkpoints(query: dict[str, Any]) -> Response:
    """Find which checkpoint of your rounds has the label that you stand before."""
    with scoped() as db:
        return respond(Answer({"items": checkpoints_with(db, current_actor(), query["code"])}))
