"""Climbs the ladder of emergency notices until somebody acknowledged them, and tells managers of incidents.

Every rung is one transaction that holds the alarm's row: with any number of workers each is taken exactly once, and a
worker that is killed leaves the rung to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Connection, Engine, select, update

from services.contracts import to_event
from services.kit import clock
from services.notify import queries
from services.notify.audience import Contact
from services.notify.channels import Channel
from services.notify.commands import alarms
from services.notify.facts import NoticeUndelivered
from services.notify.handlers import Handlers
from services.notify.models import incidents, tellings
from services.notify.promptness import INCIDENT, PHONE, Step, terms

log = structlog.get_logger()

RUNGS = Counter("doorstep_alarm_rungs_total", "Rungs of emergency ladders taken.", ["channel"])
INCIDENTS = Counter("doorstep_incidents_total", "Emergencies nobody could be told of.", ["cause"])
TICK_SECONDS = 1.0
BATCH = 100


@dataclass(frozen=True)
class Climber:
    """Takes the rungs that are due."""

    engine: Engine
    channels: Sequence[Channel]
    handlers: Handlers

    def tick(self) -> None:
        """Take every rung that is due now, then tell managers of what became an incident."""
        while self.step():
            pass
        while self.tell():
            pass

    def step(self) -> bool:
        """Take one rung, or end an alarm that somebody acknowledged; returns whether there was one."""
        now = clock.now()
        with self.engine.begin() as connection:
            alarm = alarms.next_alarm(connection, now)
            if alarm is None:
                return False
            ended = alarms.acknowledged(connection, alarm)
            if ended:
                alarms.end_alarm(connection, alarm, *ended)
            else:
                self._climb(connection, alarm, now)
        return True

    def _climb(self, connection: Connection, alarm: dict[str, Any], now: datetime) -> None:
        """Take the next rung that leads anywhere; those without an address are passed over at once."""
        people = queries.load_contacts(connection, [alarm["person_id"]], [])
        contact = people[0] if people else Contact(alarm["person_id"], alarm["organisation_id"])
        ladder = terms().ladder
        for number in range(alarm["step"], len(ladder)):
            if not self._take(connection, alarm, ladder[number], contact, now):
                continue
            RUNGS.labels(ladder[number].channel).inc()
            log.info("notify.rung", notice_id=alarm["notice_id"], channel=ladder[number].channel)
            if number + 1 < len(ladder):
                alarms.climb(connection, alarm, number + 1, now + ladder[number + 1].wait)
            return

    def _take(self, connection: Connection, alarm: dict[str, Any], step: Step, contact: Contact, now: datetime) -> bool:
        if step.channel == INCIDENT:
            self._open(connection, alarm, now)
            return True
        if step.channel == PHONE:
            alarms.ask_for_a_call(connection, alarm, now)
            return True
        channel = next((one for one in self.channels if one.name == step.channel), None)
        keys = sorted(channel.addresses(contact)) if channel and contact.active else []
        if keys:
            alarms.queue(connection, alarm, step.channel, keys, now)
        return bool(keys)

    def _open(self, connection: Connection, alarm: dict[str, Any], now: datetime) -> None:
        mine = tellings.c.notice_id == alarm["notice_id"]
        accepted = connection.execute(select(tellings.c.accepted_at).where(mine)).scalar_one()
        if accepted is None:
            connection.execute(update(tellings).where(mine).values(undelivered_at=now))
        alarms.open_incident(connection, alarm, alarms.UNACKNOWLEDGED if accepted else alarms.UNDELIVERED, now)
        alarms.end_alarm(connection, alarm, "incident", now)

    def tell(self) -> bool:
        """Tell the managers of one incident they have not heard of; returns whether there was one."""
        now = clock.now()
        untold = select(incidents).where(incidents.c.told_at.is_(None)).order_by(incidents.c.id).limit(1)
        with self.engine.begin() as connection:
            row = connection.execute(untold.with_for_update(skip_locked=True)).mappings().one_or_none()
            if row is None:
                return False
            mine = tellings.c.notice_id == row["notice_id"]
            number = connection.execute(select(tellings.c.number).where(mine)).scalar_one()
            fact = _fact(dict(row), number, alarms.was_tried(connection, row["notice_id"]))
            event = to_event(fact, organisation_id=row["organisation_id"], subject=row["id"], at=row["opened_at"])
            self.handlers.on_news(connection, [(event, fact)])
            connection.execute(update(incidents).where(incidents.c.id == row["id"]).values(told_at=now))
        INCIDENTS.labels(row["cause"]).inc()
        log.warning("notify.incident", incident_id=row["id"], notice_id=row["notice_id"], cause=row["cause"])
        return True


def _fact(incident: Mapping[str, Any], number: str, tried: bool) -> NoticeUndelivered:
    return NoticeUndelivered(
        number=number,
        community_id=incident["community_id"],
        ticket_id=incident["ticket_id"],
        incident_id=incident["id"],
        cause=incident["cause"],
        tried=tried,
    )
