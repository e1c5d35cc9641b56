"""The background loops: consume what happened, deliver what is due, sweep what is old."""

import threading
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, func, text

from services.contracts import SUBSCRIPTIONS
from services.kit import inbox
from services.kit.bus import open_subscription
from services.kit.process import every
from services.notify import channels, deliver, models
from services.notify.handlers import Handlers
from services.notify.settings import NotifySettings

Loops = Mapping[str, Callable[[threading.Event], None]]
SWEEP_SECONDS = 3600.0


def loops(settings: NotifySettings, engine: Engine) -> Loops:
    """Return the worker's loops by name."""
    ways = channels.configured(settings)
    return {
        "consume": lambda stop: consume(settings, engine, ways, stop),
        **deliver.loops(engine, ways),
        "sweep": every(SWEEP_SECONDS, lambda: sweep(engine)),
    }


def consume(settings: NotifySettings, engine: Engine, ways: list[channels.Channel], stop: threading.Event) -> None:
    """Turn events into notices until `stop`; raises BusDown when the bus goes."""
    subscription = open_subscription(settings.kit, SUBSCRIPTIONS, "notify")
    handlers = Handlers(settings.kit.public_url, ways)
    inbox.Consumer("notify", engine, models.inbox, handlers.handle).run(subscription, stop)


def sweep(engine: Engine) -> None:
    """Delete what only guarded against repetition and is past its time. Notices and deliveries stay."""
    keys = models.idempotency_keys
    with engine.begin() as connection:
        inbox.sweep(connection, models.inbox)
        connection.execute(keys.delete().where(keys.c.answered_at < func.now() - text("interval '24 hours'")))
