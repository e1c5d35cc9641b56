"""How households are drawn for a call: stated for the organisation, or for one community of it."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from services.kit.errors import Forbidden, NotFound
from services.kit.http import IF_MATCH, Answer, access, expected_version, one_effect, respond, scoped, version_tag
from services.kit.identity import Actor, current_actor
from services.surveys import commands, queries
from services.surveys.api.rules import rules
from services.surveys.drawing import Sampling
from services.surveys.schemas import SamplingIn, SamplingOut

sampling = Blueprint("sampling", __name__, description="How households are drawn for a call")


@sampling.route("/callbacks/sampling", methods=["GET"])
@access("dispatcher", "manager")
@sampling.alt_response(200, schema=SamplingOut)
def read_sampling() -> Response:
    """Return how the organisation draws."""
    return _read(current_actor(), None)


@sampling.route("/callbacks/sampling", methods=["PUT"])
@access("manager")
@sampling.arguments(SamplingIn)
@sampling.doc(parameters=[IF_MATCH])
@sampling.alt_response(200, schema=SamplingOut)
@one_effect
def write_sampling(db: Connection, body: dict[str, Any]) -> Answer:
    """Say how the organisation draws from now on. What was drawn before keeps its probability."""
    actor = current_actor()
    if actor.community_ids:
        raise Forbidden(
            "This is for whoever answers for all communities. Set it for one of yours by its id.",
            "此项由负责全部小区的经理设置，您可按小区编号设置所辖小区。",
        )
    return _write(db, actor, None, body)


@sampling.route("/callbacks/sampling/<uuid:community_id>", methods=["GET"])
@access("dispatcher", "manager")
@sampling.alt_response(200, schema=SamplingOut)
def read_community_sampling(community_id: UUID) -> Response:
    """Return how a community draws, by its own rule or the organisation's."""
    return _read(current_actor(), _within(current_actor(), str(community_id)))


@sampling.route("/callbacks/sampling/<uuid:community_id>", methods=["PUT"])
@access("manager")
@sampling.arguments(SamplingIn)
@sampling.doc(parameters=[IF_MATCH])
@sampling.alt_response(200, schema=SamplingOut)
@one_effect
def write_community_sampling(db: Connection, body: dict[str, Any], community_id: UUID) -> Answer:
    """Say how a community draws from now on."""
    return _write(db, current_actor(), _within(current_actor(), str(community_id)), body)


def _within(actor: Actor, community_id: str) -> str:
    if actor.community_ids and community_id not in actor.community_ids:
        raise NotFound("There is no such community.", "没有找到该小区。")
    return community_id


def _read(actor: Actor, community_id: str | None) -> Response:
    with scoped() as db:
        own = queries.newest_rule(db, actor.organisation_id, community_id or actor.organisation_id)
        wider = own or queries.newest_rule(db, actor.organisation_id, actor.organisation_id)
    return respond(_answer(community_id, own, wider))


def _write(db: Connection, actor: Actor, community_id: str | None, body: dict[str, Any]) -> Answer:
    scope_id = community_id or actor.organisation_id
    rule = commands.set_sampling(db, actor, scope_id, Sampling(**body), expected=expected_version(required=True))
    return _answer(community_id, rule, rule)


def _answer(community_id: str | None, own: Any, in_force: Any) -> Answer:
    """Return the rule in force; its version and ETag are those of the place's own, 0 where it has none."""
    counts = in_force or rules().sampling
    version = own.version if own else 0
    payload = {
        "community_id": community_id,
        "phone_percent": counts.phone_percent,
        "silent_percent": counts.silent_percent,
        "silent_after_days": counts.silent_after_days,
        "always": ["complaint", "emergency"],
        "method": "system_random",
        "version": version,
        "since": own.at if own else None,
    }
    return Answer(payload, headers=version_tag(version))
