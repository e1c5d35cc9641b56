"""Volunteers with what they offer and the hours they gave."""

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from services.kit.http.paging import cut, read_cursor
from services.kit.identity import Actor
from services.tickets.gathering import CONFIRMED, RECORDED, SKILLS
from services.tickets.models.gatherings import volunteer_hours, volunteers
from services.tickets.queries.views import moment


def own_record(db: Connection, actor: Actor) -> dict[str, Any]:
    """Return what the caller offers, and the minutes they gave: confirmed, and waiting to be."""
    row = db.execute(select(volunteers).where(volunteers.c.person_id == actor.id)).mappings().one_or_none()
    minutes = _minutes(db, [actor.id]).get(actor.id, (0, 0))
    return {
        "person_id": actor.id,
        "community_id": row and row["community_id"],
        "skills": [_skill(code) for code in row["skills"]] if row else [],
        "note": row and row["note"],
        "offered_at": moment(row["offered_at"] if row else None),
        "confirmed_minutes": minutes[0],
        "waiting_minutes": minutes[1],
    }


def list_volunteers(
    db: Connection, limit: int, after: str | None, *, skill: str | None, community_id: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of who offers help, for the desk."""
    statement = select(volunteers).order_by(volunteers.c.person_id).limit(limit + 1)
    if skill is not None:
        statement = statement.where(volunteers.c.skills.any_() == skill)
    if community_id is not None:
        statement = statement.where(volunteers.c.community_id == community_id)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(volunteers.c.person_id > str(cursor[0]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "person_id")
    minutes = _minutes(db, [row["person_id"] for row in shown])
    found = [
        {
            "person_id": row["person_id"],
            "community_id": row["community_id"],
            "skills": [_skill(code) for code in row["skills"]],
            "note": row["note"],
            "offered_at": moment(row["offered_at"]),
            "confirmed_minutes": minutes.get(row["person_id"], (0, 0))[0],
            "waiting_minutes": minutes.get(row["person_id"], (0, 0))[1],
        }
        for row in shown
    ]
    return found, more


def list_hours(
    db: Connection, limit: int, after: str | None, *, state: str | None, person_id: str | None
) -> tuple[list[dict[str, Any]], str | None]:
    """Return a page of hours, the latest recorded first: the caller's own, or for the desk everybody's."""
    statement = select(volunteer_hours).order_by(volunteer_hours.c.id.desc()).limit(limit + 1)
    for column, value in ((volunteer_hours.c.state, state), (volunteer_hours.c.person_id, person_id)):
        if value is not None:
            statement = statement.where(column == value)
    cursor = read_cursor(after, uuid.UUID)
    if cursor is not None:
        statement = statement.where(volunteer_hours.c.id < str(cursor[0]))
    rows = db.execute(statement).mappings().all()
    shown, more = cut(rows, limit, "id")
    return [hours_view(dict(row)) for row in shown], more


def hours_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return one record of hours as it is shown."""
    kept = ("id", "community_id", "person_id", "minutes", "what", "state", "recorded_by", "decided_by", "reason")
    return {
        **{name: row[name] for name in kept},
        "event_id": row["gathering_id"],
        "on_date": row["on_date"].isoformat(),
        "recorded_at": moment(row["recorded_at"]),
        "decided_at": moment(row["decided_at"]),
    }


def _skill(code: str) -> dict[str, Any]:
    return {"code": code, "name": dict(SKILLS[code])}


def _minutes(db: Connection, people: list[str]) -> dict[str, tuple[int, int]]:
    table = volunteer_hours
    given = select(
        table.c.person_id,
        func.coalesce(func.sum(table.c.minutes).filter(table.c.state == CONFIRMED), 0).label("confirmed"),
        func.coalesce(func.sum(table.c.minutes).filter(table.c.state == RECORDED), 0).label("waiting"),
    ).where(table.c.person_id.in_(people))
    rows = db.execute(given.group_by(table.c.person_id))
    return {row.person_id: (int(row.confirmed), int(row.waiting)) for row in rows}
