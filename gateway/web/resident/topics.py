"""What a resident is told of outside the app, topic by topic; what is urgent always comes."""

from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from gateway.web.desk import Refused, Told, desk
from gateway.web.guard import page_for
from gateway.web.page import go, page
from gateway.web.resident.area import blp
from gateway.web.resident.requests import refusal_of

TOPICS = {
    "requests": (_l("My requests"), _l("who comes and when, pauses, what was done")),
    "announcements": (_l("Announcements"), _l("planned repairs, water and power")),
    "events": (_l("Events"), _l("places that became free, events called off")),
    "opinions": (_l("Questions"), _l("how it was, and what you think")),
}
# What a person chooses, and the channels that it stands for; none: every way there is.
WAYS: dict[str, list[str] | None] = {
    "all": None,
    "email": ["in_app", "email"],
    "push": ["in_app", "push"],
    "here": ["in_app"],
}
WAY_NAMES = {
    "all": _l("Every way"),
    "email": _l("By e-mail"),
    "push": _l("On the phone"),
    "here": _l("Only here"),
}


@blp.get("/me/topics")
@page_for("resident")
def topics() -> Response:
    """Show how each topic comes."""
    return _page(desk().get("/preferences"))


@blp.post("/me/topics")
@page_for("resident")
def choose_topics() -> Response:
    """Choose how each topic comes; one that was set otherwise elsewhere stays unless something is chosen."""
    given = {name: WAYS[way] for name in TOPICS if (way := request.form.get(name)) in WAYS}
    try:
        desk().put("/preferences", {"topics": given}, if_match=request.form.get("version"))
    except Refused as refused:
        return _page(desk().get("/preferences"), refused.status, refusal_of(refused))
    return go("resident.myself", said=_("Kept."))


def _page(preferences: Told, status: int = 200, sentence: str | None = None) -> Response:
    chosen = {name: _way(preferences["topics"][name]) for name in TOPICS if name in preferences["topics"]}
    shown: dict[str, Any] = {"topics": TOPICS, "ways": WAY_NAMES, "chosen": chosen, "sentence": sentence}
    return page("resident/topics.html", status, version=preferences.etag, **shown)


def _way(channels: list[str] | None) -> str | None:
    return next((name for name, ways in WAYS.items() if ways == channels), None)
