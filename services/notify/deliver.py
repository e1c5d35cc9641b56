"""Sends what is due: claim (commit), send (no transaction), record (commit).

A deliverer that is killed between claim and record leaves a lease that runs out; another then takes the delivery
over. Sending is therefore at least once, and the same Message-ID every time lets a mailbox see a repetition.
"""

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine

from services.kit import clock
from services.kit.process import Loop
from services.notify import commands, queries
from services.notify.audience import HURRIED, REMINDED, Contact
from services.notify.channels import Channel, Gone, Outgoing, Permanent, Temporary
from services.notify.channels.email import NAME as EMAIL
from services.notify.channels.push import NAME as PUSH
from services.notify.quiet import digest_moment, quiet_end
from services.notify.rendering import gather
from services.notify.visits_told import comes_too_late

log = structlog.get_logger()

DELIVERED = Counter("doorstep_deliveries_total", "Deliveries by what became of them.", ["channel", "outcome"])
IDLE_SECONDS = 0.5
# Of one channel, so that a provider that is slow to answer one of them does not stop the rest.
THREADS = 2
# In a burst many are claimed at once. What is not sent within a second goes back, so that an emergency never waits
# behind a slow batch; what was sent is recorded at the latest after a tenth, which is all a kill can make twice.
BATCH = 50
BATCH_SECONDS = 1.0
RECORD_SECONDS = 0.1
# A device is disturbed at most so often with what can wait; what comes meanwhile goes out together.
PUSH_EVERY = timedelta(hours=1)

_TOO_LATE = {"state": "skipped", "last_error": "the visit it reminds of has begun"}
Result = tuple[dict[str, Any], str, Mapping[str, Any]]


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

    def __init__(
        self, engine: Engine, channel: Channel, patience: Patience | None = None, *, site: str | None = None
    ) -> None:
        self._engine = engine
        self._channel = channel
        self._patience = patience or Patience()
        # Where a letter leads; empty: nowhere. A push names its ticket to the app itself, and chats stay short.
        self._site = site if channel.name == EMAIL else None

    def run(self, stop: threading.Event) -> None:
        """Deliver what is due until `stop`."""
        while not stop.is_set():
            if not self.work(BATCH):
                stop.wait(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one delivery as far as it goes now; returns whether there was one."""
        return self.work(1) > 0

    def work(self, limit: int) -> int:
        """Take up to `limit` deliveries as far as they go within a second; returns how many were claimed."""
        claimed = self.claim_some(limit)
        if not claimed:
            return 0
        # A channel that speaks in conversations may keep one over the batch.
        kept = getattr(self._channel, "kept", nullcontext)
        with kept():
            self._work(claimed)
        return len(claimed)

    def _work(self, claimed: list[dict[str, Any]]) -> None:
        began = recorded = time.monotonic()
        results: list[Result] = []
        left = claimed
        while left:
            one, left = left[0], left[1:]
            if time.monotonic() - began > BATCH_SECONDS:
                results.append((one, "returned", _untried(one, clock.now())))
                continue
            if comes_too_late(one["notice"], clock.now()):
                results.append((one, "skipped", _TOO_LATE))
                continue
            hold = self._hold(one)
            if hold:
                results.append((one, "held", hold))
                continue
            mates = self._mates(one, left)
            left = [other for other in left if other not in mates]
            late = [mate for mate in mates if comes_too_late(mate["notice"], clock.now())]
            results += [(mate, "skipped", _TOO_LATE) for mate in late]
            mates = [mate for mate in mates if mate not in late]
            outcome, values = self._attempt(one, mates)
            results += [(each, outcome, values) for each in (one, *mates)]
            if time.monotonic() - recorded > RECORD_SECONDS:
                self.record_all(results)
                results, recorded = [], time.monotonic()
        if results:
            self.record_all(results)

    def claim(self) -> dict[str, Any] | None:
        """Take the next due delivery, as `claim_some` does."""
        return next(iter(self.claim_some(1)), None)

    def claim_some(self, limit: int) -> list[dict[str, Any]]:
        """Take the next due deliveries under a lease and commit; emergencies go first.

        Each is a delivery with its `notice`, and `contact` (None where the person is unknown).
        """
        now = clock.now()
        with self._engine.begin() as connection:
            taken = commands.take(connection, self._channel.name, now, now + self._patience.lease, limit)
            if not taken:
                return []
            people = queries.load_contacts(connection, {one["person_id"] for one in taken}, [])
        known = {person.person_id: person for person in people}
        return [{**one, "contact": known.get(one["person_id"])} for one in taken]

    def _hold(self, claimed: dict[str, Any]) -> dict[str, Any] | None:
        """Return what puts a delivery off, or None: to the end of quiet hours, to the digest, to the device's turn.

        Emergencies never wait; what is urgent waits for the end of quiet hours alone.
        """
        contact: Contact | None = claimed["contact"]
        if contact is None or claimed["urgent"]:
            return None
        now = clock.now()
        end = quiet_end(now, contact.timezone, contact.quiet_from, contact.quiet_until)
        if end is None and self._gathers(claimed):
            end = self._turn(claimed, contact, now)
        return _untried(claimed, end) if end else None

    def _gathers(self, claimed: dict[str, Any]) -> bool:
        """True where a delivery may go out in one with others: what can wait, to a device or into a digest."""
        contact: Contact | None = claimed["contact"]
        if contact is None or claimed["notice"]["urgency"] in (None, *HURRIED):
            return False
        # The digest may come after what one is reminded of.
        digested = contact.digest_at is not None and claimed["notice"]["kind"] != REMINDED
        return self._channel.name == PUSH or (self._channel.name == EMAIL and digested)

    def _turn(self, claimed: dict[str, Any], contact: Contact, now: datetime) -> datetime | None:
        """Return until when it waits for its turn, or None where it has it."""
        if self._channel.name == EMAIL and contact.digest_at is not None:
            due = digest_moment(claimed["notice"]["created_at"], contact.timezone, contact.digest_at)
            return due if due > now else None
        if self._address(claimed) is None:
            return None
        with self._engine.begin() as connection:
            return commands.take_turn(connection, claimed, now, now + PUSH_EVERY)

    def _mates(self, claimed: dict[str, Any], left: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what else goes to the same address in one with `claimed`: of this batch, and of what is held."""
        if not self._gathers(claimed):
            return []
        here = ("person_id", "address_key")
        mates = [
            other
            for other in left
            if all(other[name] == claimed[name] for name in here) and not other["urgent"] and self._gathers(other)
        ]
        with self._engine.begin() as connection:
            waiting = commands.gather(connection, claimed, clock.now() + self._patience.lease)
        return [*mates, *({**one, "contact": claimed["contact"]} for one in waiting)]

    def _attempt(self, claimed: dict[str, Any], mates: Sequence[dict[str, Any]] = ()) -> tuple[str, dict[str, Any]]:
        outcome, values = self._try(claimed, mates)
        if outcome != "sent" and self._channel.name == PUSH and self._gathers(claimed):
            with self._engine.begin() as connection:
                commands.give_turn_back(connection, claimed, clock.now())
        return outcome, values

    def _try(self, claimed: dict[str, Any], mates: Sequence[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        address = self._address(claimed)
        if address is None:
            return "skipped", {"state": "skipped", "last_error": "the person has no such address any more"}
        if claimed["attempts"] > self._patience.attempts:
            return "failed", {"state": "failed", "last_error": "its deliverers ended before they could say how it went"}
        try:
            answer = self._channel.send(_outgoing(claimed, mates, address, self._site))
        except Gone as problem:
            with self._engine.begin() as connection:
                commands.disable_device(connection, claimed["person_id"], claimed["address_key"])
            return "failed", {"state": "failed", "last_error": str(problem)}
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
        """Write what became of one delivery, as `record_all` does."""
        self.record_all([(claimed, outcome, values)])

    def record_all(self, results: Sequence[Result]) -> None:
        """Write what became of deliveries and commit, unless the lease ran out and somebody else holds them by now."""
        rows = [{**_kept(one), "next_attempt_at": None, **values} for one, _, values in results]
        with self._engine.begin() as connection:
            recorded = commands.settle(connection, self._channel.name, rows, clock.now())
        for one, outcome, _ in results:
            DELIVERED.labels(self._channel.name, outcome if one["id"] in recorded else "overtaken").inc()
            if outcome in ("failed", "postponed") or one["id"] not in recorded:
                log.warning(
                    "notify.delivery",
                    delivery_id=one["id"],
                    notice_id=one["notice_id"],
                    channel=self._channel.name,
                    outcome=outcome,
                    attempts=one["attempts"],
                    recorded=one["id"] in recorded,
                )


def _kept(claimed: dict[str, Any]) -> dict[str, Any]:
    return {name: claimed[name] for name in ("id", "notice_id", "lease", "attempts", "answer", "last_error")}


def _untried(claimed: dict[str, Any], until: datetime) -> dict[str, Any]:
    """Waiting is not trying: the attempt the claim counted is given back."""
    return {"state": "queued", "next_attempt_at": until, "attempts": claimed["attempts"] - 1}


def _outgoing(claimed: dict[str, Any], mates: Sequence[dict[str, Any]], address: str, site: str | None) -> Outgoing:
    notice = _leading(claimed["notice"], site)
    title, body, link, ticket_id = notice["title"], notice["body"], notice["link"], notice["ticket_id"]
    if mates:
        all_of_them = sorted(
            (notice, *(_leading(mate["notice"], site) for mate in mates)),
            key=lambda one: (one["created_at"], one["id"]),
        )
        words = gather(notice["locale"], claimed["channel"], all_of_them)
        title, body, link = words.title, words.body, None
        # An answer to several is nobody's to guess.
        ticket_id = ticket_id if all(one["ticket_id"] == ticket_id for one in all_of_them) else None
    return Outgoing(
        id=claimed["id"],
        address=address,
        locale=notice["locale"],
        title=title,
        body=body,
        link=link,
        urgent=notice["urgent"],
        created_at=notice["created_at"],
        organisation_id=claimed["organisation_id"],
        ticket_id=ticket_id,
        reply_address=claimed["contact"].reply_address,
    )


def _leading(notice: dict[str, Any], site: str | None) -> dict[str, Any]:
    """Return a notice as it leads from a letter: to its own page or its ticket, or nowhere without a `site` to open."""
    link = notice["link"] or (notice["ticket_id"] and f"{site}/tickets/{notice['ticket_id']}")
    return notice if site is None else {**notice, "link": link if site else None}


def loops(engine: Engine, channels: list[Channel], site: str) -> dict[str, Loop]:
    """Return the loops that deliver each channel, some apiece, by name; letters lead to pages of `site`."""
    return {
        f"deliver-{channel.name}-{number}": Deliverer(engine, channel, site=site).run
        for channel in channels
        for number in range(1, THREADS + 1)
    }
