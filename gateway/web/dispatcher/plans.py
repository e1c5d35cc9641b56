"""Plans of recurring work: what is due when, and what became of the times that were."""

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import go, page
from services.kit.errors import NotFound


@blp.get("/plans")
@page_for(*DESK)
def plans() -> Response:
    """List plans, the newest first."""
    found = desk().get("/plans", limit=30, after=request.args.get("after"))
    return page("dispatcher/plans.html", found=found)


@blp.get("/plans/<uuid:plan_id>")
@page_for(*DESK)
def plan(plan_id: str) -> Response:
    """Show a plan with its checkpoints, its next times and its earlier ones."""
    told = desk().several({"plan": f"/plans/{plan_id}", "past": f"/plans/{plan_id}/occurrences?limit=30"})
    return page("dispatcher/plan.html", plan=dict(told["plan"]), past=told["past"]["items"])


@blp.post("/plans/<uuid:plan_id>/<step>")
@page_for(*DESK)
def take_plan_step(plan_id: str, step: str) -> Response:
    """Let a plan rest, take it up again, or end it."""
    if step not in ("pause", "resume", "end"):
        raise NotFound("There is no such step.", "没有这一步骤。")
    desk().post(f"/plans/{plan_id}/{step}")
    return go("dispatcher.plan", plan_id=plan_id, said=_("Written down."))
