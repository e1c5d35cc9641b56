"""The background loops: relay events, take in what others say, fire deadlines, end pauses, close silence, sweep."""

from sqlalchemy import Engine

from services.contracts import SUBSCRIPTIONS
from services.kit import erasures
from services.kit.outbox import Waker
from services.kit.process import Loop, every
from services.kit.worker import consuming, relaying, sweeping
from services.tickets import (
    agreed,
    announced,
    approvals,
    handlers,
    mailing,
    models,
    pictures,
    planning,
    timers,
    waiting,
)
from services.tickets.erasing import erase_person, remove_photos
from services.tickets.forgetting import forget_numbers
from services.tickets.settings import TicketsSettings

TICK_SECONDS = 0.5
PLAN_SECONDS = 2.0
CLOSE_SECONDS = 60.0
REMOVE_SECONDS = 5.0
FORGET_SECONDS = 3600.0
LEARN_SECONDS = 600.0
WAIT_SECONDS = 60.0


def loops(settings: TicketsSettings, engine: Engine, waker: Waker) -> dict[str, Loop]:
    """Return the worker's loops by name. `waker` brings what they commit to the relay at once."""
    store = pictures.open_store(settings.kit.home, settings.photo_bucket, settings.photo_endpoint)
    return {
        "relay": relaying(settings.kit, SUBSCRIPTIONS, engine, models.outbox),
        "consume": consuming(settings.kit, SUBSCRIPTIONS, engine, models.inbox, handlers.handle, waker.wake),
        "timers": every(TICK_SECONDS, lambda: timers.fire_due(engine, waker.wake)),
        # A loop of its own: after downtime thousands of pauses may end at once, and no deadline waits for them.
        "pauses": every(TICK_SECONDS, lambda: timers.expire_pauses(engine, waker.wake)),
        "approvals": every(TICK_SECONDS, lambda: approvals.tell_late(engine, waker.wake)),
        "close": every(CLOSE_SECONDS, lambda: timers.close_silent(engine, settings.close_after, waker.wake)),
        "erase": erasures.repeating(engine, models.erasure_passes, erase_person),
        "remove": every(REMOVE_SECONDS, lambda: remove_photos(engine, store)),
        "forget": every(FORGET_SECONDS, lambda: forget_numbers(engine)),
        "plans": every(PLAN_SECONDS, lambda: planning.file_planned(engine, waker.wake)),
        "visits": every(PLAN_SECONDS, lambda: agreed.remind_of_visits(engine, waker.wake)),
        "announcements": every(PLAN_SECONDS, lambda: announced.see_to_announcements(engine, waker.wake)),
        "learn": every(LEARN_SECONDS, lambda: waiting.learn(engine)),
        "waits": every(WAIT_SECONDS, lambda: waiting.tell_anew(engine, waker.wake)),
        **mailing.loops(settings, engine, store, waker.wake),
        "sweep": sweeping(engine, models.metadata),
    }
