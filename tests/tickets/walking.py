"""Takes any action of the lifecycle on a ticket over HTTP, with a body that suits it."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PIL import Image
from werkzeug.test import TestResponse

from services.kit import clock, testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

ROUTES = {"comment": "comments", "photograph": "photos"}
# Whom the routes are open to; the system acts without HTTP.
HTTP_ACTIONS = (
    "acknowledge", "claim", "release", "assign", "depart", "arrive", "start", "pause", "resume", "complete",
    "confirm", "reopen", "cancel", "decline", "promise", "override", "comment", "photograph",
)  # fmt: skip


def jpeg(size: tuple[int, int] = (40, 30), color: str = "green") -> bytes:
    """Return a small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


def body_for(action: str, ticket: dict[str, Any], estate: "Estate") -> Any:
    """Return a body the action takes; an assignment goes to whoever does not have the job."""
    crew, colleague = estate.people["crew"].id, estate.people["colleague"].id
    bodies: dict[str, Any] = {
        "release": {"reason": "有急事"},
        "assign": {"to": colleague if ticket["owner"]["id"] == crew else crew},
        "pause": {"reason": "parts"},
        "reopen": {"reason": "还在漏"},
        "decline": {"reason": "不属于物业范围"},
        "promise": {"promised_at": (clock.now() + timedelta(hours=3)).isoformat()},
        "override": {"reason": "看过现场", "need_level": 1 + (ticket["need_level"] or 0) % 5},
        "comment": {"body": "明天上午在家"},
    }
    return bodies.get(action, {})


def attempt(estate: "Estate", name: str, ticket: dict[str, Any], action: str) -> TestResponse:
    """Try an action as somebody, on the ticket as it was last read."""
    path = f"/tickets/{ticket['id']}/{ROUTES.get(action, action)}"
    if action == "photograph":
        return estate.client.post(
            f"/api/v1{path}",
            data={"photo": (io.BytesIO(jpeg()), "photo.jpg")},
            headers=testing.bearer(estate.people[name]),
        )
    headers = {"If_Match": f'"v{ticket["version"]}"'} if action == "override" else {}
    return estate.post(name, path, body_for(action, ticket, estate), **headers)
