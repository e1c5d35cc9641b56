"""A report's own link: what became of it, a photo more, and taking the telephone number back."""

from flask import Response, request
from flask_babel import gettext as _

from gateway.web.desk import Refused, public_desk
from gateway.web.guard import page_for_anybody
from gateway.web.page import go, page
from gateway.web.stations import STATION_OF, STATIONS
from gateway.web.visitors.area import blp
from gateway.web.visitors.pace import count


@blp.get("/follow/<token>")
@page_for_anybody
def follow(token: str) -> Response:
    """Show what became of a report: when it came to which state, and no names."""
    count("scan")
    it = public_desk().get(f"/follow/{token}")
    at = STATION_OF.get(it["status"], 0)
    return page("visitors/follow.html", it=it, token=token, stations=STATIONS, station=at)


@blp.post("/follow/<token>/photos")
@page_for_anybody
def send_photo(token: str) -> Response:
    """Add a photo."""
    count("visitor")
    photo = request.files.get("photo")
    if photo is None or not photo.filename:
        return go("visitors.follow", token=token, said=_("Choose a photo first."), kind="warning")
    try:
        public_desk().upload(f"/follow/{token}/photos", "photo", photo)
    except Refused as refused:
        sentence = next(iter(refused.errors.values()), refused.sentence)
        return go("visitors.follow", token=token, said=sentence, kind="warning")
    return go("visitors.follow", token=token, said=_("The photo is there."))


@blp.post("/follow/<token>/phone")
@page_for_anybody
def forget_phone(token: str) -> Response:
    """Forget the telephone number."""
    count("visitor")
    public_desk().delete(f"/follow/{token}/phone")
    return go("visitors.follow", token=token, said=_("Your number is forgotten."))
