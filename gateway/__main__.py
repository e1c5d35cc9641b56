"""The gateway's processes: `python -m gateway web` and `python -m gateway worker`."""

import sys

if sys.argv[1:] == ["web"]:
    # Before anything opens a socket or starts a thread: thousands of streams share one process as greenlets.
    from gevent import monkey

    monkey.patch_all()

import threading

from sqlalchemy import text

from gateway import models
from gateway import settings as gateway_settings
from gateway.app import make_app
from gateway.feed import Announcer
from gateway.handlers import handling
from gateway.settings import GatewaySettings
from gateway.stopping import stopping_promptly
from gateway.sweeping import sweep
from services.contracts import SUBSCRIPTIONS
from services.kit import inbox, outbox, process
from services.kit.bus import open_publisher, open_subscription
from services.kit.database import make_engine
from services.kit.settings import Settings, load
from services.kit.web import serve

SWEEP_SECONDS = 300.0


def web(settings: GatewaySettings) -> None:
    """Serve HTTP with gevent: streams and slow phones cost a greenlet each."""
    serve(settings.kit, lambda: stopping_promptly(make_app(settings)), worker_class="gevent")


def worker(settings: Settings) -> None:
    """Run the loops: relay accounts' events, take events into the stream, announce them, sweep."""
    process.set_up("gateway", "worker")
    engine = make_engine(settings.worker_database_url, name="gateway-worker", pool_size=8)
    announcer = Announcer(engine)
    relay = outbox.Relay("gateway", engine, models.outbox, lambda: open_publisher(settings, SUBSCRIPTIONS))
    consumer = inbox.Consumer("gateway", engine, models.inbox, handling(announcer.written))

    def consume(stop: threading.Event) -> None:
        consumer.run(open_subscription(settings, SUBSCRIPTIONS, "gateway"), stop)

    def ready() -> bool:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
        return True

    loops: dict[str, process.Loop] = {
        "relay": relay.run,
        "consume": consume,
        "announce": announcer.run,
        "sweep": process.every(SWEEP_SECONDS, lambda: sweep(engine)),
    }
    process.run_loops(loops, ready=ready, health_port=settings.metrics_port)


if __name__ == "__main__":
    if sys.argv[1:] == ["web"]:
        web(gateway_settings.load())
    elif sys.argv[1:] == ["worker"]:
        worker(load("gateway"))
    else:
        sys.exit("usage: python -m gateway web|worker")
