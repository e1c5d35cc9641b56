"""The record of a home as those may see it who may, and who looked at it."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, case, exists, func, or_, select

from services.kit import clock as time
from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets import equipment
from services.tickets.lifecycle import OPEN
from services.tickets.models import (
    clocks,
    household_circumstances,
    household_equipment,
    household_views,
    households,
    people,
    resident_preferences,
    tickets,
)
from services.tickets.queries.reports.promises import PROMISE_COLUMNS, promises_of
from services.tickets.queries.views import moment
from services.tickets.sla.conditions import CIRCUMSTANCES

LATEST = 20
DESK = ("dispatcher", "manager")
LOW = 2
STAFF_ALONE = "staff"


def household_version(db: Connection, unit_id: str) -> int:
    """Return the version of a home's record, 0 where nothing is recorded."""
    wanted = select(households.c.version).where(households.c.unit_id == unit_id)
    return int(db.execute(wanted).scalar_one_or_none() or 0)


def household_view(db: Connection, actor: Actor, home: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything remembered about a home; a crew member sees what their job there needs and no more."""
    unit_id, now = home["unit_id"], time.now()
    row = db.execute(select(households).where(households.c.unit_id == unit_id)).mappings().one_or_none()
    whole = actor.role != "crew"
    return {
        "unit_id": unit_id,
        "unit_name": home["unit_name"],
        "community_id": home["community_id"],
        "community_name": home["community_name"],
        "salutation": {"zh-CN": row and row["salutation_zh"], "en": row and row["salutation_en"]},
        "circumstances": _circumstances(db, unit_id, now, whole=whole),
        "equipment": _equipment(db, unit_id, now.astimezone(ZoneInfo(home["timezone"]))),
        "residents": _residents(db, unit_id) if actor.role in DESK else None,
        "promises": _promises(db, unit_id, now) if whole else None,
        "tickets": _tickets(db, unit_id) if whole else None,
        "recovery": _recovery(db, unit_id) if whole else None,
        "changed_at": moment(row["changed_at"] if row else None),
        "version": row["version"] if row else 0,
    }


def _residents(db: Connection, unit_id: str) -> list[dict[str, Any]]:
    """How each resident of the home wants to be told; what nobody has said is null, and no address is here."""
    told = resident_preferences
    rows = db.execute(
        select(people.c.id, told)
        .outerjoin(told, told.c.person_id == people.c.id)
        .where(people.c.unit_ids.any_() == unit_id, people.c.role == "resident", people.c.active)
        .order_by(people.c.id)
    ).mappings()
    return [
        {
            "person_id": row["id"],
            "language": row["locale"] or row["account_locale"],
            "channels": ["in_app", *(row["channels"] or ())],
            "quiet_hours": {
                "from": row["quiet_from"],
                "until": row["quiet_until"],
                "timezone": row["timezone"],
            }
            if row["quiet_from"]
            else None,
            "digest_at": row["digest_at"],
        }
        for row in rows
    ]


def _circumstances(db: Connection, unit_id: str, now: datetime, *, whole: bool) -> list[dict[str, Any]]:
    """What has run out no longer counts: it is shown as such to who can renew it, and to nobody else."""
    table = household_circumstances
    rows = db.execute(select(table).where(table.c.unit_id == unit_id).order_by(table.c.kind)).mappings()
    return [
        {
            "kind": row["kind"],
            "name": dict(CIRCUMSTANCES[row["kind"]]),
            "valid": row["until"] > now,
            "until": moment(row["until"]),
            "consent": {"by": row["consented_by"], "at": moment(row["consented_at"])} if whole else None,
        }
        for row in rows
        if whole or row["until"] > now
    ]


def _equipment(db: Connection, unit_id: str, now: datetime) -> list[dict[str, Any]]:
    table, today = household_equipment, now.date()
    wanted = select(table).where(table.c.unit_id == unit_id).order_by(table.c.installed_on, table.c.id)
    found = []
    for row in db.execute(wanted).mappings():
        due_on = equipment.due_on(row["installed_on"], row["life_months"])
        found.append(
            {
                "id": row["id"],
                "kind": row["kind"],
                "name": dict(equipment.NAMES[row["kind"]]),
                "model": row["model"],
                "installed_on": row["installed_on"].isoformat(),
                "life_months": row["life_months"],
                "age_months": equipment.age_months(row["installed_on"], today),
                "due_on": due_on.isoformat(),
                "due": due_on <= today,
            }
        )
    return found


def _promises(db: Connection, unit_id: str, now: datetime) -> dict[str, Any]:
    """What the household was promised, and what became of it; counted over all, the latest by name."""
    jobs = (
        select(*PROMISE_COLUMNS, tickets.c.number, tickets.c.filed_at).where(tickets.c.unit_id == unit_id).cte("jobs")
    )
    told = promises_of(jobs, now)
    counts = {row[0]: row[1] for row in db.execute(select(told.c.became, func.count()).group_by(told.c.became))}
    latest = (
        select(told.c.ticket_id, told.c.became, jobs.c.number, jobs.c.promised_at)
        .join(jobs, jobs.c.id == told.c.ticket_id)
        .order_by(jobs.c.filed_at.desc(), told.c.ticket_id, told.c.became)
        .limit(LATEST)
    )
    states = ("kept", "broken", "open", "replaced", "withdrawn")
    return {
        "made": sum(counts.values()),
        **{state: counts.get(state, 0) for state in states},
        "items": [
            {
                "ticket_id": row["ticket_id"],
                "number": row["number"],
                "became": row["became"],
                "latest_promised_at": moment(row["promised_at"]),
            }
            for row in db.execute(latest).mappings()
        ],
    }


def _tickets(db: Connection, unit_id: str) -> dict[str, Any]:
    theirs = tickets.c.unit_id == unit_id
    total, still_open = db.execute(
        select(func.count(), func.count().filter(tickets.c.status.in_(OPEN))).where(theirs)
    ).one()
    latest = select(tickets).where(theirs).order_by(tickets.c.filed_at.desc(), tickets.c.id.desc()).limit(LATEST)
    kept = ("id", "number", "title", "status", "catalogue_code", "work_type", "urgency", "completions", "satisfaction")
    return {
        "total": total,
        "open": still_open,
        "items": [
            {
                **{name: row[name] for name in kept},
                "filed_at": moment(row["filed_at"]),
                "completed_at": moment(row["completed_at"]),
            }
            for row in db.execute(latest).mappings()
        ],
    }


def _recovery(db: Connection, unit_id: str) -> dict[str, int | None]:
    """What went wrong for the household and what went well since, as counts of its jobs and nothing derived."""
    late = exists().where(clocks.c.ticket_id == tickets.c.id, clocks.c.breached_at.is_not(None))
    low = or_(tickets.c.satisfaction <= LOW, tickets.c.solved.is_(False))
    wrong = or_(tickets.c.completions > 1, tickets.c.status == "reopened", late, func.coalesce(low, False))
    jobs = (
        select(
            tickets.c.completed_at,
            tickets.c.filed_at,
            (tickets.c.first_completed_at.is_not(None)).label("completed"),
            (tickets.c.work_type == "complaint").label("complaint"),
            or_(tickets.c.completions > 1, tickets.c.status == "reopened").label("reopened"),
            late.label("late"),
            or_(tickets.c.satisfaction.is_not(None), tickets.c.solved.is_not(None)).label("answered"),
            func.coalesce(low, False).label("low"),
            wrong.label("wrong"),
        )
        .where(tickets.c.unit_id == unit_id)
        .cte("jobs")
    )
    names = ("completed", "complaint", "reopened", "late", "answered", "low", "wrong")
    last = select(func.max(case((jobs.c.wrong, jobs.c.filed_at)))).scalar_subquery()
    since = and_(jobs.c.completed, ~jobs.c.wrong, jobs.c.filed_at > last)
    counted = [func.count().filter(jobs.c[name]).label(name) for name in names]
    row = db.execute(select(*counted, func.count().filter(since).label("good"), last.label("last"))).mappings().one()
    return {
        "completed": row["completed"],
        "complaints": row["complaint"],
        "reopened": row["reopened"],
        "late": row["late"],
        "answered": row["answered"],
        "answered_low": row["low"],
        "gone_wrong": row["wrong"],
        "good_since": row["good"] if row["last"] is not None else None,
    }


def views_of(
    db: Connection, unit_id: str, limit: int, after: str | None, by: str | None = None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who looked at a home's record, the latest first, and the cursor of the next one or None.

    With `by` staff, the household's own looks are left out, which would hide the others.
    """
    table = household_views
    wanted = (
        select(table, people.c.badge)
        .outerjoin(people, people.c.id == table.c.viewer_id)
        .where(table.c.unit_id == unit_id)
        .order_by(table.c.id.desc())
        .limit(limit + 1)
    )
    if by == STAFF_ALONE:
        wanted = wanted.where(table.c.viewer_role != "resident")
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        wanted = wanted.where(table.c.id < str(cursor[0]))
    rows = db.execute(wanted).mappings().all()
    shown, more = cut(rows, limit, "id")
    items = [
        {
            **{name: row[name] for name in ("id", "viewer_id", "viewer_role", "ticket_id", "purpose")},
            "viewer_name": row["badge"],
            "at": moment(row["at"]),
        }
        for row in shown
    ]
    return items, more
