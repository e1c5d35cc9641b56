"""Why a clock came out as it did, and a ticket as a case file that proves itself."""

import uuid

import structlog
from flask import Response, current_app
from flask_smorest import Blueprint

from services.kit.errors import Unavailable
from services.kit.http import Answer, access, respond, scoped
from services.kit.identity import ROLES, current_actor
from services.tickets.case_file.bundle import pack
from services.tickets.commands.exports import note_export
from services.tickets.queries.case_file import case_of
from services.tickets.queries.timeline import clock_story
from services.tickets.schemas.proofs import ClockStory

log = structlog.get_logger()
proofs = Blueprint("proofs", __name__, description="Why it came out so, and the proof of it")


@proofs.route("/tickets/<uuid:ticket_id>/clocks/<string:kind>/<int:generation>", methods=["GET"])
@access(*ROLES)
@proofs.alt_response(200, schema=ClockStory)
def story(ticket_id: uuid.UUID, kind: str, generation: int) -> Response:
    """Read why a clock came out as it did: when it started, ran, paused and why, warned, was due, breached."""
    with scoped() as db:
        return respond(Answer(clock_story(db, current_actor(), str(ticket_id), kind, generation)))


@proofs.route("/tickets/<uuid:ticket_id>/case-file", methods=["GET"])
@access("manager", "admin")
@proofs.response(200, content_type="application/zip")
def case_file(ticket_id: uuid.UUID) -> Response:
    """Export a ticket as a signed bundle that `doorstep verify-case` checks offline."""
    actor, key = current_actor(), current_app.extensions["case_key"]
    if key is None:
        raise Unavailable(
            "This desk has no key to sign case files with. Set DOORSTEP_CASE_KEY_FILE and start it again.",
            "本服务台尚未配置案卷签名密钥，请设置 DOORSTEP_CASE_KEY_FILE 后重新启动。",
        )
    with scoped() as db:
        case = case_of(db, actor, str(ticket_id))
        note_export(db, actor, "case_file", community_id=case["ticket"]["community_id"], ticket_id=str(ticket_id))
    content = pack(case, key)
    log.info("case.exported", ticket_id=str(ticket_id), actor_id=actor.id, organisation_id=actor.organisation_id)
    name = f"case-{case['ticket']['number']}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, mimetype="application/zip", headers=headers)
