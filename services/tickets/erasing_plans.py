"""Erasing a resident from what was planned for and announced to them, what they signed up for and what they offered."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, update

from services.kit.erasures import Erasure
from services.tickets.models import (
    announcement_readers,
    plan_checkpoints,
    plans,
    sign_ups,
    ticket_checkpoints,
    volunteer_hours,
    volunteers,
)


def erase_planned(db: Connection, erasure: Erasure, ticket_ids: Sequence[str], instead: str) -> dict[str, int]:
    """Erase words and sign-ups, and end the plans for this resident; returns the counts.

    `ticket_ids` are their requests, whose rounds hold words about their home; `instead` stands where words must be.
    What was due and when, and how many minutes were given, stays: figures without anybody's words.
    """
    who = erasure.person_id
    theirs: Sequence[str] = db.execute(select(plans.c.id).where(plans.c.resident_id == who)).scalars().all()
    over = {"state": "ended", "next_at": None, "file_at": None, "resident_id": None, "location": instead}
    words = {"title": instead, "description": instead, "version": plans.c.version + 1}
    unseen = {"name": instead, "instruction": None, "note": None, "photo_id": None}
    hours = {"what": instead, "reason": None}
    points = ticket_checkpoints
    changes = {
        "plans": update(plans).where(plans.c.id.in_(theirs)).values(**over, **words),
        "plan_checkpoints": delete(plan_checkpoints).where(plan_checkpoints.c.plan_id.in_(theirs)),
        "ticket_checkpoints": update(points).where(points.c.ticket_id.in_(ticket_ids)).values(unseen),
        "sign_ups": delete(sign_ups).where(sign_ups.c.person_id == who),
        "announcement_readers": delete(announcement_readers).where(announcement_readers.c.person_id == who),
        "volunteers": delete(volunteers).where(volunteers.c.person_id == who),
        "volunteer_hours": update(volunteer_hours).where(volunteer_hours.c.person_id == who).values(hours),
    }
    return {name: db.execute(change).rowcount for name, change in changes.items()}
