"""The surveys service's background loops, each with its own connections."""

from collections.abc import Callable
from functools import partial
from threading import Event as Stop

from sqlalchemy import Connection, Engine

from services.contracts import SUBSCRIPTIONS
from services.kit import inbox, outbox, process
from services.kit.bus import open_publisher, open_subscription
from services.kit.http import effects
from services.kit.process import Loop
from services.surveys import commands, handlers, models
from services.surveys.links import Links
from services.surveys.settings import SurveySettings

INVITE_EVERY_SECONDS = 0.5
EXPIRE_EVERY_SECONDS = 5.0
SWEEP_EVERY_SECONDS = 600.0


def loops(settings: SurveySettings, engine: Engine, waker: outbox.Waker) -> dict[str, Loop]:
    """Return the worker's loops by name. `waker` brings what they commit to the relay at once."""
    kit, rules = settings.kit, settings.rules
    links = Links(kit.secret)

    def consume(stop: Stop) -> None:
        consumer = inbox.Consumer(kit.service, engine, models.inbox, partial(handlers.handle, rules))
        consumer.run(open_subscription(kit, SUBSCRIPTIONS, kit.service), stop)

    def relay(stop: Stop) -> None:
        outbox.Relay(kit.service, engine, models.outbox, lambda: open_publisher(kit, SUBSCRIPTIONS)).run(stop)

    def invite(db: Connection) -> int:
        return commands.invite_due(db, rules, links.sign)

    return {
        "consume": consume,
        "relay": relay,
        "invite": process.every(INVITE_EVERY_SECONDS, lambda: until_done(engine, waker, invite)),
        "expire": process.every(EXPIRE_EVERY_SECONDS, lambda: until_done(engine, waker, commands.expire_due)),
        "sweep": process.every(SWEEP_EVERY_SECONDS, lambda: sweep(engine)),
    }


def until_done(engine: Engine, waker: outbox.Waker, step: Callable[[Connection], int]) -> None:
    """Run a sweep batch by batch, one transaction each, until a batch is not full."""
    found = commands.BATCH
    while found == commands.BATCH:
        with engine.begin() as db:
            found = step(db)
        if found:
            waker.wake()


def sweep(engine: Engine) -> None:
    """Delete what the plumbing no longer needs."""
    with engine.begin() as db:
        outbox.sweep(db, models.outbox)
        inbox.sweep(db, models.inbox)
        effects.sweep(db, models.idempotency_keys)
