"""Plans with what came of them, and the checkpoints of a round, as staff see them."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from services.kit import clock as time
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.commands.plans import (
    checkpoints_of,
    no_such_plan,
    no_time_left,
    on_the_wall,
    recurrence_of,
    settled_until,
    zone_of,
)
from services.tickets.models import communities, people, tickets
from services.tickets.models.plans import plan_occurrences, plans, ticket_checkpoints
from services.tickets.plans import kinds
from services.tickets.plans.recurrence import recurrence
from services.tickets.queries.tickets import ticket_row
from services.tickets.queries.views import moment

NEXT_SHOWN = 5
_KEPT = (
    "id", "community_id", "unit_id", "location", "title", "description", "catalogue_code", "urgency", "resident_id",
    "rrule", "lead_hours", "if_missed", "late_hours", "state", "version", "created_by", "changed_by",
)  # fmt: skip


def plan_view(db: Connection, plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan with its checkpoints and the next times it is due, on its community's clock."""
    wanted = select(communities.c.timezone).where(communities.c.id == plan["community_id"])
    zone = ZoneInfo(db.execute(wanted).scalar_one())
    return {**_brief(plan, zone), "checkpoints": _numbered(checkpoints_of(db, plan["id"])), "next": _next(plan, zone)}


def _brief(plan: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {
        **{name: plan[name] for name in _KEPT},
        "kind": plan["kind"],
        "kind_name": dict(kinds.KINDS[plan["kind"]]),
        "timezone": zone.key,
        "starts_at": _on_clock(plan["starts_local"], zone),
        "ends_at": _on_clock(plan["ends_local"], zone),
        "next_at": moment(plan["next_at"]),
        "file_at": moment(plan["file_at"]),
        "created_at": moment(plan["created_at"]),
        "changed_at": moment(plan["changed_at"]),
    }


def _on_clock(local: datetime | None, zone: ZoneInfo) -> str | None:
    return None if local is None else local.replace(tzinfo=zone).isoformat()


def _next(plan: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    if plan["next_at"] is None:
        return []
    found = [plan["next_at"]]
    for later in recurrence_of(plan, zone).after(plan["next_at"]):
        if len(found) == NEXT_SHOWN:
            break
        found.append(later)
    return [at.astimezone(zone).isoformat() for at in found]


def times_of(
    db: Connection,
    actor: Actor,
    *,
    community_id: str,
    rrule: str,
    starts_at: datetime,
    ends_at: datetime | None,
    plan_id: str | None,
) -> dict[str, Any]:
    """Return when a rule would be due next, as a plan with it would be. Raises Invalid where a plan would not take it.

    Of a `plan_id` that is there, what was filed ahead of its time is not due again.
    """
    zone = zone_of(db, actor, community_id)
    starts: Any = on_the_wall(starts_at, zone)
    checked = recurrence(rrule, starts, on_the_wall(ends_at, zone), zone)
    since = time.now() if plan_id is None else settled_until(db, plan_id)
    found = list(islice(checked.after(since), NEXT_SHOWN))
    if not found:
        raise no_time_left()
    return {
        "rrule": checked.rule,
        "timezone": zone.key,
        "next": [at.astimezone(zone).isoformat() for at in found],
    }


def _numbered(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"n": number, **{str(name): said for name, said in one.items()}} for number, one in enumerate(points, 1)]


def one_plan(db: Connection, plan_id: str) -> dict[str, Any]:
    """Return a plan's view; raises NotFound."""
    row = db.execute(select(plans).where(plans.c.id == plan_id)).mappings().one_or_none()
    if row is None:
        raise no_such_plan()
    return plan_view(db, dict(row))


def list_plans(
    db: Connection, limit: int, after: str | None, *, state: str | None, kind: str | None, community_id: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of plans in brief, the newest first, and the cursor of the next page."""
    statement = (
        select(plans, communities.c.timezone)
        .join(communities, communities.c.id == plans.c.community_id)
        .order_by(plans.c.id.desc())
        .limit(limit + 1)
    )
    for column, value in ((plans.c.state, state), (plans.c.kind, kind), (plans.c.community_id, community_id)):
        if value is not None:
            statement = statement.where(column == value)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(plans.c.id < str(cursor[0]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "id")
    return [_brief(dict(row), ZoneInfo(row["timezone"])) for row in shown], more


def occurrences_of(
    db: Connection, plan_id: str, limit: int, after: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of the times a plan was due, the latest first: each with its ticket, or why there is none."""
    one_plan(db, plan_id)
    table = plan_occurrences
    statement = (
        select(table, tickets.c.number, tickets.c.status)
        .outerjoin(tickets, tickets.c.id == table.c.ticket_id)
        .where(table.c.plan_id == plan_id)
        .order_by(table.c.occurs_at.desc())
        .limit(limit + 1)
    )
    cursor = read_cursor(after, datetime)
    if cursor is not None:
        statement = statement.where(table.c.occurs_at < cursor[0])
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "occurs_at")
    times = [
        {
            "occurs_at": moment(row["occurs_at"]),
            "outcome": row["outcome"],
            "because": row["because"],
            "ticket_id": row["ticket_id"],
            "number": row["number"],
            "status": row["status"],
            "at": moment(row["at"]),
        }
        for row in shown
    ]
    return times, more


def round_of(db: Connection, ticket_id: str) -> dict[str, Any]:
    """Return a ticket's checkpoints in order and how many are open and failed; raises NotFound."""
    ticket_row(db, ticket_id)
    table = ticket_checkpoints
    rows = (
        db.execute(
            select(table, people.c.badge)
            .outerjoin(people, people.c.id == table.c.ticked_by)
            .where(table.c.ticket_id == ticket_id)
            .order_by(table.c.n)
        )
        .mappings()
        .all()
    )
    occurrence = select(plan_occurrences.c.plan_id, plan_occurrences.c.occurs_at)
    found = db.execute(occurrence.where(plan_occurrences.c.ticket_id == ticket_id)).one_or_none()
    return {
        "items": [checkpoint_view(dict(row)) for row in rows],
        "open": sum(row["result"] is None for row in rows),
        "failed": sum(row["result"] == "failed" for row in rows),
        "plan_id": found and found.plan_id,
        "occurs_at": moment(found and found.occurs_at),
    }


def checkpoint_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checkpoint as whoever walks the round sees it: not the code that they are to read there."""
    kept = ("n", "name", "instruction", "result", "note", "photo_id", "ticked_by", "repair_ticket_id")
    return {
        **{name: row[name] for name in kept},
        "needs_code": row["code"] is not None,
        "ticked_by_name": row.get("badge"),
        "ticked_at": moment(row["ticked_at"]),
    }
