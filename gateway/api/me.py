"""Who the caller is, and where they live."""

from collections.abc import Mapping
from typing import Any

import orjson
import structlog
from flask import Response
from flask_smorest import Blueprint
from sqlalchemy import Connection

from gateway import queries
from gateway.commands import sessions
from gateway.commands.accounts import choose_locale
from gateway.parts import own_headers, parts
from gateway.schemas import MeChange, MeOut, NothingIn
from services.kit.errors import Unavailable
from services.kit.http import Answer, access, one_effect, respond, scoped
from services.kit.http.problems import wants
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
    named = _named("units", "?limit=100") if account["unit_ids"] else []
    units = [_unit(unit_id, named or []) for unit_id in account["unit_ids"]]
    places = [unit["community"] for unit in units if unit["community"]]
    acting_in = _named("communities") if account["role"] != "resident" else places
    names = {place["id"]: place["name"] for place in acting_in or []}
    ids = list(dict.fromkeys([*account["community_ids"], *names]))
    complete = named is not None and acting_in is not None and all(unit["name"] is not None for unit in units)
    return respond(
        Answer(
            {
                "id": account["id"],
                "login": account["login"],
                "role": account["role"],
                "organisation": {
                    "id": organisation["id"],
                    "name": queries.named(organisation, wants()),
                    "phone": organisation["phone"],
                    "emergency_phone": organisation["emergency_phone"],
                },
                "badge": account["badge"],
                "locale": account["locale"],
                "skills": account["skills"],
                "communities": [{"id": one, "name": names.get(one)} for one in ids],
                "units": units,
                "units_complete": complete,
            }
        )
    )


@blp.route("/me", methods=["PATCH"])
@access(*ROLES)
@blp.arguments(MeChange)
@blp.alt_response(204, description="It is kept, and letters and notices are in that language from now on.")
@one_effect
def change_me(db: Connection, body: dict[str, Any]) -> Answer:
    """Choose the language you read."""
    choose_locale(db, current_actor().id, body["locale"])
    return Answer(None, 204)


@blp.route("/me/sign-out", methods=["POST"])
@access(*ROLES)
@blp.arguments(NothingIn, required=False)
@blp.alt_response(204, description="Every session has ended; access tokens given before last up to 15 minutes.")
@one_effect
def sign_out_everywhere(db: Connection, _body: dict[str, Any]) -> Answer:
    """End every session of yours, on every phone and in every browser."""
    sessions.end_all(db, current_actor().id)
    return Answer(None, 204)


def _named(what: str, query: str = "") -> list[Mapping[str, Any]] | None:
    """Ask the tickets service for the caller's `units` or `communities`; None where it gives no usable answer.

    One page is asked for, as long as pages may be; beyond it a home is told by its id alone.
    """
    try:
        status, body = parts().upstreams["tickets"].fetch("GET", f"/api/v1/{what}{query}", own_headers())
    except Unavailable:
        return None
    if status != 200:
        log.warning("me.refused", what=what, status=status)
        return None
    found: list[Mapping[str, Any]] = orjson.loads(body)["items"]
    return found


def _unit(unit_id: str, named: list[Mapping[str, Any]]) -> dict[str, Any]:
    for unit in named:
        if unit["id"] == unit_id:
            community = {key: unit["community"][key] for key in ("id", "name")}
            return {"id": unit_id, "name": unit["name"], "building": unit["building"], "community": community}
    return {"id": unit_id, "name": None, "building": None, "community": None}
