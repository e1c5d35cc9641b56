"""One request: where it stands, who has it, when they come and how sure that is, the story, and the conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, Told, desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.resident.filing import add_photos
from gateway.web.resident.saying import NEXT_CLOCK, said_of, story
from gateway.web.session import signed_in
from gateway.web.stations import STATIONS
from gateway.web.visiting import first_and_last

# The clocks that a resident is told of; what runs among staff is not theirs to watch.
PROMISED = ("acknowledge", "attend", "resolve")


@blp.get("/<uuid:ticket_id>")
@page_for("resident")
def show_request(ticket_id: str) -> Response:
    """Show one request: the whole story on one page."""
    path = f"/tickets/{ticket_id}"
    told = desk().several({"ticket": path, **{name: f"{path}/{name}" for name in ("history", "comments", "photos")}})
    more = {"clocks": f"{path}/clocks", "joined": f"{path}/joined", "visits": "/return-visits?limit=20"}
    more["appointments"] = f"{path}/appointments"
    if told["ticket"].get("work_type") == "complaint":
        more["case"] = f"{path}/complaint"
    told |= desk().several(more, forgiving=True)
    ticket = told["ticket"]
    clocks = _latest(_items(told["clocks"]))
    return page(
        "resident/request.html",
        ticket=ticket,
        said=said_of(ticket),
        stations=STATIONS,
        steps=story(_items(told["history"]), signed_in().id),
        comments=_items(told["comments"]),
        photos=_items(told["photos"]),
        clocks=clocks,
        next_due=_due(clocks, NEXT_CLOCK.get(ticket["status"])),
        joined=told["joined"],
        appointments=_items(told["appointments"]),
        days=first_and_last(ticket["community_id"]),
        visit=next((one for one in _items(told["visits"]) if one["ticket_id"] == ticket["id"]), None),
        case=told.get("case"),
        me=signed_in().id,
    )


@blp.post("/<uuid:ticket_id>/photos")
@page_for("resident")
def send_photos(ticket_id: str) -> Response:
    """Add photos to a request."""
    refusal = add_photos(ticket_id, request.form.get("key", ""))
    if refusal:
        return go("resident.show_request", ticket_id=ticket_id, said=refusal, kind="warning")
    return go("resident.show_request", ticket_id=ticket_id, said=_("The photo is there."))


def _items(told: Told | None) -> list[dict[str, Any]]:
    return told.get("items", []) if told else []


def _latest(clocks: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the clocks a resident is told of, the newest of each kind, in the order in which things happen."""
    newest = {one["clock"]: one for one in sorted(clocks, key=lambda one: one["generation"])}
    return [newest[kind] for kind in PROMISED if kind in newest and newest[kind]["state"] != "void"]


def _due(clocks: Sequence[Mapping[str, Any]], kind: str | None) -> str | None:
    found = next((one for one in clocks if one["clock"] == kind and one["stopped_at"] is None), None)
    return found["due_at"] if found else None


def refusal_of(refused: Refused) -> str:
    """Return the sentence to show for what was refused; raises it again where another try is of no use."""
    if refused.status not in (400, 409, 412, 422, 429):
        raise refused
    return next(iter(refused.errors.values()), refused.sentence)
