"""The background loops: relay accounts' events, take events into the stream, announce them, sweep what is old."""

from sqlalchemy import Engine

from gateway import models
from gateway.feed import Announcer
from gateway.handlers import handling
from gateway.sweeping import sweep
from services.contracts import SUBSCRIPTIONS
from services.kit.process import Loop, every
from services.kit.settings import Settings
from services.kit.worker import SWEEP_SECONDS, consuming, relaying, sweeping


def loops(settings: Settings, engine: Engine) -> dict[str, Loop]:
    """Return the worker's loops by name."""
    announcer = Announcer(engine)
    return {
        "relay": relaying(settings, SUBSCRIPTIONS, engine, models.outbox),
        "consume": consuming(settings, SUBSCRIPTIONS, engine, models.inbox, handling(announcer.written)),
        "announce": announcer.run,
        "forget": every(SWEEP_SECONDS, lambda: sweep(engine)),
        "sweep": sweeping(engine, models.metadata),
    }
