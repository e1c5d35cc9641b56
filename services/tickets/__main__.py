"""The tickets service's processes by name: `python -m services.tickets web|worker`."""

import sys
import threading

from sqlalchemy import Engine

from services.contracts import SUBSCRIPTIONS
from services.kit import inbox, outbox, process
from services.kit.bus import open_publisher, open_subscription
from services.kit.database import answers, make_engine
from services.kit.http import effects
from services.kit.outbox import Relay
from services.kit.web import serve
from services.tickets import handlers, models, timers
from services.tickets.app import make_app
from services.tickets.settings import TicketsSettings, load

TICK_SECONDS = 0.5
CLOSE_SECONDS = 60.0
SWEEP_SECONDS = 600.0


def web(settings: TicketsSettings) -> None:
    """Serve the API."""
    serve(settings.kit, lambda: make_app(settings), worker_class="gthread", threads=8)


def worker(settings: TicketsSettings) -> None:
    """Relay events, take in what others say, fire deadlines."""
    engine = make_engine(settings.kit.worker_database_url, pool_size=8, name="tickets-worker")
    waker = outbox.Waker(make_engine(settings.kit.worker_database_url, pool_size=1, name="tickets-waker"))
    relay = Relay("tickets", engine, models.outbox, lambda: open_publisher(settings.kit, SUBSCRIPTIONS))
    consumer = inbox.Consumer("tickets", engine, models.inbox, handlers.handle, waker.wake)

    def consume(stop: threading.Event) -> None:
        consumer.run(open_subscription(settings.kit, SUBSCRIPTIONS, "tickets"), stop)

    process.run_loops(
        {
            "relay": relay.run,
            "consume": consume,
            "timers": process.every(TICK_SECONDS, lambda: timers.fire_due(engine, waker.wake)),
            "close": process.every(
                CLOSE_SECONDS, lambda: timers.close_silent(engine, settings.close_after, waker.wake)
            ),
            "sweep": process.every(SWEEP_SECONDS, lambda: sweep(engine)),
        },
        ready=lambda: answers(engine),
        health_port=settings.kit.metrics_port,
    )


def sweep(engine: Engine) -> None:
    """Delete what is settled and old."""
    with engine.begin() as db:
        outbox.sweep(db, models.outbox)
        inbox.sweep(db, models.inbox)
        effects.sweep(db, models.idempotency_keys)


def main() -> None:
    """Run the process named on the command line."""
    processes = {"web": web, "worker": worker}
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in processes:
        raise SystemExit(f"usage: python -m services.tickets {'|'.join(processes)}")
    process.set_up("tickets", name)
    processes[name](load())


if __name__ == "__main__":
    main()
