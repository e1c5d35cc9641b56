"""What was announced to this home: what runs, what is to come, and one announcement, whose reading is recorded."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request

from gateway.web.desk import Told, desk
from gateway.web.guard import page_for
from gateway.web.language import language
from gateway.web.page import page
from gateway.web.resident.area import blp


@blp.get("/announcements")
@page_for("resident")
def announcements() -> Response:
    """List what was announced, the newest first."""
    found = desk().get("/announcements", limit=20, after=request.args.get("after"))
    return page("resident/announcements.html", announcements=found["items"], after=found.after)


@blp.get("/announcements/<uuid:announcement_id>")
@page_for("resident")
def announcement(announcement_id: str) -> Response:
    """Show one announcement, and record that this home has read it: that is how the desk knows whom to remind."""
    found = desk().get(f"/announcements/{announcement_id}")
    if not found["is_read"] and found["state"] not in ("withdrawn", "over"):
        desk().post(f"/announcements/{announcement_id}/read", key=f"read-{announcement_id}")
    title, body = words_of(found)
    return page("resident/announcement.html", it=found, title=title, body=body)


def words_of(it: Mapping[str, Any] | Told) -> tuple[str, str]:
    """Return title and text in the page's language, else in the one it was written in."""
    first, second = ("zh", "en") if language() == "zh-CN" else ("en", "zh")
    return it[f"title_{first}"] or it[f"title_{second}"], it[f"body_{first}"] or it[f"body_{second}"]


@blp.app_template_filter("announced")
def announced(it: Mapping[str, Any]) -> str:
    """Return the title of an announcement, for lists."""
    return words_of(it)[0]
