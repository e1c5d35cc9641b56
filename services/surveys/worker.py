"""The surveys service's background loops, each with its own connections."""

from collections.abc import Callable
from functools import partial

from sqlalchemy import Connection, Engine

from services.contracts import SUBSCRIPTIONS
from services.kit import erasures
from services.kit.outbox import Waker
from services.kit.process import Loop, every
from services.kit.worker import consuming, relaying, sweeping
from services.surveys import campaigns, commands, handlers, models
from services.surveys.drawing import system_chance
from services.surveys.erasing import erase_person
from services.surveys.links import Links
from services.surveys.settings import SurveySettings

INVITE_EVERY_SECONDS = 0.5
EXPIRE_EVERY_SECONDS = 5.0
CALLS_EVERY_SECONDS = 30.0
CAMPAIGNS_EVERY_SECONDS = 2.0


def loops(settings: SurveySettings, engine: Engine, waker: Waker) -> dict[str, Loop]:
    """Return the worker's loops by name. `waker` brings what they commit to the relay at once."""
    kit, rules = settings.kit, settings.rules
    links = Links(kit.secret)

    def invite(db: Connection) -> int:
        return commands.invite_due(db, rules, links.sign)

    def draw(db: Connection) -> int:
        return commands.draw_silent_due(db, rules, system_chance)

    def ask(db: Connection) -> int:
        campaigns.open_due(db)
        return campaigns.invite_due(db, rules.night, links.sign)

    return {
        "relay": relaying(kit, SUBSCRIPTIONS, engine, models.outbox),
        "consume": consuming(kit, SUBSCRIPTIONS, engine, models.inbox, partial(handlers.handle, rules)),
        "invite": every(INVITE_EVERY_SECONDS, lambda: until_done(engine, waker, invite)),
        "expire": every(EXPIRE_EVERY_SECONDS, lambda: until_done(engine, waker, commands.expire_due)),
        "draw": every(CALLS_EVERY_SECONDS, lambda: until_done(engine, waker, draw)),
        "lapse": every(CALLS_EVERY_SECONDS, lambda: until_done(engine, waker, commands.lapse_due)),
        "ask": every(CAMPAIGNS_EVERY_SECONDS, lambda: until_done(engine, waker, ask)),
        "close": every(CAMPAIGNS_EVERY_SECONDS, lambda: until_done(engine, waker, campaigns.close_due)),
        "erase": erasures.repeating(engine, models.erasure_passes, erase_person),
        "sweep": sweeping(engine, models.metadata),
    }


def until_done(engine: Engine, waker: Waker, step: Callable[[Connection], int]) -> None:
    """Run a sweep batch by batch, one transaction each, until a batch is not full."""
    found = commands.BATCH
    while found == commands.BATCH:
        with engine.begin() as db:
            found = step(db)
        if found:
            waker.wake()
