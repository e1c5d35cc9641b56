"""What is not in the navigation: facts of the organisation, and the way to the other pages."""

from flask import Response

from gateway.parts import parts
from gateway.web.admin.area import blp
from gateway.web.desk import desk
from gateway.web.guard import page_for
from gateway.web.page import page


@blp.get("/more")
@page_for("admin")
def more() -> Response:
    """Show the organisation, and where everything else is."""
    told = desk().several(
        {"me": "/me", "communities": "/communities", "staff": "/staff", "open": "/invitations?state=open&limit=100"},
        forgiving=True,
    )
    return page("admin/more.html", **told, address=parts().settings.kit.public_url)
