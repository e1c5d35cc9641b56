"""Forgets stream events and sessions that nobody will ask for again."""

from sqlalchemy import Engine, func, text

from gateway import models

KEEP_EVENTS = "1 day"
# A little longer than tokens live, so that a stolen one is still recognised on its last day.
KEEP_TOKENS = "1 day"


def sweep(engine: Engine) -> None:
    """Delete old stream events and ended sessions, each in a transaction of their own."""
    events = models.stream_events
    with engine.begin() as db:
        db.execute(events.delete().where(events.c.stored_at < func.now() - text(f"interval '{KEEP_EVENTS}'")))
    for tokens in (models.refresh_tokens, models.web_sessions):
        with engine.begin() as db:
            db.execute(tokens.delete().where(tokens.c.expires_at < func.now() - text(f"interval '{KEEP_TOKENS}'")))
