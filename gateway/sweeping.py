"""Forgets what nobody will ask for again."""

from sqlalchemy import Engine, func, text

from gateway import models
from services.kit import inbox, outbox
from services.kit.http import effects

KEEP_EVENTS = "1 day"
# A little longer than tokens live, so that a stolen one is still recognised on its last day.
KEEP_TOKENS = "1 day"


def sweep(engine: Engine) -> None:
    """Delete old stream events, ended sessions, settled messages and answers; each in a transaction of its own."""
    events, tokens, answers = models.stream_events, models.refresh_tokens, models.idempotency_keys
    with engine.begin() as db:
        db.execute(events.delete().where(events.c.stored_at < func.now() - text(f"interval '{KEEP_EVENTS}'")))
    with engine.begin() as db:
        db.execute(tokens.delete().where(tokens.c.expires_at < func.now() - text(f"interval '{KEEP_TOKENS}'")))
    with engine.begin() as db:
        db.execute(answers.delete().where(answers.c.answered_at < func.now() - text(f"interval '{effects.KEEP}'")))
    with engine.begin() as db:
        outbox.sweep(db, models.outbox)
    with engine.begin() as db:
        inbox.sweep(db, models.inbox)
