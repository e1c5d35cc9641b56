"""Sends the letters with links to accounts: claim (commit), send (no transaction), record (commit).

They are no notices: whom they are for has no inbox yet, and the link, which opens an account, is to be in none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import Engine, select, update

from services.kit import clock
from services.kit.invitations import Invitations
from services.kit.process import Loop, every
from services.notify.channels import Email, Outgoing, Permanent, Temporary
from services.notify.deliver import Patience
from services.notify.models import invitation_letters
from services.notify.rendering import invitation_words
from services.notify.settings import NotifySettings

log = structlog.get_logger()

INVITATIONS = Counter("doorstep_invitation_letters_total", "Letters with links to accounts.", ["outcome"])
EVERY_SECONDS = 1.0
AT_ONCE = 20
_DONE = {"next_attempt_at": None, "address": None}


@dataclass(frozen=True)
class Inviter:
    """Sends what is due, through the mail server of the notices."""

    engine: Engine
    channel: Email
    links: Invitations
    patience: Patience = Patience()

    def send_due(self) -> int:
        """Send up to twenty letters; returns how many were tried."""
        claimed = self._claim()
        for row in claimed:
            self._send(row)
        return len(claimed)

    def _claim(self) -> list[dict[str, Any]]:
        table, now = invitation_letters, clock.now()
        due = select(table.c.invitation_id).where(table.c.next_attempt_at <= now).order_by(table.c.next_attempt_at)
        mine = table.c.invitation_id.in_(due.limit(AT_ONCE).with_for_update(skip_locked=True))
        values = {"attempts": table.c.attempts + 1, "next_attempt_at": now + self.patience.lease}
        with self.engine.begin() as db:
            rows = db.execute(update(table).where(mine).values(values).returning(table)).mappings().all()
        return [dict(row) for row in rows]

    def _send(self, row: Mapping[str, Any]) -> None:
        outcome, values = self._try(row)
        mine = invitation_letters.c.invitation_id == row["invitation_id"]
        # Whoever asked for another letter meanwhile is to get it.
        unchanged = invitation_letters.c.next_attempt_at == row["next_attempt_at"]
        with self.engine.begin() as db:
            db.execute(update(invitation_letters).where(mine, unchanged).values(values))
        INVITATIONS.labels(outcome).inc()
        if outcome != "sent":
            log.warning("notify.invitation", invitation_id=row["invitation_id"], outcome=outcome)

    def _try(self, row: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        now = clock.now()
        if row["expires_at"] <= now or row["attempts"] > self.patience.attempts:
            return "over", _DONE
        words = invitation_words(row["locale"], row["purpose"], self.links.link(row["invitation_id"]))
        letter = Outgoing(
            id=row["invitation_id"],
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
            return "failed", _DONE
        except Temporary:
            return "postponed", {"next_attempt_at": now + self.patience.delay(row["attempts"])}
        return "sent", {**_DONE, "sent_at": clock.now()}


def loops(settings: NotifySettings, engine: Engine) -> dict[str, Loop]:
    """Return the loop that sends the letters; without a mail server there is none, and links are printed."""
    if settings.smtp is None:
        return {}
    channel = Email(settings.smtp, settings.kit.secret)
    links = Invitations(settings.kit.secret, settings.kit.public_url)
    return {"invite": every(EVERY_SECONDS, Inviter(engine, channel, links).send_due)}
