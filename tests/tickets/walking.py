"""Takes any action of the lifecycle on a ticket over HTTP, with a body that suits it."""

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PIL import Image
from werkzeug.test import TestResponse

from services.kit import clock, testing

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

ROUTES = {
    "comment": "comments",
    "photograph": "photos",
    "make_safe": "make-safe",
    "call_back": "call-back",
    "call_off": "call-off",
}
# Whom the routes are open to; the system acts without HTTP.
HTTP_ACTIONS = (
    "acknowledge", "claim", "release", "assign", "depart", "arrive", "start", "pause", "resume", "object",
    "disallow", "make_safe", "complete", "call_back", "confirm", "reopen", "cancel", "decline", "promise", "override",
    "reevaluate", "comment", "photograph", "escalate", "join", "part", "propose", "agree", "call_off",
)  # fmt: skip


def jpeg(size: tuple[int, int] = (40, 30), color: str = "green") -> bytes:
    """Return a small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


def waiting(reason: str = "parts", **length: float) -> dict[str, str]:
    """Return the body of a pause, of two hours unless a length is given."""
    until = clock.now() + timedelta(**(length or {"hours": 2}))
    return {"reason": reason, "note": "等配件到货", "until": until.isoformat()}


def tomorrow() -> dict[str, str]:
    """Return a window of two hours, a day from now."""
    at = clock.now() + timedelta(days=1)
    return {"from": at.isoformat(), "to": (at + timedelta(hours=2)).isoformat()}


def body_for(action: str, ticket: dict[str, Any], estate: "Estate") -> Any:
    """Return a body the action takes; an assignment goes to whoever does not have the job."""
    seen = {"seen": ticket["appointment"]["version"]} if ticket["appointment"] else {}
    crew, colleague = estate.people["crew"].id, estate.people["colleague"].id
    if action == "join":
        return {"to": estate.file("楼道水管漏水", "dispatcher", community_id=estate.community_id)["id"]}
    bodies: dict[str, Any] = {
        "release": {"reason": "有急事"},
        "assign": {"to": colleague if ticket["owner"]["id"] == crew else crew},
        "pause": waiting(),
        "object": {"reason": "配件店就在楼下"},
        "disallow": {"reason": "配件在库房"},
        "call_back": {"outcome": "reached", "note": "住户说已修好"},
        "make_safe": {"note": "消防队确认险情已排除"},
        "reopen": {"reason": "还在漏"},
        "decline": {"reason": "不属于物业范围"},
        "promise": {"promised_at": (clock.now() + timedelta(hours=3)).isoformat()},
        "override": {"reason": "看过现场", "need_level": 1 + (ticket["need_level"] or 0) % 5},
        "reevaluate": {"reason": "按新时限执行"},
        "propose": {**tomorrow(), **seen},
        "agree": {**tomorrow(), **seen, "spoken": True},
        "call_off": seen,
        "comment": {"body": "明天上午在家"},
        "escalate": {"reason": "需要更大的权限"},
    }
    return bodies.get(action.replace("-", "_"), {})


def attempt(estate: "Estate", name: str, ticket: dict[str, Any], action: str) -> TestResponse:
    """Try an action as somebody, on the ticket as it was last read."""
    path = f"/tickets/{ticket['id']}/{ROUTES.get(action, action)}"
    if action == "photograph":
        return estate.client.post(
            f"/api/v1{path}",
            data={"photo": (io.BytesIO(jpeg()), "photo.jpg")},
            headers=testing.bearer(estate.people[name]),
        )
    body = body_for(action, ticket, estate)
    if action == "agree" and estate.people[name].role == "resident":
        # They agree to what is proposed, and name no window by it.
        body = {key: value for key, value in body.items() if key == "seen"}
    headers = {"If_Match": f'"v{ticket["version"]}"'} if action in ("override", "reevaluate") else {}
    return estate.post(name, path, body, **headers)
