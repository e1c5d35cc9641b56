"""Shifts: given to crews, changed, ended, and left out on single days."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from services.kit import clock as time
from services.kit.errors import Conflict, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets.duty import checked_rule
from services.tickets.models import communities, people
from services.tickets.models.shifts import days_off, shifts

Row = dict[str, Any]
CHANGEABLE = ("first_on", "last_on", "begins", "ends", "rrule")
# Somebody works in a few patterns; more would be one for every day.
MOST_SHIFTS = 60
MOST_DAYS_OFF = 400


def add_shift(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Row:
    """Give a crew member a shift in a community of theirs; raises Invalid naming the field."""
    timezone = _timezone(db, actor, wanted["community_id"])
    _check_crew(db, actor, wanted["person_id"], wanted["community_id"])
    row: Row = {
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": wanted["community_id"],
        "person_id": wanted["person_id"],
        **{name: wanted.get(name) for name in CHANGEABLE},
        **_touched(actor, 0),
    }
    _check(row, timezone)
    db.execute(insert(shifts).values(row))
    return row


def change_shift(db: Connection, actor: Actor, shift_id: str, changes: Mapping[str, Any], expected: int | None) -> Row:
    """Change a shift from now on; `last_on` ends it. Locks it. Raises Stale."""
    row = _lock(db, shift_id, expected)
    after = {
        **row,
        **{name: changes[name] for name in CHANGEABLE if name in changes},
        **_touched(actor, row["version"]),
    }
    _check(after, _timezone(db, actor, row["community_id"]))
    db.execute(update(shifts).where(shifts.c.id == shift_id).values(after))
    return after


def remove_shift(db: Connection, shift_id: str, expected: int | None) -> None:
    """Take away a shift that was a mistake. Who worked until now is ended by `last_on` instead. Raises Stale."""
    _lock(db, shift_id, expected)
    db.execute(delete(days_off).where(days_off.c.shift_id == shift_id))
    db.execute(delete(shifts).where(shifts.c.id == shift_id))


def take_off(db: Connection, actor: Actor, shift_id: str, since: date, until: date, *, off: bool) -> Row:
    """Leave a shift out on the days from `since` to `until`, or let it take place again; repeating changes nothing."""
    row = _lock(db, shift_id, None)
    theirs = days_off.c.shift_id == shift_id
    if off:
        noted = {"organisation_id": actor.organisation_id, "noted_by": actor.id, "noted_at": time.now()}
        days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
        rows = [{"shift_id": shift_id, "on_date": day, **noted} for day in days]
        db.execute(upsert(days_off).values(rows).on_conflict_do_nothing())
        if len(db.execute(select(days_off.c.on_date).where(theirs).limit(MOST_DAYS_OFF + 1)).all()) > MOST_DAYS_OFF:
            raise Conflict(
                f"A shift has at most {MOST_DAYS_OFF} days off. End it, and add the one that follows.",
                f"一个班次最多 {MOST_DAYS_OFF} 天停班；请结束该班次并新建。",
            )
    else:
        db.execute(delete(days_off).where(theirs, days_off.c.on_date.between(since, until)))
    after = {**row, **_touched(actor, row["version"])}
    db.execute(update(shifts).where(shifts.c.id == shift_id).values(after))
    return after


def _check(row: Row, timezone: str) -> None:
    if row["rrule"] is None:
        if row["last_on"] not in (None, row["first_on"]):
            raise invalid_field("last_on", "Without a rule a shift is on one day.", "没有重复规则时，班次只在当天。")
        row["last_on"] = row["first_on"]
        return
    row["rrule"] = checked_rule(row["rrule"], row["first_on"], row["last_on"], row["begins"], timezone)


def _timezone(db: Connection, actor: Actor, community_id: str) -> str:
    wanted = select(communities.c.timezone).where(communities.c.id == community_id)
    zone: str | None = db.execute(wanted).scalar_one_or_none()
    if zone is None or (actor.community_ids and community_id not in actor.community_ids):
        raise invalid_field("community_id", "No community of yours has this id.", "没有您可用的该编号的小区。")
    return zone


def _check_crew(db: Connection, actor: Actor, person_id: str, community_id: str) -> None:
    wanted = select(people.c.community_ids).where(
        people.c.id == person_id,
        people.c.organisation_id == actor.organisation_id,
        people.c.role == "crew",
        people.c.active,
    )
    found = db.execute(wanted).one_or_none()
    if found is None or (found.community_ids and community_id not in found.community_ids):
        raise invalid_field(
            "person_id",
            "This is no crew member who works in the community. GET /api/v1/staff lists them.",
            "该人员不是本小区的在岗维修/保洁/秩序人员，请在 GET /api/v1/staff 中查看。",
        )
    theirs = select(shifts.c.id).where(shifts.c.person_id == person_id)
    if len(db.execute(theirs.limit(MOST_SHIFTS)).all()) == MOST_SHIFTS:
        raise Conflict(
            f"This person has {MOST_SHIFTS} shifts. Change or remove one of them.",
            f"该人员已有 {MOST_SHIFTS} 个班次，请修改或删除其中之一。",
        )


def _lock(db: Connection, shift_id: str, expected: int | None) -> Row:
    found = db.execute(select(shifts).where(shifts.c.id == shift_id).with_for_update()).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such shift.", "没有该班次。")
    if expected is not None and found["version"] != expected:
        raise Stale(
            "Somebody changed this shift since you read it. Read it again and repeat your change.",
            "该班次已被他人更新，请重新读取后再修改。",
        )
    return dict(found)


def _touched(actor: Actor, version: int) -> Row:
    return {"changed_by": actor.id, "changed_at": time.now(), "version": version + 1}
