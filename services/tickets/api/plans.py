"""Plans of recurring work, and the rounds they file."""

import uuid
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

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
from services.kit.identity import current_actor
from services.tickets.api.answers import words
from services.tickets.api.refusals import telling_both
from services.tickets.commands import plans as commands
from services.tickets.commands.rounds import tick
from services.tickets.queries.plans import (
    checkpoint_view,
    list_plans,
    occurrences_of,
    one_plan,
    plan_view,
    round_of,
    times_of,
)
from services.tickets.schemas import Nothing, phone_of
from services.tickets.schemas.plans import (
    CheckpointView,
    NewPlan,
    Occurrences,
    PlanChange,
    PlanQuery,
    Plans,
    PlanTimes,
    PlanTimesQuery,
    PlanView,
    Round,
    Tick,
)

plans = Blueprint("plans", __name__, description="Recurring work, and the rounds it is made of")
DESK = access("dispatcher", "manager")


def _answer(db: Connection, plan: dict[str, Any], status: int = 200) -> Answer:
    return Answer(plan_view(db, plan), status, version_tag(plan["version"]))


@plans.route("/plans", methods=["POST"])
@DESK
@plans.arguments(NewPlan)
@plans.alt_response(201, schema=PlanView)
@one_effect
def add_plan(db: Connection, body: dict[str, Any]) -> Answer:
    """Plan recurring work by an RRULE (RFC 5545) on the community's wall clock."""
    answer = _answer(db, commands.add_plan(db, current_actor(), words(body)), 201)
    return Answer(answer.payload, 201, {**answer.headers, "Location": f"/api/v1/plans/{answer.payload['id']}"})


@plans.route("/plans", methods=["GET"])
@DESK
@plans.arguments(PlanQuery, location="query")
@plans.alt_response(200, schema=Plans)
def all_plans(query: dict[str, Any]) -> Response:
    """List plans, the newest first."""
    with scoped() as db:
        found, more = list_plans(db, **words(query))
    return respond(Answer({"items": found}, 200, page_link(more)))


@plans.route("/plans/times", methods=["GET"])
@DESK
@plans.arguments(PlanTimesQuery, location="query")
@plans.alt_response(200, schema=PlanTimes)
def plan_times(query: dict[str, Any]) -> Response:
    """Say when a rule would be due next, before a plan has it; nothing is written."""
    with scoped() as db:
        return respond(Answer(times_of(db, current_actor(), **words(query))))


@plans.route("/plans/<uuid:plan_id>", methods=["GET"])
@DESK
@plans.alt_response(200, schema=PlanView)
def read_plan(plan_id: uuid.UUID) -> Response:
    """Read a plan with its checkpoints and its next times; its ETag goes into If-Match."""
    with scoped() as db:
        view = one_plan(db, str(plan_id))
    return respond(Answer(view, 200, version_tag(view["version"])))


@plans.route("/plans/<uuid:plan_id>", methods=["PATCH"])
@DESK
@plans.doc(parameters=[IF_MATCH])
@plans.arguments(PlanChange)
@plans.alt_response(200, schema=PlanView)
@one_effect
def change_plan(db: Connection, body: dict[str, Any], plan_id: uuid.UUID) -> Answer:
    """Change what is planned from now on; what was filed stays as it is."""
    expected = expected_version(required=True)
    return _answer(db, commands.change_plan(db, current_actor(), str(plan_id), words(body), expected))


@plans.route("/plans/<uuid:plan_id>/pause", methods=["POST"])
@DESK
@plans.arguments(Nothing)
@plans.alt_response(200, schema=PlanView)
@one_effect
def pause_plan(db: Connection, _body: dict[str, Any], plan_id: uuid.UUID) -> Answer:
    """Let a plan rest; the times that pass meanwhile are recorded as left out."""
    return _answer(db, commands.pause_plan(db, current_actor(), str(plan_id), expected_version()))


@plans.route("/plans/<uuid:plan_id>/resume", methods=["POST"])
@DESK
@plans.arguments(Nothing)
@plans.alt_response(200, schema=PlanView)
@one_effect
def resume_plan(db: Connection, _body: dict[str, Any], plan_id: uuid.UUID) -> Answer:
    """Take a resting plan up again."""
    return _answer(db, commands.resume_plan(db, current_actor(), str(plan_id), expected_version()))


@plans.route("/plans/<uuid:plan_id>/end", methods=["POST"])
@DESK
@plans.arguments(Nothing)
@plans.alt_response(200, schema=PlanView)
@one_effect
def end_plan(db: Connection, _body: dict[str, Any], plan_id: uuid.UUID) -> Answer:
    """End a plan for good; the tickets it filed stay."""
    return _answer(db, commands.end_plan(db, current_actor(), str(plan_id), expected_version()))


@plans.route("/plans/<uuid:plan_id>/occurrences", methods=["GET"])
@DESK
@plans.arguments(Page, location="query")
@plans.alt_response(200, schema=Occurrences)
def occurrences(query: dict[str, Any], plan_id: uuid.UUID) -> Response:
    """List the times a plan was due, the latest first, each with its ticket or why there is none."""
    with scoped() as db:
        found, more = occurrences_of(db, str(plan_id), query["limit"], query["after"])
    return respond(Answer({"items": found}, 200, page_link(more)))


@plans.route("/tickets/<uuid:ticket_id>/checkpoints", methods=["GET"])
@access("crew", "dispatcher", "manager", "admin")
@plans.alt_response(200, schema=Round)
def checkpoints(ticket_id: uuid.UUID) -> Response:
    """Read the checkpoints of a round and what was found at each."""
    with scoped() as db:
        return respond(Answer(round_of(db, str(ticket_id))))


@plans.route("/tickets/<uuid:ticket_id>/checkpoints/<int:n>", methods=["POST"])
@access("crew")
@plans.arguments(Tick)
@plans.alt_response(200, schema=CheckpointView)
@one_effect
def tick_checkpoint(db: Connection, body: dict[str, Any], ticket_id: uuid.UUID, n: int) -> Answer:
    """Tick a checkpoint off; one that failed files its repair, once."""
    actor, phone = current_actor(), phone_of(body)
    with telling_both(db, actor, str(ticket_id), "tick", phone):
        return Answer(checkpoint_view(tick(db, actor, str(ticket_id), n, phone=phone, **words(body))))
