"""The background loops: relay accounts' events, take events into the stream, announce them, sweep what is old."""

from sqlalchemy import Engine

from gateway import models
from gateway.commands.erasures import erase_asked, erase_person
from gateway.feed import Announcer
from gateway.handlers import handling
from gateway.sweeping import sweep
from services.contracts import SUBSCRIPTIONS
from services.kit import erasures
from services.kit.process import Loop, every
from services.kit.settings import Settings
from services.kit.worker import SWEEP_SECONDS, consuming, relaying, sweeping

ERASE_SECONDS = 1.0


def loops(settings: Settings, engine: Engine) -> dict[str, Loop]:
    """Return the worker's loops by name."""
    announcer = Announcer(engine)
    return {
        "relay": relaying(settings, SUBSCRIPTIONS, engine, models.outbox),
        "consume": consuming(settings, SUBSCRIPTIONS, engine, models.inbox, handling(announcer.written)),
        "announce": announcer.run,
        "forget": every(SWEEP_SECONDS, lambda: sweep(engine)),
        "erase": every(ERASE_SECONDS, lambda: erase_asked(engine)),
        "erase again": erasures.repeating(engine, models.erasure_passes, erase_person),
        "sweep": sweeping(engine, models.metadata),
    }
