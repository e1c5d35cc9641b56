"""The page behind a code on a lift, a door or a lamp: the place is known, and reporting needs no account."""

from flask import Response, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from gateway.web.desk import Refused, desk, public_desk
from gateway.web.forms import DeskForm
from gateway.web.guard import page_for_anybody
from gateway.web.page import go, page
from gateway.web.session import visitor
from gateway.web.visitors.area import blp
from gateway.web.visitors.pace import count

SIGNS = {
    "lift": "lift",
    "door": "door",
    "gate": "gate",
    "garage": "parking",
    "corridor": "lamp",
    "stairs": "stairs",
    "garden": "leaf",
    "playground": "slide",
}


class VisitorsReport(DeskForm):
    """What somebody found here."""

    description = TextAreaField(_l("What is the matter?"), description=_l("One sentence is enough."))
    phone = StringField(_l("Your telephone number"), description=_l("Only if we may call you. It is forgotten later."))


@blp.get("/q/<code>")
@page_for_anybody
def scan(code: str) -> Response:
    """Show where this is, what is being done here already, and the way to report.

    A crew member whose round comes by here is led to its checkpoint.
    """
    count("scan")
    who = visitor()
    if who is not None and who.actor.role == "crew":
        found = desk().get("/jobs/checkpoints", code=code)["items"]
        if found:
            at = found[0]
            target = url_for(
                "crew.show_job", ticket_id=at["ticket_id"], point=at["n"], code=code, _anchor=f"point-{at['n']}"
            )
            return redirect(target, 303)  # type: ignore[return-value]
    return _page(code, VisitorsReport())


@blp.post("/q/<code>")
@page_for_anybody
def report(code: str) -> Response:
    """File what was found, and lead to its own link."""
    count("visitor")
    form = VisitorsReport()
    try:
        receipt = public_desk().post(f"/q/{code}/tickets", form.body())
    except Refused as refused:
        return _page(code, form, form.refuse(refused))
    said = _("We have it: %(number)s. Keep this page: it shows what becomes of it.", number=receipt["number"])
    return go("visitors.follow", token=receipt["follow_token"], said=said)


def _page(code: str, form: VisitorsReport, status: int = 200) -> Response:
    who = visitor()
    place = public_desk().get(f"/q/{code}")
    mine = who is not None and who.actor.role == "resident"
    return page("visitors/scan.html", status, code=code, place=place, form=form, mine=mine, signs=SIGNS)
