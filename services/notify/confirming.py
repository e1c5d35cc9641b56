"""Sends the letters that ask whether an address is somebody's: claim (commit), send (no transaction), record (commit).

They go to an address nobody has confirmed, so they are no notices: nothing of the desk's news is in them, and the link
is in no inbox, for whoever could read it there would have confirmed an address that is not theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine, select, update

from services.kit import clock
from services.kit.process import Loop, every
from services.notify.addresses import Confirmation, Confirmations
from services.notify.channels import Email, Outgoing, Permanent, Temporary
from services.notify.deliver import Patience
from services.notify.models import address_confirmations
from services.notify.rendering import confirmation_words
from services.notify.settings import NotifySettings

log = structlog.get_logger()

CONFIRMATIONS = Counter("doorstep_confirmations_total", "Letters that ask whose an address is.", ["outcome"])
EVERY_SECONDS = 1.0
AT_ONCE = 20


@dataclass(frozen=True)
class Confirmer:
    """Sends what is due, through the mail server of the notices."""

    engine: Engine
    channel: Email
    links: Confirmations
    public_url: str
    patience: Patience = Patience()

    def send_due(self) -> int:
        """Send up to twenty letters; returns how many were tried."""
        claimed = self._claim()
        for row in claimed:
            self._send(row)
        return len(claimed)

    def _claim(self) -> list[dict[str, Any]]:
        table, now = address_confirmations, clock.now()
        due = select(table.c.id).where(table.c.next_attempt_at <= now).order_by(table.c.next_attempt_at)
        mine = table.c.id.in_(due.limit(AT_ONCE).with_for_update(skip_locked=True))
        values = {"attempts": table.c.attempts + 1, "next_attempt_at": now + self.patience.lease}
        with self.engine.begin() as db:
            rows = db.execute(update(table).where(mine).values(values).returning(table)).mappings().all()
        return [dict(row) for row in rows]

    def _send(self, row: Mapping[str, Any]) -> None:
        outcome, values = self._try(row)
        mine = (address_confirmations.c.id == row["id"]) & address_confirmations.c.next_attempt_at.is_not(None)
        with self.engine.begin() as db:
            db.execute(update(address_confirmations).where(mine).values(values))
        CONFIRMATIONS.labels(outcome).inc()
        if outcome != "sent":
            log.warning("notify.confirmation", confirmation_id=row["id"], outcome=outcome, attempts=row["attempts"])

    def _try(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        now = clock.now()
        if row["expires_at"] <= now or row["attempts"] > self.patience.attempts:
            return "over", {"next_attempt_at": None, "address": None}
        token = self.links.sign(Confirmation(row["id"], row["organisation_id"], row["person_id"]))
        words = confirmation_words(row["locale"], f"{self.public_url}/confirm/{token}")
        letter = Outgoing(
            id=row["id"],
            address=row["address"],
            locale=words.locale,
            title=words.title,
            body=words.body,
            link=None,
            urgent=False,
            created_at=row["created_at"],
            organisation_id=row["organisation_id"],
        )
        try:
            self.channel.send(letter)
        except Permanent:
            return "failed", {"next_attempt_at": None}
        except Temporary:
            return "postponed", {"next_attempt_at": now + self.patience.delay(row["attempts"])}
        return "sent", {"next_attempt_at": None, "sent_at": clock.now()}


def loops(settings: NotifySettings, engine: Engine) -> dict[str, Loop]:
    """Return the loop that sends the letters; without a mail server there is none, and nobody can confirm."""
    if settings.smtp is None:
        return {}
    channel = Email(settings.smtp, settings.kit.secret)
    confirmer = Confirmer(engine, channel, Confirmations(settings.kit.secret), settings.kit.public_url)
    return {"confirm": every(EVERY_SECONDS, confirmer.send_due)}
