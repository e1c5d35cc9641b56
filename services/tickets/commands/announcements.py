"""Announcements: drafted, published in time or with the reason why not, changed, withdrawn, and over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.contracts import community as facts
from services.kit import clock as time
from services.kit.errors import Conflict, NotFound, Stale, invalid_field
from services.kit.events import new_id
from services.kit.identity import Actor
from services.tickets import announcing
from services.tickets.announcing import DRAFTED, OUTAGES, OVER, PUBLISHED, SCHEDULED, WITHDRAWN
from services.tickets.commands.announcement_checks import check, judged, period_of
from services.tickets.commands.spreading import concerns, enrol, file_work, tell
from services.tickets.models import announcement_steps, announcements, units
from services.tickets.models.announcements import announcement_readers

Announcement = dict[str, Any]

WORDS = ("title_zh", "body_zh", "title_en", "body_en")
SCOPE = ("building_ids", "unit_ids")
# Whom it is for and what it is cannot change once people were told; the words and the times can.
BEFORE_ONLY = ("kind", "planned", *SCOPE, "ticket_id")
CHANGEABLE = (*BEFORE_ONLY, *WORDS, "starts_at", "ends_at")
OPEN_STATES = (DRAFTED, SCHEDULED, PUBLISHED)


def draft(db: Connection, actor: Actor, wanted: Mapping[str, Any]) -> Announcement:
    """Write an announcement that nobody sees yet; raises Invalid naming the field."""
    now = time.now()
    row: Announcement = {
        **dict.fromkeys(column.name for column in announcements.columns),
        **{name: wanted[name] for name in CHANGEABLE},
        "id": str(new_id()),
        "organisation_id": actor.organisation_id,
        "community_id": wanted["community_id"],
        "state": DRAFTED,
        "created_by": actor.id,
        "created_at": now,
        "changed_at": now,
        "version": 1,
    }
    check(db, actor, row)
    db.execute(insert(announcements).values(row))
    note(db, actor, row, "draft")
    return row


def change(
    db: Connection,
    actor: Actor,
    announcement_id: str,
    changes: Mapping[str, Any],
    *,
    late_because: str | None,
    version: int | None,
) -> Announcement:
    """Change an announcement; everybody concerned is told anew where its times changed after it was published.

    A start that is moved earlier needs its notice period again, counted from now.
    """
    row = lock(db, announcement_id, version)
    require_open(row, OPEN_STATES)
    after = {**row, **{name: changes[name] for name in CHANGEABLE if name in changes}}
    published = row["state"] == PUBLISHED
    fixed = next((name for name in BEFORE_ONLY if published and after[name] != row[name]), None)
    if fixed is not None:
        raise invalid_field(
            fixed,
            "Residents were told already. Withdraw this announcement and make another.",
            "通知已经发布，该项不能再改，请撤回后另发一条。",
        )
    check(db, actor, after)
    now = time.now()
    after |= {"changed_at": now, "version": row["version"] + 1}
    if row["state"] == SCHEDULED:
        after |= judged(db, after, row["publish_at"], late_because)
    retold = published and any(after[name] != row[name] for name in ("starts_at", "ends_at"))
    if retold:
        if after["starts_at"] < row["starts_at"]:
            kept = judged(db, after, now, late_because)
            # Once too late is not made good by being in time for something else.
            after |= kept | {"in_time": kept["in_time"] and row["in_time"] is not False}
        if after["starts_at"] != row["starts_at"]:
            after["remind_at"] = announcing.remind_at(now, after["starts_at"])
        after["told_version"] = after["version"]
    _write(db, actor, after, "change")
    if retold:
        enrol(db, after, now)
        tell(db, facts.AnnouncementChanged, after, now)
    return after


def publish(
    db: Connection,
    actor: Actor,
    announcement_id: str,
    *,
    publish_at: datetime | None = None,
    late_because: str | None = None,
    version: int | None = None,
) -> Announcement:
    """Publish now, or at a moment to come. Raises Invalid with `earliest_start` where that is too late for what is
    planned and nobody says why.
    """
    row = lock(db, announcement_id, version)
    require_open(row, (DRAFTED, SCHEDULED))
    now = time.now()
    at = now if publish_at is None else publish_at
    if publish_at is not None and not now < publish_at < (row["ends_at"] or publish_at + announcing.SOON):
        raise invalid_field(
            "publish_at", "Publish it at a moment to come, before it is over.", "发布时间应晚于现在，并早于结束时间。"
        )
    after = {**row, **judged(db, row, at, late_because), "changed_at": now, "version": row["version"] + 1}
    if publish_at is None:
        return spread(db, actor, after, now)
    after |= {"state": SCHEDULED, "publish_at": publish_at}
    _write(db, actor, after, "schedule")
    return after


def spread(db: Connection, actor: Actor, row: Announcement, now: datetime) -> Announcement:
    """Publish a locked announcement, judged and numbered already: tell everybody concerned, once each."""
    if row["ends_at"] is not None and row["ends_at"] <= now:
        raise invalid_field("ends_at", "It is over before it is announced.", "结束时间已过，无需发布。")
    after = {
        **row,
        "state": PUBLISHED,
        "publish_at": row["publish_at"] or now,
        "published_at": now,
        "remind_at": announcing.remind_at(now, row["starts_at"]),
        "told_version": row["version"],
    }
    if after["ticket_id"] is None and _has_work(after, now):
        after["ticket_id"] = file_work(db, after)
    _write(db, actor, after, "publish")
    enrol(db, after, now)
    tell(db, facts.AnnouncementPublished, after, now)
    return after


def publish_due(db: Connection, actor: Actor, row: Announcement, now: datetime) -> Announcement:
    """Publish what was scheduled, as the system; whether that was in time is judged by when it happens."""
    period = period_of(db, row, now)
    in_time = None if period is None else period.earliest(now) <= row["starts_at"]
    if row["ends_at"] is not None and row["ends_at"] <= now:
        after = {**row, "state": WITHDRAWN, "changed_at": now, "version": row["version"] + 1}
        _write(db, actor, after, "missed")
        return after
    return spread(db, actor, {**row, "in_time": in_time, "changed_at": now, "version": row["version"] + 1}, now)


def begin(db: Connection, actor: Actor, row: Announcement, now: datetime) -> Announcement:
    """File the work of a locked outage that begins now, as the system; reports of it are joined to that."""
    after = {**row, "ticket_id": file_work(db, row), "changed_at": now, "version": row["version"] + 1}
    _write(db, actor, after, "begin")
    return after


def withdraw(
    db: Connection, actor: Actor, announcement_id: str, *, reason: str, version: int | None = None
) -> Announcement:
    """Take an announcement back; whoever was told of it is told so."""
    row = lock(db, announcement_id, version)
    require_open(row, OPEN_STATES)
    return _end(db, actor, row, WITHDRAWN, facts.AnnouncementWithdrawn, {"withdrawn_because": reason})


def restore(db: Connection, actor: Actor, announcement_id: str, *, version: int | None = None) -> Announcement:
    """Say that it is over and works again; whoever was told of it is told so."""
    row = lock(db, announcement_id, version)
    require_open(row, (PUBLISHED,))
    now = time.now()
    if row["starts_at"] > now:
        raise Conflict("It has not begun. Withdraw it instead.", "尚未开始，如不再进行，请撤回。")
    return _end(db, actor, row, OVER, facts.AnnouncementRestored, {"over_at": now})


def _end(
    db: Connection, actor: Actor, row: Announcement, state: str, fact: type[facts.AnnouncementFact], more: Announcement
) -> Announcement:
    now, published = time.now(), row["state"] == PUBLISHED
    after = {**row, **more, "state": state, "remind_at": None, "changed_at": now, "version": row["version"] + 1}
    if published:
        after["told_version"] = after["version"]
    _write(db, actor, after, "withdraw" if state == WITHDRAWN else "restore")
    if published:
        tell(db, fact, after, now)
    return after


def read(db: Connection, actor: Actor, announcement_id: str) -> Announcement:
    """Note that a resident has read it, the first time and the version; again, it changes nothing."""
    row = db.execute(select(announcements).where(announcements.c.id == announcement_id)).mappings().one_or_none()
    if row is None:
        raise no_such_announcement()
    announcement = dict(row)
    homes = db.execute(select(units.c.id).where(units.c.id.in_(actor.unit_ids), *concerns(announcement))).scalars()
    enrol(db, announcement, None, only=[(actor.id, unit_id) for unit_id in homes])
    mark_read(db, actor.organisation_id, announcement_id, actor.id, row["version"])
    return announcement


def mark_read(db: Connection, organisation_id: str, announcement_id: str, person_id: str, version: int) -> None:
    """Note that a person has read a version, in each of their homes."""
    table, now = announcement_readers, time.now()
    theirs = (
        table.c.organisation_id == organisation_id,
        table.c.announcement_id == announcement_id,
        table.c.person_id == person_id,
    )
    unread = table.c.read_version.is_(None) | (table.c.read_version < version)
    first = update(table).where(*theirs, table.c.read_at.is_(None))
    db.execute(first.values(read_at=now, read_version=version))
    db.execute(update(table).where(*theirs, unread).values(read_version=version))


def lock(db: Connection, announcement_id: str, expected: int | None) -> Announcement:
    """Lock an announcement for this transaction; raises NotFound, also beyond the caller's reach, and Stale."""
    wanted = select(announcements).where(announcements.c.id == announcement_id).with_for_update()
    row = db.execute(wanted).mappings().one_or_none()
    if row is None:
        raise no_such_announcement()
    if expected is not None and expected != row["version"]:
        raise Stale(
            f"The announcement has changed since you read it (now version {row['version']}). Read it again.",
            f"通知已被更新（当前版本 {row['version']}），请重新读取。",
            version=row["version"],
        )
    return {str(name): value for name, value in row.items()}


def no_such_announcement() -> NotFound:
    """Return the refusal for an announcement that is not there, or not theirs."""
    return NotFound("There is no such announcement.", "没有找到该通知。")


def _has_work(row: Announcement, now: datetime) -> bool:
    return row["kind"] in OUTAGES and row["starts_at"] <= now


def _write(db: Connection, actor: Actor, row: Announcement, action: str) -> None:
    db.execute(update(announcements).where(announcements.c.id == row["id"]).values(row))
    note(db, actor, row, action)


def note(db: Connection, actor: Actor, row: Announcement, action: str) -> None:
    """Write what was done about an announcement, with the times, reasons and words it has now."""
    moments = {name: row[name] and row[name].isoformat() for name in ("starts_at", "ends_at", "publish_at")}
    told = ("state", "rule", "required_seconds", "in_time", "late_because", "withdrawn_because", *WORDS)
    entry = {
        "announcement_id": row["id"],
        "version": row["version"],
        "organisation_id": row["organisation_id"],
        "at": row["changed_at"],
        "actor_id": actor.id,
        "action": action,
        "data": moments | {name: row[name] for name in told},
    }
    db.execute(insert(announcement_steps).values(entry))


def require_open(row: Announcement, states: tuple[str, ...]) -> None:
    """Raise Conflict where the announcement is in none of these states; what has an end is over with it."""
    over = row["state"] == PUBLISHED and row["kind"] not in OUTAGES and row["ends_at"] and row["ends_at"] <= time.now()
    state = OVER if over else row["state"]
    if state not in states:
        raise Conflict(
            f"The announcement is {state}; this is possible while it is: {', '.join(states)}.",
            f"通知当前状态为“{announcing.STATE_NAMES_ZH[state]}”，此操作仅适用于："
            f"{'、'.join(announcing.STATE_NAMES_ZH[one] for one in states)}。",
            state=state,
        )
