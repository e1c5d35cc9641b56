"""Sheets to print: an invitation with its link as a code to scan, one a page, and the codes of a building's spots."""

from typing import Any

import segno
from flask import Response, request
from markupsafe import Markup

from gateway.web.admin.area import blp
from gateway.web.admin.names import after, communities, homes
from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import page
from gateway.web.session import signed_in

AT_ONCE = 20


@blp.get("/invitations/<uuid:invitation_id>/sheet")
@page_for("admin", "manager")
def invitation_sheet(invitation_id: str) -> Response:
    """Print one open invitation."""
    return _sheets([desk().get(f"/invitations/{invitation_id}")], None)


@blp.get("/invitations/sheets")
@page_for("admin", "manager")
def invitation_sheets() -> Response:
    """Print the open invitations, some at a time: a sheet each.

    A link for a forgotten password may be its owner's alone to read, so a manager prints each of these by itself.
    """
    found = desk().get("/invitations", state="open", limit=AT_ONCE, after=after())
    every = signed_in().role == "admin"
    return _sheets([one for one in found["items"] if every or one["purpose"] == "join"], found.after)


@blp.get("/places/<uuid:community_id>/sheet")
@page_for("admin", "manager")
def spot_sheet(community_id: str) -> Response:
    """Print the codes of a building, or of everything in a community."""
    building_id = request.args.get("building_id")
    of = {"building_id": building_id} if building_id else {"community_id": str(community_id)}
    spots = desk().get("/spots/sheet", **of)["items"]
    for one in spots:
        one["picture"] = Markup(one["svg"])  # noqa: S704 (drawn by the desk from an address of its own)
    return page("admin/spot_sheet.html", spots=spots, community=communities().get(str(community_id)))


def _sheets(invited: list[dict[str, Any]], more: str | None) -> Response:
    links = desk().several({one["id"]: f"/invitations/{one['id']}/link" for one in invited if one["state"] == "open"})
    sheets = [
        {**one, **links[one["id"]], "picture": _picture(links[one["id"]]["link"])}
        for one in invited
        if one["id"] in links
    ]
    organisation = desk().get("/me")["organisation"]["name"]
    named = homes(one for sheet in sheets for one in sheet["units"])
    return page("admin/invitation_sheet.html", sheets=sheets, homes=named, organisation=organisation, after=more)


def _picture(link: str) -> Markup:
    drawn = segno.make(link, error="m", micro=False).svg_inline(scale=5, border=2, omitsize=True)
    return Markup(drawn)  # noqa: S704 (drawn here from an address of our own)
