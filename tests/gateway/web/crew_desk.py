"""A desk with one job of a crew member, for tests of their pages."""

from datetime import UTC, datetime
from typing import Any

import orjson

from tests.gateway.conftest import FakeService
from tests.gateway.web.pages import path_of

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ID = "0193b3f2-1111-7000-8000-000000000001"
OTHER = "0193b3f2-1111-7000-8000-000000000002"
GARDEN = "0193b3f2-2222-7000-8000-000000000001"
TICKET: dict[str, Any] = {
    "id": ID, "number": "D-1", "title": "厨房漏水", "description": "水槽下面漏水", "status": "claimed",
    "work_type": "repair", "catalogue_code": "plumbing-repair", "joined_to": None,
    "community_id": GARDEN, "community_name": "Garden", "unit_id": OTHER, "unit_name": "1-101", "location": None,
    "urgency": "urgent", "need_level": 1, "filed_at": "2026-11-22T06:00:00+00:00", "version": 3,
    "promised_at": None, "waiting_reason": None, "paused_until": None, "circumstances": [],
    "owner": {"kind": "person", "id": OTHER, "name": "C-1", "desk": None},
    "actions": ["depart", "arrive", "start", "release", "assign", "escalate", "promise", "comment", "photograph"],
}  # fmt: skip
CLOCK = {"clock": "attend", "due_at": "2026-11-22T08:30:00+00:00", "stopped_at": None}
JOB = {
    "ticket": TICKET, "phone": "+86 138 0000 0000", "timezone": "Asia/Shanghai", "building_name": "1",
    "clocks": [CLOCK], "pauses": [{"reason": "parts", "name": {}, "longest_seconds": 86400}],
}  # fmt: skip
PLACES = {"items": [{"id": GARDEN, "name": "Garden", "timezone": "Asia/Shanghai"}]}
AT = f"/tickets/{ID}"
DESK: dict[str, Any] = {
    "/communities": PLACES, "/jobs": {"items": [JOB]}, "/pool": {"items": []}, "/staff": {"items": []}, AT: TICKET,
    f"{AT}/clocks": {"items": [CLOCK]}, f"{AT}/comments": {"items": []}, f"{AT}/photos": {"items": []},
    f"{AT}/checkpoints": {"items": []}, f"{AT}/joined": {"lead": None, "count": 0, "joined": []},
    "/similar": {"items": []},
}  # fmt: skip


def sent(services: dict[str, FakeService], path: str) -> dict[str, Any]:
    """Return the body of what was posted there last."""
    asked = [one for one in services["tickets"].asked if one["method"] == "POST" and path_of(one) == path]
    return dict(orjson.loads(asked[-1]["body"]))
