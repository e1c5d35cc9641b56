"""The manager's first page: the need level that each community attained, and what waits for a decision."""

from flask import Response

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.management.asking import PLACES, asked
from gateway.web.management.charts import pyramid
from gateway.web.management.period import period
from gateway.web.page import page

MOST = 100


@blp.get("")
@page_for("manager")
def overview() -> Response:
    """Show the pyramid of needs of every community, and how much is open, overdue or undecided."""
    chosen = period()
    told = desk().several(
        {
            "places": PLACES,
            "attained": asked("/reports/attainment", chosen.query),
            "levels": asked("/reports/sla", chosen.query | {"group_by": "organisation"}),
            "said": asked("/reports/satisfaction", chosen.query),
            "approvals": f"/complaints?step=chosen&limit={MOST}",
            "incidents": f"/incidents?open=true&limit={MOST}",
        },
        forgiving=True,
    )
    attained, places = told.pop("attained"), told.pop("places")
    levels = attained["communities"] if attained else None
    return page(
        "management/overview.html",
        period=chosen,
        places=places["items"] if places else [],
        attained=levels,
        pyramids={one["community_id"]: pyramid(one["levels"], one["attained_level"]) for one in levels or ()},
        **told,
    )
