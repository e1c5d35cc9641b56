"""The five gaps between what is expected and what is done, what is owed to whom, and complaints."""

from typing import Any

from flask import Response, request
from flask_babel import gettext
from markupsafe import Markup

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management import charts
from gateway.web.management.area import blp
from gateway.web.management.asking import asked, shown
from gateway.web.management.figures import offered
from gateway.web.management.period import period

COMPLAINT_GROUPS = ("community", "cause", "emotion", "month")


@blp.get("/gaps")
@page_for("manager")
def gaps() -> Response:
    """Show the five gaps of service quality of each community."""
    chosen = period()
    return shown(
        "management/gaps.html", chosen, {"report": asked("/reports/gaps", chosen.query)}, exported=chosen.query
    )


@blp.get("/recovery")
@page_for("manager")
def recovery() -> Response:
    """Show which households are owed good services for bad ones."""
    chosen = period()
    told = desk().get("/reports/recovery", **(chosen.query | {"limit": 50, "after": request.args.get("after")}))
    ids = [one["unit_id"] for one in told["items"]]
    homes = desk().get("/units", id=ids, limit=100)["items"] if ids else []
    return shown(
        "management/recovery.html",
        chosen,
        {},
        report=told,
        homes={one["id"]: one for one in homes},
        exported=chosen.query,
    )


@blp.get("/complaints")
@page_for("manager")
def complaints() -> Response:
    """Show what was settled at once, what went up that need not have, and what was learnt."""
    chosen, group_by = period(), request.args.get("group_by") or "community"
    query = chosen.query | {"group_by": group_by}
    return shown(
        "management/complaints.html",
        chosen,
        {"report": asked("/reports/complaints", query), "latest": "/complaints?limit=20"},
        group_by=group_by,
        groups_offered=offered(COMPLAINT_GROUPS).items(),
        exported={given: value for given, value in query.items() if value},
        draw=_drawn if group_by == "month" else None,
    )


def _drawn(months: list[dict[str, Any]]) -> tuple[Markup, list[str]]:
    """Draw the shares of complaints by month; returns the picture and what its lines are."""
    shares = {
        gettext("Settled on first contact"): "settled_on_first_contact",
        gettext("Went up needlessly"): "avoidable_escalations",
        gettext("Approved in time"): "approvals_in_time",
    }
    told = ((said, charts.hundredths(one[name]["share"] for one in months)) for said, name in shares.items())
    lines = {said: line for said, line in told if any(share is not None for share in line)}
    return charts.trend([one["key"] for one in months], lines, of_hundred=True), list(lines)
