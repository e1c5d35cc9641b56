"""Sends what is due: claim (commit), send (no transaction), record (commit).

A deliverer that is killed between claim and record leaves a lease that runs out; another then takes the delivery
over. Sending is therefore at least once, and the same Message-ID every time lets a mailbox see a repetition.
"""

import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine, select, update

from services.kit import clock
from services.kit.events import new_id
from services.kit.process import Loop
from services.notify import queries
from services.notify.audience import Contact
from services.notify.channels import Channel, Outgoing, Permanent, Temporary
from services.notify.models import deliveries, notices
from services.notify.quiet import quiet_end

log = structlog.get_logger()

DELIVERED = Counter("doorstep_deliveries_total", "Deliveries by what became of them.", ["channel", "outcome"])
IDLE_SECONDS = 0.5
# Of one channel, so that a provider that is slow to answer one of them does not stop the rest.
THREADS = 2


@dataclass(frozen=True)
class Patience:
    """How long to hold a claim, and how often and how far apart to try."""

    # Longer than any channel's own time-outs together, so that a slow provider is not asked twice at once.
    lease: timedelta = timedelta(minutes=3)
    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(hours=1)
    attempts: int = 10

    def delay(self, attempts: int) -> timedelta:
        """Return the pause after so many attempts: doubled each time, spread by a fifth either way."""
        grown = min(self.first * 2 ** min(attempts - 1, 20), self.longest)
        return grown * (0.8 + secrets.randbelow(401) / 1000)


class Deliverer:
    """Delivers one channel, so that a provider that hangs holds up only its own."""

    def __init__(self, engine: Engine, channel: Channel, patience: Patience | None = None) -> None:
        self._engine = engine
        self._channel = channel
        self._patience = patience or Patience()

    def run(self, stop: threading.Event) -> None:
        """Deliver what is due until `stop`."""
        while not stop.is_set():
            if not self.step():
                stop.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one delivery as far as it goes now; returns whether there was one."""
        claimed = self.claim()
        if claimed is None:
            return False
        hold = self._hold(claimed)
        if hold:
            self.record(claimed, "held", **hold)
        else:
            outcome, values = self._attempt(claimed)
            self.record(claimed, outcome, **values)
        return True

    def claim(self) -> dict[str, Any] | None:
        """Take the next due delivery under a lease and commit; emergencies go first.

        Returns the delivery with its notice, and `contact` (None where the person is unknown).
        """
        now = clock.now()
        due = (
            select(deliveries.c.id)
            .where(
                deliveries.c.channel == self._channel.name,
                deliveries.c.state.in_(["queued", "sending"]),
                deliveries.c.next_attempt_at <= now,
            )
            .order_by(deliveries.c.urgent.desc(), deliveries.c.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        take = (
            update(deliveries)
            .where(deliveries.c.id == due.scalar_subquery())
            .values(
                state="sending",
                attempts=deliveries.c.attempts + 1,
                next_attempt_at=now + self._patience.lease,
                lease=str(new_id()),
            )
            .returning(deliveries)
        )
        with self._engine.begin() as connection:
            row = connection.execute(take).mappings().one_or_none()
            if row is None:
                return None
            notice = connection.execute(select(notices).where(notices.c.id == row["notice_id"])).mappings().one()
            found = queries.load_contacts(connection, [row["person_id"]], [])
        return {**row, "notice": dict(notice), "contact": found[0] if found else None}

    def _hold(self, claimed: dict[str, Any]) -> dict[str, Any] | None:
        """Return what puts a delivery off to the end of the person's quiet hours, or None. Emergencies never wait."""
        contact: Contact | None = claimed["contact"]
        if contact is None or claimed["urgent"]:
            return None
        end = quiet_end(clock.now(), contact.timezone, contact.quiet_from, contact.quiet_until)
        if end is None:
            return None
        # Waiting is not trying: the attempt the claim counted is given back.
        return {"state": "queued", "next_attempt_at": end, "attempts": claimed["attempts"] - 1}

    def _attempt(self, claimed: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        address = self._address(claimed)
        if address is None:
            return "skipped", {"state": "skipped", "last_error": "the person has no such address any more"}
        if claimed["attempts"] > self._patience.attempts:
            return "failed", {"state": "failed", "last_error": "its deliverers ended before they could say how it went"}
        try:
            answer = self._channel.send(_outgoing(claimed, address))
        except Permanent as problem:
            return "failed", {"state": "failed", "last_error": str(problem)}
        except Temporary as problem:
            return self._later(claimed, str(problem))
        return "sent", {"state": "sent", "sent_at": clock.now(), "answer": answer, "last_error": None}

    def _address(self, claimed: dict[str, Any]) -> str | None:
        contact: Contact | None = claimed["contact"]
        if contact is None or not contact.active:
            return None
        return self._channel.addresses(contact).get(claimed["address_key"])

    def _later(self, claimed: dict[str, Any], problem: str) -> tuple[str, dict[str, Any]]:
        if claimed["attempts"] >= self._patience.attempts:
            return "failed", {"state": "failed", "last_error": problem}
        due: datetime = clock.now() + self._patience.delay(claimed["attempts"])
        return "postponed", {"state": "queued", "next_attempt_at": due, "last_error": problem}

    def record(self, claimed: dict[str, Any], outcome: str, **values: Any) -> None:
        """Write what became of it and commit, unless the lease ran out and somebody else holds it by now."""
        mine = (deliveries.c.id == claimed["id"]) & (deliveries.c.lease == claimed["lease"])
        with self._engine.begin() as connection:
            settled = update(deliveries).where(mine).values({"next_attempt_at": None, "lease": None, **values})
            recorded = connection.execute(settled).rowcount
        DELIVERED.labels(self._channel.name, outcome if recorded else "overtaken").inc()
        if outcome in ("failed", "postponed") or not recorded:
            log.warning(
                "notify.delivery",
                delivery_id=claimed["id"],
                notice_id=claimed["notice_id"],
                channel=self._channel.name,
                outcome=outcome,
                attempts=claimed["attempts"],
                recorded=bool(recorded),
            )


def _outgoing(claimed: dict[str, Any], address: str) -> Outgoing:
    notice = claimed["notice"]
    return Outgoing(
        id=claimed["id"],
        address=address,
        locale=notice["locale"],
        title=notice["title"],
        body=notice["body"],
        link=notice["link"],
        urgent=notice["urgent"],
        created_at=notice["created_at"],
    )


def loops(engine: Engine, channels: list[Channel]) -> dict[str, Loop]:
    """Return the loops that deliver each channel, some apiece, by name."""
    return {
        f"deliver-{channel.name}-{number}": Deliverer(engine, channel).run
        for channel in channels
        for number in range(1, THREADS + 1)
    }
