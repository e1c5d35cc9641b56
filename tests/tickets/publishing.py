"""Announcements as the desk writes and publishes them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select, update

from services.kit import testing
from services.tickets.models import announcements, outbox

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

# A Monday at 08:00 in Shanghai.
NOW = datetime(2031, 3, 3, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def body(estate: "Estate", **changes: Any) -> dict[str, Any]:
    return {
        "community_id": estate.community_id,
        "kind": "water_outage",
        "starts_at": (NOW + 30 * HOUR).isoformat(),
        "ends_at": (NOW + 36 * HOUR).isoformat(),
        "title_zh": "3月4日停水",
        "body_zh": "因更换水泵停水，请提前储水。",
    } | changes


def asked(
    estate: "Estate", name: str, method: str, path: str, sent: Any = None, at: datetime = NOW, **more: str
) -> Any:
    with testing.at(at):
        return estate.ask(method, name, path, {} if sent is None and method != "GET" else sent, **more)


def drafted(estate: "Estate", **changes: Any) -> str:
    answer = asked(estate, "dispatcher", "POST", "/announcements", body(estate, **changes))
    assert answer.status_code == 201, answer.json
    return f"/announcements/{answer.json['id']}"


def published(estate: "Estate", at: datetime = NOW, late_because: str | None = None, **changes: Any) -> str:
    path = drafted(estate, **changes)
    answer = asked(estate, "dispatcher", "POST", f"{path}/publish", {"late_because": late_because}, at)
    assert answer.status_code == 200, answer.json
    return path


def told(engine: Engine, path: str) -> list[tuple[str, str]]:
    """Return what was told, to whom, in the order in which it was."""
    mine = outbox.c.subject == path.removeprefix("/announcements/")
    with engine.connect() as db:
        rows = db.execute(select(outbox.c.type, outbox.c.data).where(mine).order_by(outbox.c.id))
        return [(row.type.split(".")[1], row.data["requester_id"]) for row in rows]


def end_all(engine: Engine) -> None:
    """End what an earlier test left: a worker looks for what is due in all organisations."""
    with engine.begin() as db:
        db.execute(update(announcements).values(state="withdrawn", remind_at=None))


def with_periods(estate: "Estate", *codes: str) -> None:
    for code in codes or ("cn_water_national", "cn_gas_national"):
        path = f"/communities/{estate.community_id}/packs/{code}"
        assert estate.ask("PUT", "manager", path, {}, If_Match="*").status_code == 200
