"""All requests, those that are over too: the newest first, by state, community, home, days and number."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web import moments
from gateway.web.desk import desk
from gateway.web.dispatcher.area import DESK, blp
from gateway.web.guard import page_for
from gateway.web.page import page

A_PAGE = 25
MOST_HOMES = 20
ASKED = ("state", "community_id", "unit_id", "home", "from", "to", "number")
# What can be chosen beside a status of its own, and how the desk is asked for it.
STATES = {"open": (_l("Still to be done"), "false"), "over": (_l("Over"), "true")}


@blp.get("/requests")
@page_for(*DESK)
def requests() -> Response:
    """List requests by what the form says; a home is named by its words or code, and chosen where several have them."""
    said = {name: request.args.get(name, "").strip() for name in ASKED}
    if "home" in request.args and not said["home"]:
        # The field of the home that was chosen was emptied.
        said["unit_id"] = ""
    homes, more = _homes(said)
    home = homes[0] if len(homes) == 1 else None
    wrong = {}
    if (said["home"] or said["unit_id"]) and not homes:
        wrong["home"] = _("No home is called that.")
    try:
        days = _days(said)
    except ValueError:
        days, wrong["from"] = {}, _("Give days of the calendar, the first not after the last.")
    wanted = {"places": "/communities"}
    if not wrong and (home or not homes):
        wanted["found"] = f"/tickets?{_query(said, days, home)}"
    told = desk().several(wanted)
    return page(
        "dispatcher/requests.html",
        said=said,
        states=STATES,
        communities=told["places"]["items"],
        homes=homes,
        more=more,
        home=home,
        wrong=wrong,
        found=told.get("found"),
    )


def _homes(said: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """Return the homes that are meant, and whether there are more; none where none was named.

    A home that was chosen holds until another one is named, or another community.
    """
    place = said["community_id"] or None
    if said["unit_id"]:
        chosen: list[dict[str, Any]] = desk().get("/units", id=[said["unit_id"]], community_id=place)["items"]
        if "home" not in request.args or any(one["code"] == said["home"] for one in chosen):
            return chosen, False
    if not said["home"]:
        return [], False
    found = desk().get("/units", q=said["home"][:80], community_id=place, limit=MOST_HOMES)
    return found["items"], found.after is not None


def _days(said: dict[str, str]) -> dict[str, str]:
    """Return when the first day begins and the last one is over, by the community's clocks; raises ValueError."""
    first, last = (date.fromisoformat(said[name]) if said[name] else None for name in ("from", "to"))
    for day in (first, last):
        if day and not 2000 <= day.year < 2100:
            raise ValueError("such a day there is not")
    if first and last and first > last:
        raise ValueError("the first day is after the last")
    place = moments.zone(said["community_id"] or None) or UTC
    ends = {"from": first, "to": last + timedelta(days=1) if last else None}
    return {name: datetime.combine(day, time(), place).isoformat() for name, day in ends.items() if day}


def _query(said: dict[str, str], days: dict[str, str], home: dict[str, Any] | None) -> str:
    state = said["state"]
    asked = {
        "limit": str(A_PAGE),
        "after": request.args.get("after"),
        "over": STATES[state][1] if state in STATES else None,
        "status": None if state in STATES else state,
        "community_id": said["community_id"],
        "unit_id": home["id"] if home else None,
        "number": said["number"],
        **days,
    }
    return urlencode({name: value for name, value in asked.items() if value})
