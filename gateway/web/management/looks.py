"""Who saw what is kept closed: by everybody or one person, of all homes or of one."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.management.area import blp
from gateway.web.page import page

A_PAGE = 50
MOST_HOMES = 20


@blp.get("/views")
@page_for("manager")
def views() -> Response:
    """List who saw what is kept closed: when, and why. A home is named by words, and chosen where several have them."""
    viewer, said = request.args.get("viewer_id") or None, request.args.get("home", "").strip()
    unit_id = request.args.get("unit_id") or None
    homes = _homes(unit_id, said)
    if unit_id is None and len(homes) == 1:
        unit_id = homes[0]["id"]
    home = next((one for one in homes if one["id"] == unit_id), None)
    found: Any = None
    if home or not said:
        found = desk().get("/views", limit=A_PAGE, after=request.args.get("after"), viewer_id=viewer, unit_id=unit_id)
    unheard = _("No home is called that.") if said and not homes else None
    staff = desk().get("/staff")["items"]
    return page(
        "management/views.html",
        found=found,
        staff=staff,
        names={one["id"]: one["badge"] for one in staff},
        viewer=viewer,
        homes=homes,
        home=home,
        said=said,
        unheard=unheard,
    )


def _homes(unit_id: str | None, said: str) -> list[dict[str, Any]]:
    if unit_id:
        items: list[dict[str, Any]] = desk().get("/units", id=[unit_id])["items"]
    else:
        items = desk().get("/units", q=said, limit=MOST_HOMES)["items"] if said else []
    return items
