"""Sends events to other systems: one at a time to each endpoint, tried again over days, signed each time.

What happened to one ticket goes to an endpoint in the order in which it happened: while one event waits for its next
attempt, the later ones of its ticket wait behind it, and other tickets' go ahead.

Claim (commit), send (no transaction), record (commit), as deliveries of notices are.
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter
from sqlalchemy import ColumnElement, Connection, Engine, exists, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.contracts import to_event
from services.kit import clock, hook_signing
from services.kit.events import new_id
from services.kit.process import Loop
from services.notify.commands.webhooks import body_of
from services.notify.facts import WebhookDisabled
from services.notify.handlers import Handlers
from services.notify.models import webhook_attempts, webhook_deliveries, webhooks
from services.notify.outward import Outward, Reply, Unreachable, Unsafe

log = structlog.get_logger()

HOOKS = Counter("doorstep_webhook_attempts_total", "Attempts to send an event to another system.", ["outcome"])
# The ladder that Standard Webhooks proposes: ten attempts within about three days.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
LEASE = timedelta(minutes=2)
THREADS = 3
IDLE_SECONDS = 0.5
GONE = 410


@dataclass(frozen=True)
class Sender:
    """Sends what is due."""

    engine: Engine
    house_secret: str
    outward: Outward
    handlers: Handlers

    def run(self, stop: threading.Event) -> None:
        """Send what is due until `stop`."""
        while not stop.is_set():
            if not self.step():
                stop.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one delivery as far as it goes now; returns whether there was one."""
        claimed = self.claim()
        if claimed is None:
            return False
        began = time.monotonic()
        try:
            reply, problem = self._post(claimed), None
        except (Unsafe, Unreachable) as refusal:
            reply, problem = None, str(refusal)
        self.record(claimed, reply, problem, int((time.monotonic() - began) * 1000))
        return True

    def claim(self) -> dict[str, Any] | None:
        """Take the oldest due delivery of an endpoint nobody is sending to, under a lease on the endpoint."""
        now = clock.now()
        due = (webhook_deliveries.c.state == "queued") & (webhook_deliveries.c.next_attempt_at <= now) & _first()
        free = webhooks.c.active & (webhooks.c.busy_until.is_(None) | (webhooks.c.busy_until <= now))
        waiting = exists().where(webhook_deliveries.c.webhook_id == webhooks.c.id, due)
        with self.engine.begin() as connection:
            hook = (
                connection.execute(select(webhooks).where(free, waiting).limit(1).with_for_update(skip_locked=True))
                .mappings()
                .one_or_none()
            )
            if hook is None:
                return None
            oldest = select(webhook_deliveries).where(webhook_deliveries.c.webhook_id == hook["id"], due)
            oldest = oldest.order_by(webhook_deliveries.c.position).limit(1)
            delivery = connection.execute(oldest).mappings().one_or_none()
            if delivery is None:
                return None
            lease = now + LEASE
            connection.execute(update(webhooks).where(webhooks.c.id == hook["id"]).values(busy_until=lease))
        return {**delivery, "hook": dict(hook), "lease": lease}

    def _post(self, claimed: Mapping[str, Any]) -> Reply:
        secret = hook_signing.unseal(claimed["hook"]["sealed_secret"], self.house_secret)
        if secret is None:
            raise Unreachable("its secret was sealed by another key of this house; register it again")
        body = body_of(claimed["payload"])
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Doorstep",
            **hook_signing.signed(secret, claimed["id"], clock.now(), body),
        }
        return self.outward.post(claimed["hook"]["url"], body, headers)

    def record(self, claimed: Mapping[str, Any], reply: Reply | None, problem: str | None, milliseconds: int) -> None:
        """Write the attempt down, and what comes next; commits. A 410, or the ladder's end, disables the endpoint."""
        now, hook = clock.now(), claimed["hook"]
        good = reply is not None and 200 <= reply.status < 300
        attempts = claimed["attempts"] + 1
        over = not good and attempts > len(WAITS)
        gone = reply is not None and reply.status == GONE
        values: dict[str, Any] = {"attempts": attempts}
        if good:
            values |= {"state": "sent", "sent_at": now, "next_attempt_at": None}
        elif over or gone:
            values |= {"state": "failed", "next_attempt_at": None}
        else:
            values |= {"next_attempt_at": now + _wait(attempts)}
        with self.engine.begin() as connection:
            mine = (webhooks.c.id == hook["id"]) & (webhooks.c.busy_until == claimed["lease"])
            if not connection.execute(update(webhooks).where(mine).values(busy_until=None)).rowcount:
                return  # The lease ran out, and somebody else has it by now; or the endpoint was removed.
            connection.execute(
                update(webhook_deliveries).where(webhook_deliveries.c.id == claimed["id"]).values(**values)
            )
            if "state" not in values:
                _wait_behind(connection, claimed, values["next_attempt_at"])
            attempt = {
                "id": str(new_id()),
                "organisation_id": claimed["organisation_id"],
                "delivery_id": claimed["id"],
                "at": now,
                "status": reply.status if reply else None,
                "problem": problem,
                "milliseconds": milliseconds,
            }
            connection.execute(insert(webhook_attempts).values(attempt))
            if over or gone:
                self._disable(connection, hook, "gone" if gone else "exhausted", now)
        outcome = "sent" if good else "gone" if gone else "failed" if over else "postponed"
        HOOKS.labels(outcome).inc()
        log.info("notify.webhook", webhook_id=hook["id"], delivery_id=claimed["id"], outcome=outcome)

    def _disable(self, connection: Connection, hook: Mapping[str, Any], cause: str, now: datetime) -> None:
        """Switch an endpoint off, and tell its managers once."""
        still = (webhooks.c.id == hook["id"]) & webhooks.c.active
        off = update(webhooks).where(still).values(active=False, disabled_cause=cause, version=webhooks.c.version + 1)
        if not connection.execute(off).rowcount:
            return
        fact = WebhookDisabled(webhook_id=hook["id"], host=urlsplit(hook["url"]).hostname or "", cause=cause)
        event = to_event(fact, organisation_id=hook["organisation_id"], subject=hook["id"], at=now)
        self.handlers.on_news(connection, [(event, fact)])


def _first() -> ColumnElement[bool]:
    """True of a delivery before which nothing of its ticket waits to be sent to the same endpoint."""
    earlier = webhook_deliveries.alias("earlier")
    return ~exists().where(
        earlier.c.webhook_id == webhook_deliveries.c.webhook_id,
        earlier.c.ticket_id == webhook_deliveries.c.ticket_id,
        earlier.c.state == "queued",
        tuple_(earlier.c.ticket_version, earlier.c.position)
        < tuple_(webhook_deliveries.c.ticket_version, webhook_deliveries.c.position),
    )


def _wait_behind(connection: Connection, claimed: Mapping[str, Any], until: datetime) -> None:
    """Let what happened later to the same ticket wait as long, so that nobody looks at it again and again."""
    table = webhook_deliveries.c
    later = tuple_(table.ticket_version, table.position) > (claimed["ticket_version"], claimed["position"])
    behind = (table.webhook_id == claimed["webhook_id"]) & (table.ticket_id == claimed["ticket_id"]) & later
    connection.execute(
        update(webhook_deliveries)
        .where(behind, table.state == "queued", table.next_attempt_at < until)
        .values(next_attempt_at=until)
    )


def _wait(attempts: int) -> timedelta:
    """Return the pause after so many attempts, a tenth longer or shorter, so that endpoints are not asked in step."""
    return WAITS[attempts - 1] * (0.9 + secrets.randbelow(201) / 1000)


def loops(sender: Sender) -> dict[str, Loop]:
    """Return the loops that send to endpoints, by name."""
    return {f"hooks-{number}": sender.run for number in range(1, THREADS + 1)}
