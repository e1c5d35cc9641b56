"""Sends the letters that carry somebody's own link: claim (commit), send (no transaction), record (commit).

They are no notices: they go to people who may have no inbox yet, or to an address nobody has confirmed. Nothing of the
desk's news is in them, and the link is in no inbox, for whoever could read it there could use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Column, Engine, Table, select, update

from services.kit import clock
from services.kit.process import Loop, every
from services.notify.channels import Email, Outgoing, Permanent, Temporary
from services.notify.deliver import Patience
from services.notify.rendering import Words

log = structlog.get_logger()

EVERY_SECONDS = 1.0
AT_ONCE = 20
_OVER: dict[str, Any] = {"next_attempt_at": None, "address": None}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class LinkSender:
    """Sends what is due of one kind of letter, through the mail server of the notices.

    A row of `table` is named by its `key`. With `keeps_address`, what was sent still says where to.
    """

    engine: Engine
    channel: Email
    table: Table
    key: Column[str]
    words: Callable[[Row], Words]
    outcomes: Counter
    keeps_address: bool = False
    patience: Patience = Patience()

    def loop(self) -> Loop:
        """Return what sends for as long as the process runs."""
        return every(EVERY_SECONDS, self.send_due)

    def send_due(self) -> int:
        """Send up to twenty letters; returns how many were tried."""
        claimed = self._claim()
        for row in claimed:
            self._send(row)
        return len(claimed)

    def _claim(self) -> list[dict[str, Any]]:
        table, now = self.table, clock.now()
        due = select(self.key).where(table.c.next_attempt_at <= now).order_by(table.c.next_attempt_at)
        mine = self.key.in_(due.limit(AT_ONCE).with_for_update(skip_locked=True))
        values = {"attempts": table.c.attempts + 1, "next_attempt_at": now + self.patience.lease}
        with self.engine.begin() as db:
            rows = db.execute(update(table).where(mine).values(values).returning(table)).mappings().all()
        return [dict(row) for row in rows]

    def _send(self, row: Row) -> None:
        outcome, values = self._try(row)
        # Whoever asked for another letter meanwhile is to get it, and what was withdrawn meanwhile stays so.
        unchanged = self.table.c.next_attempt_at == row["next_attempt_at"]
        with self.engine.begin() as db:
            db.execute(update(self.table).where(self.key == row[self.key.name], unchanged).values(values))
        self.outcomes.labels(outcome).inc()
        if outcome != "sent":
            log.warning(f"notify.{self.table.name}", id=row[self.key.name], outcome=outcome, attempts=row["attempts"])

    def _try(self, row: Row) -> tuple[str, dict[str, Any]]:
        now = clock.now()
        if row["expires_at"] <= now or row["attempts"] > self.patience.attempts:
            return "over", _OVER
        done = {"next_attempt_at": None} if self.keeps_address else _OVER
        try:
            self.channel.send(self._letter(row))
        except Permanent:
            return "failed", done
        except Temporary:
            return "postponed", {"next_attempt_at": now + self.patience.delay(row["attempts"])}
        return "sent", {**done, "sent_at": clock.now()}

    def _letter(self, row: Row) -> Outgoing:
        words = self.words(row)
        return Outgoing(
            id=row[self.key.name],
            address=row["address"],
            locale=words.locale,
            title=words.title,
            body=words.body,
            link=None,
            urgent=False,
            created_at=row["created_at"],
            organisation_id=row["organisation_id"],
        )
