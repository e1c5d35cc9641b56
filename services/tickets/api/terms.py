"""What communities are served on: calendars and policies by version, statutory packs, and moving tickets to them."""

import json
import re
import uuid
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import invalid_field
from services.kit.http import (
    IF_MATCH,
    Answer,
    Page,
    access,
    expected_version,
    one_effect,
    page_link,
    respond,
    scoped,
    version_tag,
)
from services.kit.http.effects import PreconditionRequired
from services.kit.http.problems import wants
from services.kit.identity import STAFF, current_actor
from services.tickets import commands, queries, schemas

terms = Blueprint("terms", __name__, description="What communities are served on")

# A policy's version is its name, and its tag is that name in quotes.
POLICY_MATCH = {**IF_MATCH, "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[!#-~]{1,100}")$'}}


def _expected_policy() -> str | None:
    """Return the policy version in If-Match, None for `*`; raises PreconditionRequired and Invalid."""
    raw = request.headers.get("If-Match", "").strip()
    if not raw:
        raise PreconditionRequired()
    if raw == "*":
        return None
    match = re.fullmatch(r'(?:W/)?"([!#-~]{1,100})"', raw)
    if not match:
        raise invalid_field(
            "If-Match",
            'If-Match must be an ETag we gave, such as "own-3".',
            'If-Match 应为本系统给出的 ETag，例如 "own-3"。',
        )
    return match[1]


def _refuse_doubles() -> None:
    """Refuse a body in which an object has one name twice: a reader would believe whichever it saw last."""

    def read(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)[:60]
            raise invalid_field(
                "document", f"“{twice}” is there twice; keep one.", f"“{twice}”重复出现，请只保留一个。"
            )
        return found

    json.loads(request.get_data(), object_pairs_hook=read)


def _calendar(db: Connection, community_id: uuid.UUID) -> Answer:
    view = queries.calendar_view(db, current_actor(), str(community_id), wants())
    return Answer(view, 200, version_tag(view["version"]))


def _policy(db: Connection, community_id: uuid.UUID) -> Answer:
    view = queries.policy_view(db, current_actor(), str(community_id), wants())
    return Answer(view, 200, {"ETag": f'"{view["version"]}"'})


@terms.route("/communities/<uuid:community_id>/calendar", methods=["GET"])
@access(*STAFF)
@terms.alt_response(200, schema=schemas.CalendarView)
def read_calendar(community_id: uuid.UUID) -> Response:
    """Read the working calendar in force; its ETag goes into If-Match when it is changed."""
    with scoped() as db:
        return respond(_calendar(db, community_id))


@terms.route("/communities/<uuid:community_id>/calendar", methods=["PUT"])
@access("manager")
@terms.doc(parameters=[IF_MATCH])
@terms.arguments(schemas.NewTerms)
@terms.alt_response(200, schema=schemas.CalendarView)
@one_effect
def set_calendar(db: Connection, body: dict[str, Any], community_id: uuid.UUID) -> Answer:
    """Write a new version of the calendar, for what is filed from now on; it needs If-Match."""
    _refuse_doubles()
    version = expected_version(required=True)
    commands.set_calendar(db, current_actor(), str(community_id), version=version, **body)
    return _calendar(db, community_id)


@terms.route("/communities/<uuid:community_id>/policy", methods=["GET"])
@access(*STAFF)
@terms.alt_response(200, schema=schemas.PolicyView)
def read_policy(community_id: uuid.UUID) -> Response:
    """Read the policy in force; its ETag goes into If-Match when it is changed."""
    with scoped() as db:
        return respond(_policy(db, community_id))


@terms.route("/communities/<uuid:community_id>/policy", methods=["PUT"])
@access("manager")
@terms.doc(parameters=[POLICY_MATCH])
@terms.arguments(schemas.NewTerms)
@terms.alt_response(200, schema=schemas.PolicyView)
@one_effect
def set_policy(db: Connection, body: dict[str, Any], community_id: uuid.UUID) -> Answer:
    """Write a policy of your own under the next number, for what is filed from now on; it needs If-Match."""
    _refuse_doubles()
    commands.set_policy(db, current_actor(), str(community_id), version=_expected_policy(), **body)
    return _policy(db, community_id)


@terms.route("/communities/<uuid:community_id>/packs/<string:code>", methods=["PUT"])
@access("manager")
@terms.doc(parameters=[POLICY_MATCH])
@terms.arguments(schemas.MaybeNote, required=False)
@terms.alt_response(200, schema=schemas.PolicyView)
@one_effect
def switch_on(db: Connection, body: dict[str, Any], community_id: uuid.UUID, code: str) -> Answer:
    """Switch a statutory pack on: a new version of the policy, so it needs the policy's ETag in If-Match."""
    expected = _expected_policy()
    commands.set_pack(db, current_actor(), str(community_id), code, on=True, version=expected, **body)
    return _policy(db, community_id)


@terms.route("/communities/<uuid:community_id>/packs/<string:code>", methods=["DELETE"])
@access("manager")
@terms.doc(parameters=[POLICY_MATCH])
@terms.alt_response(200, schema=schemas.PolicyView)
@one_effect
def switch_off(db: Connection, community_id: uuid.UUID, code: str) -> Answer:
    """Switch a pack off: a new version of the policy, so it needs the policy's ETag in If-Match."""
    expected = _expected_policy()
    commands.set_pack(db, current_actor(), str(community_id), code, on=False, note=None, version=expected)
    return _policy(db, community_id)


@terms.route("/communities/<uuid:community_id>/terms", methods=["GET"])
@access(*STAFF)
@terms.arguments(Page, location="query")
@terms.alt_response(200, schema=schemas.TermVersions)
def list_versions(query: dict[str, Any], community_id: uuid.UUID) -> Response:
    """List the versions of the calendar and of policies written for a community, the latest first."""
    with scoped() as db:
        found, more = queries.term_versions(db, current_actor(), str(community_id), **query)
    return respond(Answer({"items": found}, 200, page_link(more)))


@terms.route("/communities/<uuid:community_id>/calendar/preview", methods=["POST"])
@access("manager")
@terms.arguments(schemas.NewDocument)
@terms.alt_response(200, schema=schemas.CalendarPreview)
def preview_calendar(body: dict[str, Any], community_id: uuid.UUID) -> Response:
    """Say what a calendar would change: what is filed now, and when it would be due. Nothing is written."""
    _refuse_doubles()
    with scoped() as db:
        return respond(Answer(queries.preview_calendar(db, current_actor(), str(community_id), **body)))


@terms.route("/communities/<uuid:community_id>/policy/preview", methods=["POST"])
@access("manager")
@terms.arguments(schemas.NewDocument)
@terms.alt_response(200, schema=schemas.PolicyPreview)
def preview_policy(body: dict[str, Any], community_id: uuid.UUID) -> Response:
    """Say what a policy would change: targets that become stricter or looser, and what rules ask beside them."""
    _refuse_doubles()
    with scoped() as db:
        return respond(Answer(queries.preview_policy(db, current_actor(), str(community_id), **body)))


@terms.route("/communities/<uuid:community_id>/packs/<string:code>/preview", methods=["POST"])
@access("manager")
@terms.arguments(schemas.PackSwitch)
@terms.alt_response(200, schema=schemas.PolicyPreview)
def preview_pack(body: dict[str, Any], community_id: uuid.UUID, code: str) -> Response:
    """Say what switching a pack on or off would change. Nothing is written."""
    with scoped() as db:
        return respond(Answer(queries.preview_pack(db, current_actor(), str(community_id), code, **body)))


@terms.route("/communities/<uuid:community_id>/reevaluations", methods=["POST"])
@access("manager")
@terms.arguments(schemas.Reason)
@terms.alt_response(200, schema=schemas.Reevaluated)
@one_effect
def reevaluate_open(db: Connection, body: dict[str, Any], community_id: uuid.UUID) -> Answer:
    """Move open tickets to the terms in force, some hundreds a call, with a reason; call again while some are left."""
    moved, left = commands.reevaluate_open(db, current_actor(), str(community_id), **body)
    return Answer({"moved": moved, "left": left})


@terms.route("/policies/<string:version>", methods=["GET"])
@access(*STAFF)
@terms.alt_response(200, schema=schemas.PolicyVersion)
def one_policy(version: str) -> Response:
    """Read one version of a policy, as a ticket's clocks name it."""
    with scoped() as db:
        return respond(Answer(queries.policy_version(db, current_actor(), version), 200, {"ETag": f'"{version}"'}))


@terms.route("/packs", methods=["GET"])
@access(*STAFF)
@terms.alt_response(200, schema=schemas.Packs)
def list_packs() -> Response:
    """List the statutory packs with every rule, its source and how sure it is."""
    return respond(Answer({"items": queries.pack_views()}))
