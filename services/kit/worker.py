"""Runs a service's background loops, and makes those that every service has."""

import threading
from collections.abc import Callable, Mapping

from sqlalchemy import Engine, MetaData, Table

from services.kit import inbox, outbox
from services.kit.bus import Topology, open_publisher, open_subscription
from services.kit.database import answers, make_engine
from services.kit.http import effects
from services.kit.process import Loop, every, run_loops
from services.kit.settings import Settings

# A connection for each loop that may be at work at once, and for the waker.
CONNECTIONS = 8
SWEEP_SECONDS = 600.0


def work(settings: Settings, make_loops: Callable[[Engine], Mapping[str, Loop]]) -> None:
    """Run the loops on an engine of the worker's role until SIGTERM; ready is whose database answers."""
    engine = make_engine(settings.worker_database_url, pool_size=CONNECTIONS, name=f"{settings.service}-worker")
    run_loops(make_loops(engine), ready=lambda: answers(engine), health_port=settings.metrics_port)


def relaying(settings: Settings, topology: Topology, engine: Engine, table: Table) -> Loop:
    """Return the loop that carries the outbox to the bus."""
    return outbox.Relay(settings.service, engine, table, lambda: open_publisher(settings, topology)).run


def consuming(
    settings: Settings,
    topology: Topology,
    engine: Engine,
    table: Table,
    handle: inbox.Handle,
    committed: Callable[[], None] = lambda: None,
) -> Loop:
    """Return the loop that takes the service's events in; each start opens a subscription of its own.

    `committed` is called after each commit with an effect, for a service whose handlers emit events.
    """
    consumer = inbox.Consumer(settings.service, engine, table, handle, committed)

    def consume(stop: threading.Event) -> None:
        consumer.run(open_subscription(settings, topology, settings.service), stop)

    return consume


def sweeping(engine: Engine, metadata: MetaData) -> Loop:
    """Return the loop that sweeps the kit's own tables."""
    return every(SWEEP_SECONDS, lambda: sweep(engine, metadata))


def sweep(engine: Engine, metadata: MetaData) -> None:
    """Delete what the kit's tables kept against loss and repetition and is past its time, one transaction each."""
    for name, forget in (("outbox", outbox.sweep), ("inbox", inbox.sweep), ("idempotency_keys", effects.sweep)):
        if name in metadata.tables:
            with engine.begin() as db:
                forget(db, metadata.tables[name])
