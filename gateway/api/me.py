"""Who the caller is, and where they live."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from flask import Response
from flask_smorest import Blueprint

from gateway import queries
from gateway.parts import own_headers, parts
from gateway.schemas import MeOut
from services.kit.errors import Unavailable
from services.kit.http import Answer, access, respond, scoped
from services.kit.identity import ROLES, current_actor

log = structlog.get_logger()

blp = Blueprint("me", __name__, description="The caller")


@blp.route("/me", methods=["GET"])
@access(*ROLES)
@blp.alt_response(200, schema=MeOut)
def me() -> Response:
    """Tell the caller who they are; units are named by the service that knows them, while it answers."""
    with scoped() as db:
        account = queries.account(db, current_actor().id)
        organisation = queries.organisation(db, account["organisation_id"])
    named = _units() if account["unit_ids"] else []
    units = [_unit(unit_id, named or []) for unit_id in account["unit_ids"]]
    communities = {unit["community"]["id"]: unit["community"]["name"] for unit in units if unit["community"]}
    ids = list(dict.fromkeys([*account["community_ids"], *communities]))
    return respond(
        Answer(
            {
                "id": account["id"],
                "login": account["login"],
                "role": account["role"],
                "organisation": {"id": organisation["id"], "name": organisation["name"]},
                "badge": account["badge"],
                "locale": account["locale"],
                "skills": account["skills"],
                "communities": [{"id": one, "name": communities.get(one)} for one in ids],
                "units": units,
                "units_complete": named is not None and all(unit["name"] is not None for unit in units),
            }
        )
    )


def _units() -> list[Mapping[str, Any]] | None:
    """Ask the tickets service for the caller's units; None where it gives no usable answer."""
    try:
        status, body = parts().upstreams["tickets"].fetch("GET", "/api/v1/units?limit=100", own_headers())
    except Unavailable:
        return None
    if status != 200:
        log.warning("me.units_refused", status=status)
        return None
    answer = orjson.loads(body)
    found: list[Mapping[str, Any]] = answer["items"] if isinstance(answer, dict) else answer
    return found


def _unit(unit_id: str, named: list[Mapping[str, Any]]) -> dict[str, Any]:
    for unit in named:
        if unit["id"] == unit_id:
            community = unit.get("community")
            building = unit.get("building")
            return {
                "id": unit_id,
                "name": unit.get("name"),
                "building": building.get("name") if isinstance(building, dict) else building,
                "community": {"id": community["id"], "name": community["name"]} if community else None,
            }
    return {"id": unit_id, "name": None, "building": None, "community": None}
