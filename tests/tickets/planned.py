"""Makes plans and walks rounds for the tests of recurring work."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, select, update

from services.kit import testing
from services.tickets.models import outbox, plan_occurrences, plans
from services.tickets.planning import file_planned

if TYPE_CHECKING:
    from tests.tickets.conftest import Estate

# A Monday at 08:00 in Shanghai.
MONDAY = datetime(2031, 3, 3, 0, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def body(estate: "Estate", **changes: Any) -> dict[str, Any]:
    """Return a plan that can be made: every Monday at 09:00, in the machine room."""
    return {
        "kind": "preventive_maintenance",
        "title": "水泵保养",
        "description": "检查水泵与阀门。",
        "catalogue_code": "equipment-maintenance",
        "community_id": estate.community_id,
        "location": "水泵房",
        "rrule": "FREQ=WEEKLY;BYDAY=MO",
        "starts_at": "2031-03-03T09:00:00+08:00",
    } | changes


def made(estate: "Estate", at: datetime = MONDAY, **changes: Any) -> dict[str, Any]:
    """Make a plan at a moment and return it."""
    with testing.at(at):
        answer = estate.post("dispatcher", "/plans", body(estate, **changes))
    assert answer.status_code == 201, answer.json
    return dict(answer.json or {})


def nothing_due(engine: Engine) -> None:
    """End every plan that an earlier test left: a worker looks for what is due in all organisations."""
    with engine.begin() as db:
        db.execute(update(plans).values(state="ended", next_at=None, file_at=None))


def told(engine: Engine, subject: str) -> list[tuple[str, str | None]]:
    """Return what was told of a plan or an event: the types, each with the resident it concerns."""
    with engine.connect() as db:
        rows = db.execute(select(outbox.c.type, outbox.c.data).where(outbox.c.subject == subject).order_by(outbox.c.id))
        return [(row.type, row.data.get("requester_id")) for row in rows]


def worked(engine: Engine, at: datetime) -> int:
    """Let a worker look for what is due at a moment."""
    with testing.at(at):
        return file_planned(engine, lambda: None)


def recorded(engine: Engine, plan: dict[str, Any]) -> list[Any]:
    """Return what is on record of a plan, in order."""
    with engine.connect() as db:
        wanted = select(plan_occurrences).where(plan_occurrences.c.plan_id == plan["id"])
        return list(db.execute(wanted.order_by(plan_occurrences.c.occurs_at)).mappings())
