"""The loop that publishes what was scheduled, files the work of outages that begin, and reminds once."""

from collections.abc import Callable
from datetime import datetime

import structlog
from prometheus_client import Counter
from sqlalchemy import ARRAY, ColumnElement, Connection, Engine, RowMapping, all_, and_, bindparam, or_, select

from services.kit import clock as time
from services.kit.identity import system_actor
from services.tickets.announcing import OUTAGES, PUBLISHED, SCHEDULED
from services.tickets.commands.announcements import begin, publish_due
from services.tickets.commands.reminding import remind_due
from services.tickets.models import Id, announcements
from services.tickets.one_by_one import one_by_one

log = structlog.get_logger()

DONE = Counter("doorstep_announcements_total", "What the desk did about announcements by itself.", ["what"])
_NOW: ColumnElement[datetime] = bindparam("now", type_=announcements.c.starts_at.type)
_PUBLISH = and_(announcements.c.state == SCHEDULED, announcements.c.publish_at <= _NOW)
_BEGIN = and_(
    announcements.c.state == PUBLISHED,
    announcements.c.kind.in_(OUTAGES),
    announcements.c.ticket_id.is_(None),
    announcements.c.starts_at <= _NOW,
)
_REMIND = and_(announcements.c.state == PUBLISHED, announcements.c.remind_at <= _NOW)
_DUE = (
    select(announcements, _PUBLISH.label("publish"), _BEGIN.label("begin"))
    .where(or_(_PUBLISH, _BEGIN, _REMIND))
    .where(announcements.c.id != all_(bindparam("left", type_=ARRAY(Id))))
    .order_by(announcements.c.starts_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


def see_to_announcements(engine: Engine, committed: Callable[[], None]) -> int:
    """Do everything that is due, one thing a transaction; returns how many. Any number of processes may do this.

    The announcement is locked, so each thing is done once.
    """
    total = 0
    due = _DUE.params(now=time.now())
    for row, what in one_by_one(engine, due, _see_to, "some announcements could not be seen to"):
        committed()
        total += 1
        DONE.labels(what).inc()
        log.info("announcement.seen_to", announcement_id=row["id"], what=what)
    return total


def _see_to(db: Connection, found: RowMapping) -> str:
    row = {str(name): value for name, value in found.items()}
    actor, now = system_actor(row["organisation_id"]), time.now()
    publishes, begins = row.pop("publish"), row.pop("begin")
    if publishes:
        publish_due(db, actor, row, now)
        return "publish"
    if begins:
        begin(db, actor, row, now)
        return "begin"
    remind_due(db, actor, row)
    return "remind"
