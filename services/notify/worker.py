"""The background loops: consume what happened, deliver what is due, sweep what is old."""

from collections.abc import Sequence

from sqlalchemy import Engine

from services.contracts import SUBSCRIPTIONS
from services.kit import erasures, worker
from services.kit.process import Loop, every
from services.notify import channels, confirming, deliver, hooks, inviting, models
from services.notify.commands import webhooks
from services.notify.erasing import erase_person
from services.notify.handlers import Handlers
from services.notify.hooks import Sender
from services.notify.ladder import TICK_SECONDS, Climber
from services.notify.outward import Outward
from services.notify.settings import NotifySettings


def loops(settings: NotifySettings, engine: Engine) -> dict[str, Loop]:
    """Return the worker's loops by name. Notices and their deliveries are never swept; what endpoints were sent is."""
    ways = channels.configured(settings)
    handlers = Handlers(settings.kit.public_url, ways)
    return {
        "relay": worker.relaying(settings.kit, SUBSCRIPTIONS, engine, models.outbox),
        "consume": consuming(settings, engine, ways),
        **confirming.loops(settings, engine),
        **inviting.loops(settings, engine),
        **deliver.loops(engine, ways, settings.site),
        **hooks.loops(Sender(engine, settings.kit.secret, Outward(settings.allow_loopback), handlers)),
        "climb": every(TICK_SECONDS, Climber(engine, ways, handlers).tick),
        "erase": erasures.repeating(engine, models.erasure_passes, erase_person),
        "forget-hooks": every(worker.SWEEP_SECONDS, lambda: webhooks.forget_old(engine)),
        "sweep": worker.sweeping(engine, models.metadata),
    }


def consuming(settings: NotifySettings, engine: Engine, ways: Sequence[channels.Channel]) -> Loop:
    """Return the loop that turns events into notices, and into a delivery for each of the `ways` out."""
    handle = Handlers(settings.kit.public_url, ways).handle
    return worker.consuming(settings.kit, SUBSCRIPTIONS, engine, models.inbox, handle)
