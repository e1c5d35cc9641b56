"""Reminding the homes that have not read an announcement: once by itself before it begins, and by hand."""

from typing import Any

from sqlalchemy import Connection, update

from services.kit import clock as time
from services.kit.errors import Conflict
from services.kit.identity import Actor
from services.tickets import announcing
from services.tickets.commands.announcements import Announcement, lock, note, require_open
from services.tickets.commands.spreading import remind
from services.tickets.models import announcements


def remind_by_hand(db: Connection, actor: Actor, announcement_id: str) -> dict[str, Any]:
    """Remind now; raises Conflict so soon after another reminder, or where there is nothing to be reminded of."""
    row = lock(db, announcement_id, None)
    require_open(row, (announcing.PUBLISHED,))
    now, last = time.now(), row["reminded_at"]
    if last is not None and now - last < announcing.LEAST_BETWEEN_REMINDERS:
        raise Conflict("They were reminded within the last hour.", "一小时内已提醒过。", reminded_at=last.isoformat())
    return {"households": _remind(db, actor, row), "reminded_at": now.isoformat()}


def remind_due(db: Connection, actor: Actor, row: Announcement) -> int:
    """Remind as the system does, once; returns how many homes."""
    return _remind(db, actor, {**row, "remind_at": None})


def _remind(db: Connection, actor: Actor, row: Announcement) -> int:
    now = time.now()
    homes = remind(db, row, now)
    after = {**row, "reminded_at": now, "changed_at": now, "version": row["version"] + 1}
    db.execute(update(announcements).where(announcements.c.id == row["id"]).values(after))
    note(db, actor, after, "remind")
    return homes
